"""Sales orders: the contract as NetSuite keeps it, and how much of it has been billed."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import user_error
from tieline_standins.netsuite.rules import sale
from tieline_standins.netsuite.store import Record

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def complete(books: "Books", draft: Record, _previous: Record | None) -> None:
    sale.complete_sale(books, draft)
    draft.values.setdefault("orderStatus", books.settings.sales_order_status_default)
    _show_billing(books, draft)


def saved(books: "Books", record: Record, _previous: Record | None) -> None:
    sale.remember(books, record)


def removing(books: "Books", record: Record) -> None:
    if books.billed.get(record.id):
        raise user_error("This record cannot be deleted because it has dependent records.")
    sale.forget(books, record)


def bill(books: "Books", order_number: int, invoice: Record, lines: list[tuple[int, Decimal, Decimal]]) -> None:
    """Note which lines of an order an invoice bills (none: no longer any) and show it in the order."""
    if lines:
        books.billed[order_number][invoice.id] = lines
    elif books.billed.get(order_number, {}).pop(invoice.id, None) is None:
        return
    order = books.store.get("salesOrder", order_number)
    if order is not None:
        _show_billing(books, order)
        books.touch(order)


def _show_billing(books: "Books", order: Record) -> None:
    quantities: dict[int, Decimal] = {}
    amounts: dict[int, Decimal] = {}
    for lines in books.billed.get(order.id, {}).values():
        for number, quantity, amount in lines:
            quantities[number] = quantities.get(number, Decimal(0)) + quantity
            amounts[number] = amounts.get(number, Decimal(0)) + amount
    full = bool(order.lines["item"])
    for line in order.lines["item"]:
        line["quantityBilled"] = quantities.get(line["line"], Decimal(0))
        full = full and amounts.get(line["line"], Decimal(0)) >= line["amount"]
    if order.values["orderStatus"] in ("B", "F", "G"):
        order.values["orderStatus"] = "G" if full and amounts else "F" if amounts else "B"
    order.values["status"] = order.values["orderStatus"]
