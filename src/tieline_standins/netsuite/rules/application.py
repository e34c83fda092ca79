"""The `apply` sublist: how payments and credit memos settle invoices."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import invalid_value, user_error
from tieline_standins.netsuite.rules import invoice as invoices
from tieline_standins.netsuite.rules.sale import customer_of
from tieline_standins.netsuite.store import Record, Values

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def settle(books: "Books", draft: Record, previous: Record | None, total: Decimal | None) -> Decimal:
    """Complete the lines and return what they apply in sum; `total` is what there is to apply, None: as much as due."""
    before = _amounts(previous)
    kept = [line for line in draft.lines.get("apply", ()) if line.get("apply", True)]
    applied = Decimal(0)
    for index, line in enumerate(kept):
        invoice = _invoice(books, draft, line, index)
        due = invoice.values["amountRemaining"] + before.get(invoice.id, Decimal(0))
        _complete(line, invoice, due, None if total is None else total - applied, index)
        applied += line["amount"]
    if draft.values.get("autoApply"):
        applied += _apply_by_age(books, draft, kept, total, applied)
    if total is not None and applied > total:
        raise user_error("You cannot apply more than your total payments.", "apply")
    draft.lines["apply"] = kept
    return applied


def _invoice(books: "Books", draft: Record, line: Values, index: int) -> Record:
    path = f"apply.items[{index}].doc"
    invoice = books.store.get("invoice", line.get("doc", 0))
    if invoice is None or invoice.values["status"] not in ("A", "B"):
        raise invalid_value(line.get("doc"), "doc", path)
    same = customer_of(books, invoice) is customer_of(books, draft)
    if not same or invoice.values.get("currency") != draft.values.get("currency"):
        raise invalid_value(invoice.id, "doc", path)
    return invoice


def _complete(line: Values, invoice: Record, due: Decimal, left: Decimal | None, index: int) -> None:
    line["apply"] = True
    line.setdefault("amount", due if left is None else max(min(due, left), Decimal(0)))
    if line["amount"] > due:
        raise user_error("The amount applied cannot exceed the amount due.", f"apply.items[{index}].amount")
    if line["amount"] <= 0:
        raise invalid_value(line["amount"], "amount", f"apply.items[{index}].amount")
    line.update(due=due, total=invoice.values["total"], refNum=invoice.values["tranId"], type="Invoice")


def _apply_by_age(
    books: "Books", draft: Record, kept: list[Values], total: Decimal | None, applied: Decimal
) -> Decimal:
    """What autoApply adds: open invoices, the one due first, first."""
    named = {line["doc"] for line in kept}
    customer = customer_of(books, draft)
    found = books.transactions_of(customer.id) if customer is not None else ()
    open_ones = [
        record
        for record in found
        if record.type.name == "invoice"
        and record.values["status"] == "A"
        and record.id not in named
        and record.values.get("currency") == draft.values.get("currency")
    ]
    added = Decimal(0)
    for invoice in sorted(open_ones, key=lambda record: (record.values["dueDate"], record.id)):
        left = None if total is None else total - applied - added
        if left is not None and left <= 0:
            break
        line: Values = {"doc": invoice.id}
        _complete(line, invoice, invoice.values["amountRemaining"], left, len(kept))
        kept.append(line)
        added += line["amount"]
    return added


def carry_over(books: "Books", record: Record, previous: Record | None) -> None:
    """Show the new state in every invoice that is, or was, settled by this record."""
    amounts = _amounts(record)
    for number in sorted(amounts.keys() | _amounts(previous).keys()):
        invoice = books.store.get("invoice", number)
        if invoice is not None:
            invoices.apply(books, invoice, record.id, amounts.get(number))


def release(books: "Books", record: Record) -> None:
    for number in sorted(_amounts(record)):
        invoice = books.store.get("invoice", number)
        if invoice is not None:
            invoices.apply(books, invoice, record.id, None)


def _amounts(record: Record | None) -> dict[int, Decimal]:
    lines = record.lines.get("apply", ()) if record is not None else ()
    return {line["doc"]: line["amount"] for line in lines}
