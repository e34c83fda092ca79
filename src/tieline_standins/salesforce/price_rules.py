"""Prices: price book entries, the lines of opportunities, quotes and orders, and the sums of their parents."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from tieline_standins.salesforce.api_error import ApiError
from tieline_standins.salesforce.store import Row
from tieline_standins.salesforce.transaction import Transaction

_CENT = Decimal("0.01")


def price_entry(work: Transaction, before: Row | None, row: Row, _: Row) -> None:
    """A product needs a price in the standard price book before it gets one in another (fact sheet section 3, [K])."""
    product = work.store.find(row["Product2Id"] or "") or {}
    row["Name"], row["ProductCode"] = product.get("Name"), product.get("ProductCode")
    book = work.store.find(row["Pricebook2Id"] or "")
    if before is not None or book is None or not product:
        return
    same = list(work.store.table("PricebookEntry").with_value("Product2Id", product["Id"]))
    if work.org.settings.multi_currency:
        row["CurrencyIsoCode"] = row.get("CurrencyIsoCode") or "USD"
        same = [each for each in same if each.get("CurrencyIsoCode") == row["CurrencyIsoCode"]]
    if any(each["Pricebook2Id"] == book["Id"] for each in same):
        raise ApiError(400, "DUPLICATE_VALUE", "This price definition already exists in this price book", [])
    standard = {each["Id"] for each in work.store.table("Pricebook2").living() if each["IsStandard"]}
    if not book["IsStandard"] and not any(each["Pricebook2Id"] in standard for each in same):
        raise ApiError(400, "STANDARD_PRICE_NOT_DEFINED", "No standard price defined for this product", [])


def quote(work: Transaction, before: Row | None, row: Row, _: Row) -> None:
    if before is not None:
        return
    row["QuoteNumber"] = f"{work.store.next('Quote.number'):08}"
    row["AccountId"] = (work.store.find(row["OpportunityId"] or "") or {}).get("AccountId")
    row["TotalPrice"] = row["GrandTotal"] = Decimal("0.00")


def opportunity_line(work: Transaction, before: Row | None, row: Row, given: Row) -> None:
    entry = _entry(work, before, row, "OpportunityId")
    if entry is None:
        return
    if before is None:
        parent = work.store.find(row["OpportunityId"]) or {}
        row["Name"] = f"{parent.get('Name')} {entry['Name']}"[:376]
    if given.get("UnitPrice") is not None and given.get("TotalPrice") is not None:
        raise ApiError(
            400, "FIELD_INTEGRITY_EXCEPTION", "Specify either UnitPrice or TotalPrice, not both", ["TotalPrice"]
        )  # fmt: skip
    if given.get("TotalPrice") is not None and row["Quantity"]:
        row["UnitPrice"] = (row["TotalPrice"] / row["Quantity"]).quantize(_CENT, ROUND_HALF_UP)
        return
    _price(row, entry)


def quote_line(work: Transaction, before: Row | None, row: Row, _: Row) -> None:
    entry = _entry(work, before, row, "QuoteId")
    if entry is None:
        return
    if before is None:
        row["LineNumber"] = f"{work.store.next('QuoteLineItem.number'):08}"
    _price(row, entry)
    if row["Discount"] and row["TotalPrice"] is not None:
        row["TotalPrice"] = (row["TotalPrice"] * (100 - row["Discount"]) / 100).quantize(_CENT, ROUND_HALF_UP)


def order_line(work: Transaction, before: Row | None, row: Row, _: Row) -> None:
    entry = _entry(work, before, row, "OrderId")
    if entry is None:
        return
    if before is None:
        row["OrderItemNumber"] = f"{work.store.next('OrderItem.number'):010}"
    _price(row, entry)


def _entry(work: Transaction, before: Row | None, row: Row, parent_field: str) -> Row | None:
    """The price book entry of a line, checked against the price book of its parent; None: a required field lacks."""
    parent = work.store.find(row[parent_field] or "")
    if parent is None:
        return None
    if not row["PricebookEntryId"]:
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", "field integrity exception: unknown (must specify pricebook "
                       "entry id)", ["PricebookEntryId"])  # fmt: skip
    entry = work.store.find(row["PricebookEntryId"])
    if entry is None or before is not None:
        return entry
    wrong = None
    if entry["Pricebook2Id"] != parent["Pricebook2Id"]:
        wrong = "The pricebook entry is in a different pricebook than the one assigned to the parent"
    elif not entry["IsActive"]:
        wrong = "The pricebook entry is inactive"
    elif work.org.settings.multi_currency and entry["CurrencyIsoCode"] != parent["CurrencyIsoCode"]:
        wrong = "The pricebook entry currency code does not match the currency code of the parent"
    if wrong:
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", f"field integrity exception: PricebookEntryId ({wrong})",
                       ["PricebookEntryId"])  # fmt: skip
    product = work.store.find(entry["Product2Id"]) or {}
    row["Product2Id"], row["ListPrice"] = product.get("Id"), entry["UnitPrice"]
    if "ProductCode" in row:
        row["ProductCode"] = product.get("ProductCode")
    return entry


def _price(row: Row, entry: Row) -> None:
    if row["UnitPrice"] is None:
        row["UnitPrice"] = entry["UnitPrice"]
    if row["Quantity"] is not None:
        row["TotalPrice"] = (row["UnitPrice"] * row["Quantity"]).quantize(_CENT, ROUND_HALF_UP)


def roll_up(
    reference: str, parent: str, sums: tuple[str, ...], flag: str | None
) -> Callable[[Transaction, Row | None, Row | None], None]:
    """A rule that keeps the sum of TotalPrice of a parent's lines in the parent."""

    def rule(work: Transaction, before: Row | None, after: Row | None) -> None:
        line = after or before or {}
        lines = work.store.table(work.org.schema.of_id(line["Id"]).name)  # type: ignore[union-attr]
        table = work.store.table(parent)
        row = table.rows[line[reference]]
        if row["IsDeleted"]:
            return
        living = list(lines.with_value(reference, row["Id"]))
        total = sum((each["TotalPrice"] for each in living), Decimal("0.00"))
        changes: Row = dict.fromkeys(sums, total)
        if flag:
            changes[flag] = bool(living)
        work.amend(table, row, changes)

    return rule
