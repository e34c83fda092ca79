"""Expense reports of employees."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tieline_standins.netsuite.rules.periods import check_open, period_of
from tieline_standins.netsuite.store import Record
from tieline_standins.netsuite.values import money

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def complete(books: "Books", draft: Record, previous: Record | None) -> None:
    values = draft.values
    employee = books.store.get("employee", values["entity"]) if "entity" in values else None
    if employee is not None:
        for name in ("subsidiary", "department", "class", "location"):
            if name in employee.values:
                values.setdefault(name, employee.values[name])
    subsidiary = books.store.get("subsidiary", values.get("subsidiary", 0))
    if subsidiary is not None and "currency" in subsidiary.values:
        values.setdefault("expensereportcurrency", subsidiary.values["currency"])
    values.setdefault("tranDate", books.today())
    values.setdefault("approvalStatus", "1")
    values.setdefault("status", {"1": "B", "2": "F", "3": "D", "11": "C"}[values["approvalStatus"]])
    if "tranId" not in values:
        values["tranId"] = f"{draft.type.number_prefix}{books.next_number('expenseReport'):05d}"
    values["total"] = values["amount"] = money(
        sum((line.get("amount", Decimal(0)) for line in draft.lines.get("expense", ())), Decimal(0))
    )
    period = period_of(books, values["tranDate"])
    if period is not None:
        values.setdefault("postingPeriod", period.id)
    check_open(books, draft, previous)
