"""What Salesforce works out by itself when a record is saved, object by object."""

import calendar
import hashlib
from base64 import b64decode
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import PurePosixPath

from tieline_standins.salesforce import price_rules
from tieline_standins.salesforce.api_error import ApiError
from tieline_standins.salesforce.schema import SObject
from tieline_standins.salesforce.store import Row
from tieline_standins.salesforce.transaction import Transaction

Before = Callable[[Transaction, Row | None, Row, Row], None]  # before, row to be saved (may be changed), given fields
After = Callable[[Transaction, Row | None, Row | None], None]  # before, after; None = not there


def before_save(work: Transaction, sobject: SObject, before: Row | None, row: Row, given: Row) -> None:
    rule = _BEFORE.get(sobject.name)
    if rule:
        rule(work, before, row, given)
    currency_of(work, sobject, before, row)


def after_save(work: Transaction, sobject: SObject, before: Row | None, after: Row | None) -> None:
    rule = _AFTER.get(sobject.name)
    if rule:
        rule(work, before, after)


def currency_of(work: Transaction, sobject: SObject, before: Row | None, row: Row) -> None:
    """Lines carry the currency of what they belong to; anything else the corporate currency unless told."""
    if before is not None or "CurrencyIsoCode" not in sobject.fields:
        return
    parent = _CURRENCY_FROM.get(sobject.name)
    if parent and row.get(parent):
        row["CurrencyIsoCode"] = (work.store.find(row[parent]) or {}).get("CurrencyIsoCode")
    row["CurrencyIsoCode"] = row.get("CurrencyIsoCode") or "USD"


def _person(_: Transaction, __: Row | None, row: Row, ___: Row) -> None:
    row["Name"] = " ".join(part for part in (row["FirstName"], row["LastName"]) if part) or None


def _opportunity(work: Transaction, before: Row | None, row: Row, given: Row) -> None:
    if before and before["HasOpportunityLineItem"] and "Amount" in given and given["Amount"] != before["Amount"]:
        if work.org.settings.amount_with_products == "refuse":
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", "Amount is read-only with products", ["Amount"])
        row["Amount"] = before["Amount"]
    if before is None or row["StageName"] != before["StageName"]:
        stages = work.store.table("OpportunityStage").living()
        stage = next((each for each in stages if each["ApiName"] == row["StageName"]), None) or {}
        row["IsClosed"], row["IsWon"] = bool(stage.get("IsClosed")), bool(stage.get("IsWon"))
        row["ForecastCategory"] = stage.get("ForecastCategory", "Pipeline")
        if "ForecastCategoryName" not in given:
            row["ForecastCategoryName"] = stage.get("ForecastCategoryName", "Pipeline")
        if "Probability" not in given:
            row["Probability"] = stage.get("DefaultProbability")
    if row["Amount"] is not None and row["Probability"] is not None:
        row["ExpectedRevenue"] = (row["Amount"] * row["Probability"] / 100).quantize(Decimal("0.01"))
    if row["CloseDate"]:
        row["FiscalYear"], row["FiscalQuarter"] = int(row["CloseDate"][:4]), (int(row["CloseDate"][5:7]) + 2) // 3


def _task(_: Transaction, __: Row | None, row: Row, ___: Row) -> None:
    row["IsClosed"] = row["Status"] == "Completed"


def _contract(work: Transaction, before: Row | None, row: Row, _: Row) -> None:
    _activation(work, before, row)
    if before is None:
        row["ContractNumber"] = f"{work.store.next('Contract.number') + 99:08}"
    row["EndDate"] = None
    if row["StartDate"] and row["ContractTerm"]:
        row["EndDate"] = _months_later(date.fromisoformat(row["StartDate"]), row["ContractTerm"])


def _months_later(start: date, months: int) -> str | None:
    """The last day of a term that begins on `start`."""
    count = start.year * 12 + start.month - 1 + months
    year, month = divmod(count, 12)
    if not 1 <= year <= 4000:
        raise ApiError(
            400, "NUMBER_OUTSIDE_VALID_RANGE", "Contract Term: value outside of valid range", ["ContractTerm"]
        )
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return (date(year, month + 1, day) - timedelta(days=1)).isoformat()


def _order(work: Transaction, before: Row | None, row: Row, _: Row) -> None:
    _activation(work, before, row)
    if before is None:
        row["OrderNumber"] = f"{work.store.next('Order.number') + 99:08}"
        row["TotalAmount"] = Decimal("0.00")


def _activation(work: Transaction, before: Row | None, row: Row) -> None:
    """A contract or order is made as a draft and activated by an update (fact sheet section 3, [K])."""
    was = before["Status"] if before else None
    if before is None and row["Status"] == "Activated":
        raise ApiError(400, "FAILED_ACTIVATION", "Choose a draft status: activate the record after it is created", [])
    if was == "Activated" and row["Status"] != "Activated":
        raise ApiError(400, "FAILED_ACTIVATION", "An activated record cannot return to draft", ["Status"])
    if row["Status"] == "Activated" and was != "Activated":
        row["ActivatedDate"], row["ActivatedById"] = work.stamp, work.user
    row["StatusCode"] = {"Activated": "Activated", "In Approval Process": "InApproval"}.get(row["Status"], "Draft")


def _content_version(work: Transaction, before: Row | None, row: Row, _: Row) -> None:
    if before is not None:
        return
    if row["PathOnClient"] and not row["Title"]:
        row["Title"] = PurePosixPath(row["PathOnClient"]).stem
    if row["VersionData"] is None or row["PathOnClient"] is None:
        return  # refused as a missing required field
    content = b64decode(row["VersionData"])
    extension = PurePosixPath(row["PathOnClient"]).suffix.removeprefix(".")
    row["FileExtension"], row["FileType"] = extension or None, extension.upper() or "UNKNOWN"
    row["ContentSize"] = len(content)
    row["Checksum"] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    row["IsLatest"] = True
    documents = work.store.table("ContentDocument")
    versions = work.store.table("ContentVersion")
    facts = {name: row[name] for name in ("Title", "FileType", "FileExtension", "ContentSize")}
    if row["ContentDocumentId"] is None:
        document = dict.fromkeys(documents.sobject.fields) | {
            "Id": work.store.new_id(documents.sobject),
            "IsDeleted": False,
            "CreatedDate": work.stamp,
            "CreatedById": work.user,
            **work.touched(),
            **facts,
            "LatestPublishedVersionId": row["Id"],
        }
        work.put(documents, "CREATE", document)
        row["ContentDocumentId"], row["VersionNumber"] = document["Id"], "1"
        return
    earlier = list(versions.with_value("ContentDocumentId", row["ContentDocumentId"]))
    row["VersionNumber"] = str(len(earlier) + 1)
    for each in earlier:
        work.amend(versions, each, {"IsLatest": False})
    work.amend(documents, documents.rows[row["ContentDocumentId"]], {**facts, "LatestPublishedVersionId": row["Id"]})


def _content_published(work: Transaction, before: Row | None, after: Row | None) -> None:
    """A first publish location links the new document to that record."""
    if before is not None or after is None or not after["FirstPublishLocationId"]:
        return
    links = work.store.table("ContentDocumentLink")
    work.put(
        links,
        "CREATE",
        {
            "Id": work.store.new_id(links.sobject),
            "IsDeleted": False,
            "CreatedDate": work.stamp,
            "CreatedById": work.user,
            **work.touched(),
            "ContentDocumentId": after["ContentDocumentId"],
            "LinkedEntityId": after["FirstPublishLocationId"],
            "ShareType": "V",
            "Visibility": "AllUsers",
        },
    )


def _attachment(_: Transaction, __: Row | None, row: Row, ___: Row) -> None:
    row["BodyLength"] = len(b64decode(row["Body"])) if row["Body"] else 0


_CURRENCY_FROM = {
    "OpportunityLineItem": "OpportunityId",
    "Quote": "OpportunityId",
    "QuoteLineItem": "QuoteId",
    "OrderItem": "OrderId",
}

_BEFORE: dict[str, Before] = {
    "Contact": _person,
    "User": _person,
    "Opportunity": _opportunity,
    "Task": _task,
    "Contract": _contract,
    "Order": _order,
    "ContentVersion": _content_version,
    "Attachment": _attachment,
    "OpportunityLineItem": price_rules.opportunity_line,
    "QuoteLineItem": price_rules.quote_line,
    "OrderItem": price_rules.order_line,
    "PricebookEntry": price_rules.price_entry,
    "Quote": price_rules.quote,
}

_AFTER: dict[str, After] = {
    "ContentVersion": _content_published,
    "OpportunityLineItem": price_rules.roll_up("OpportunityId", "Opportunity", ("Amount",), "HasOpportunityLineItem"),
    "QuoteLineItem": price_rules.roll_up("QuoteId", "Quote", ("TotalPrice", "GrandTotal"), None),
    "OrderItem": price_rules.roll_up("OrderId", "Order", ("TotalAmount",), None),
}
