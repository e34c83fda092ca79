"""Bills and credits of vendors: number, period, amounts, approval."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import invalid_value
from tieline_standins.netsuite.rules.periods import check_open, period_of
from tieline_standins.netsuite.rules.sale import tax_of
from tieline_standins.netsuite.store import Record, Values
from tieline_standins.netsuite.values import money

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def complete(books: "Books", draft: Record, previous: Record | None) -> None:
    values = draft.values
    vendor = books.store.get("vendor", values["entity"]) if "entity" in values else None
    values.setdefault("tranDate", books.today())
    if vendor is not None:
        _source_from_vendor(draft, vendor)
    currency = books.store.get("currency", values["currency"]) if "currency" in values else None
    if currency is not None:
        values.setdefault("exchangeRate", currency.values.get("exchangeRate", Decimal(1)))
    if "tranId" not in values:
        values["tranId"] = f"{draft.type.number_prefix}{books.next_number(draft.type.name):05d}"
    lines = [line for name in ("expense", "item") for line in draft.lines.setdefault(name, [])]
    for line in lines:
        line.setdefault("line", max((other.get("line", 0) for other in lines), default=0) + 1)
        _complete_line(books, line)
    values["taxTotal"] = money(sum((line["tax1Amt"] for line in lines), Decimal(0)))
    values["total"] = values["userTotal"] = sum((line["grossAmt"] for line in lines), Decimal("0.00"))
    period = period_of(books, values["tranDate"])
    if period is not None:
        values.setdefault("postingPeriod", period.id)
    if draft.type.name == "vendorBill":
        values.setdefault("approvalStatus", books.settings.bill_approval_default)
    if values.get("status") != "V":
        values["status"] = {"2": "A", "3": "E"}.get(values.get("approvalStatus", "2"), "D")
    check_open(books, draft, previous)


def _source_from_vendor(draft: Record, vendor: Record) -> None:
    values = draft.values
    subsidiary = vendor.values.get("subsidiary")
    if values.setdefault("subsidiary", subsidiary) != subsidiary:
        raise invalid_value(values["subsidiary"], "subsidiary", "subsidiary")
    for name in ("currency", "terms"):
        if name in vendor.values and name in draft.type.fields:
            values.setdefault(name, vendor.values[name])


def _complete_line(books: "Books", line: Values) -> None:
    if "amount" not in line:
        line["amount"] = line.setdefault("quantity", Decimal(1)) * line.get("rate", Decimal(0))
    line["amount"] = money(line["amount"])
    code = books.store.get("salesTaxItem", line["taxCode"]) if "taxCode" in line else None
    line["tax1Amt"] = tax_of(line["amount"], code)
    line["grossAmt"] = line["amount"] + line["tax1Amt"]


def removing(books: "Books", record: Record) -> None:
    check_open(books, record, record)
