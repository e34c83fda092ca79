"""Customers, employees and vendors: names, uniqueness, balances."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import user_error
from tieline_standins.netsuite.store import Record, Values

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books

# Fields of other records that name an entity.
_NAMING = {
    "job": ("parent",),
    "timeBill": ("customer", "employee"),
    "projectTask": ("project",),
    "resourceAllocation": ("project", "allocationResource"),
    "contact": ("company",),
    "customer": ("parent",),
    "vendorBill": ("entity",),
    "vendorCredit": ("entity",),
}
_DEPENDENTS = "This record cannot be deleted because it has dependent records."


def complete_customer(books: "Books", draft: Record, previous: Record | None) -> None:
    values = draft.values
    subsidiary = books.store.get("subsidiary", values["subsidiary"]) if "subsidiary" in values else None
    if subsidiary is not None:
        values.setdefault("currency", subsidiary.values.get("currency"))
    values.setdefault("isInactive", False)
    values.setdefault("isPerson", False)
    if previous is not None and books.settings.lock_customer_after_transactions and books.by_entity.get(draft.id):
        for name in ("subsidiary", "currency"):
            if values.get(name) != previous.values.get(name):
                raise user_error(f"You cannot change the {name} of a customer that has transactions.", name)
    _name_entity(books, draft, previous, values.get("companyName") or full_name(values))


def complete_employee(books: "Books", draft: Record, previous: Record | None) -> None:
    draft.values.setdefault("isInactive", False)
    _name_entity(books, draft, previous, full_name(draft.values))


def complete_vendor(books: "Books", draft: Record, previous: Record | None) -> None:
    values = draft.values
    subsidiary = books.store.get("subsidiary", values["subsidiary"]) if "subsidiary" in values else None
    if subsidiary is not None:
        values.setdefault("currency", subsidiary.values.get("currency"))
    values.setdefault("isInactive", False)
    values.setdefault("isPerson", False)
    _name_entity(books, draft, previous, values.get("companyName") or full_name(values))


def full_name(values: Values) -> str:
    return " ".join(filter(None, (values.get("firstName"), values.get("lastName"))))


def _name_entity(books: "Books", draft: Record, previous: Record | None, name: str) -> None:
    """Every entity has an entityId, unique in its type; without one it gets its name or the next number."""
    wanted = draft.values.get("entityId")
    numbered = not wanted and (books.settings.entity_numbering == "number" or not name)
    if numbered:
        wanted = f"{draft.type.label[:4].upper()}{books.next_number(draft.type.name):05d}"
    draft.values["entityId"] = wanted or name
    if previous is not None and previous.values.get("entityId") == draft.values["entityId"]:
        return
    if books.entity_named(draft.type.name, draft.values["entityId"]) is not None:
        raise user_error(books.settings.duplicate_entity_id.format(label=draft.type.label.lower()), "entityId")


def customer_balances(books: "Books", record: Record) -> Values:
    """Open invoices less what was paid on account; overdue is the part past its due date."""
    balance = overdue = unbilled = Decimal(0)
    today = books.today()
    for transaction in books.transactions_of(record.id):
        values = transaction.values
        if transaction.type.name == "invoice" and values["status"] in "AB":
            balance += values["amountRemaining"]
            overdue += values["amountRemaining"] if values.get("dueDate", today) < today else 0
        elif transaction.type.name in ("customerPayment", "creditMemo"):
            balance -= values["unapplied"]
        elif transaction.type.name == "salesOrder" and values.get("orderStatus") in ("B", "F"):
            unbilled += values["subtotal"] - sum(books.billed_amounts(transaction.id), Decimal(0))
    return {"balance": balance, "overdueBalance": overdue, "unbilledOrders": unbilled}


def check_unused(books: "Books", record: Record) -> None:
    if books.by_entity.get(record.id):
        raise user_error(_DEPENDENTS)
    for name, fields in _NAMING.items():
        for other in books.store.all(name):
            if any(other.values.get(field) == record.id for field in fields):
                raise user_error(_DEPENDENTS)
