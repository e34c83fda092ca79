"""Invoices: due date, posting period, approval, status, and what has been paid."""

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import invalid_value, user_error
from tieline_standins.netsuite.rules import sale, sales_order
from tieline_standins.netsuite.rules.periods import check_open, period_of
from tieline_standins.netsuite.store import Record

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def complete(books: "Books", draft: Record, previous: Record | None) -> None:
    values = draft.values
    customer = sale.complete_sale(books, draft)
    if customer is not None and "terms" in customer.values:
        values.setdefault("terms", customer.values["terms"])
    _follow(draft, previous, "dueDate", ("tranDate", "terms"))
    _follow(draft, previous, "postingPeriod", ("tranDate",))
    values.setdefault("dueDate", _due(books, draft))
    period = period_of(books, values["tranDate"])
    if period is not None:
        values.setdefault("postingPeriod", period.id)
    subsidiary = books.store.get("subsidiary", values.get("subsidiary", 0))
    nexus = books.nexuses.get(subsidiary.values.get("country", "")) if subsidiary is not None else None
    if nexus is not None:
        values.setdefault("nexus", nexus.id)
    values.setdefault("approvalStatus", books.settings.invoice_approval_default)
    check_open(books, draft, previous)
    _show_payment(books, draft)


def _follow(draft: Record, previous: Record | None, field: str, causes: tuple[str, ...]) -> None:
    """A derived field is derived again when its cause changed and it was not set itself."""
    if previous is None or draft.values.get(field) != previous.values.get(field):
        return
    if any(draft.values.get(cause) != previous.values.get(cause) for cause in causes):
        draft.values.pop(field, None)


def _due(books: "Books", draft: Record) -> str:
    terms = books.store.get("term", draft.values["terms"]) if "terms" in draft.values else None
    days = terms.values.get("daysUntilNetDue", 0) if terms is not None else 0
    try:
        return (date.fromisoformat(draft.values["tranDate"]) + timedelta(days=days)).isoformat()
    except OverflowError as error:
        raise invalid_value(draft.values["tranDate"], "tranDate", "tranDate") from error


def saved(books: "Books", record: Record, previous: Record | None) -> None:
    sale.remember(books, record)
    orders = {line["orderDoc"] for line in record.lines["item"] if "orderDoc" in line}
    if previous is not None:
        orders |= {line["orderDoc"] for line in previous.lines["item"] if "orderDoc" in line}
    for order in sorted(orders):
        sales_order.bill(books, order, record, _billed_lines(record, order))


def _billed_lines(record: Record, order: int) -> list[tuple[int, Decimal, Decimal]]:
    return [
        (line.get("orderLine", 0), line.get("quantity", Decimal(0)), line["amount"])
        for line in record.lines["item"]
        if line.get("orderDoc") == order
    ]


def removing(books: "Books", record: Record) -> None:
    if books.applied.get(record.id):
        raise user_error("This record cannot be deleted because it has dependent records.")
    check_open(books, record, record)
    sale.forget(books, record)
    for order in sorted({line["orderDoc"] for line in record.lines["item"] if "orderDoc" in line}):
        sales_order.bill(books, order, record, [])


def apply(books: "Books", invoice: Record, source: int, amount: Decimal | None) -> None:
    """Note what a payment or credit memo takes off an invoice (None: no longer anything) and show it there."""
    before = books.applied[invoice.id].get(source)
    if amount is None:
        books.applied[invoice.id].pop(source, None)
    else:
        books.applied[invoice.id][source] = amount
    if before != amount:
        _show_payment(books, invoice)
        books.touch(invoice)


def _show_payment(books: "Books", invoice: Record) -> None:
    values = invoice.values
    values["amountPaid"] = sum(books.applied.get(invoice.id, {}).values(), Decimal("0.00"))
    values["amountRemaining"] = values["total"] - values["amountPaid"]
    if values["approvalStatus"] == "2":
        values["status"] = "B" if values["amountRemaining"] <= 0 else "A"
    else:
        values["status"] = "E" if values["approvalStatus"] == "3" else "D"
