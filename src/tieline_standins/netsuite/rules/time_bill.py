"""Time: the `customer` field holds a customer or a project, `caseTaskEvent` the project task (fact sheet section 6)."""

from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import invalid_value
from tieline_standins.netsuite.rules.periods import check_open
from tieline_standins.netsuite.store import Record
from tieline_standins.netsuite.values import hours_text

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def complete(books: "Books", draft: Record, previous: Record | None) -> None:
    values = draft.values
    employee = books.store.get("employee", values["employee"]) if "employee" in values else None
    if employee is not None:
        for name in ("subsidiary", "department", "class", "location"):
            if name in employee.values:
                values.setdefault(name, employee.values[name])
    values.setdefault("approvalStatus", books.settings.time_approval_default)
    values.setdefault("timeType", "A")
    values.setdefault("isBillable", False)
    values.setdefault("supervisorApproval", values["approvalStatus"] == "3")
    if "caseTaskEvent" in values:
        task = books.store.get("projectTask", values["caseTaskEvent"])
        if task is not None and task.values["project"] != values.get("customer"):
            raise invalid_value(task.id, "caseTaskEvent", "caseTaskEvent")
    if values.get("hours", 0) < 0 and not books.settings.negative_hours:
        raise invalid_value(hours_text(values["hours"], books.settings), "hours", "hours")
    check_open(books, draft, previous)


def saved(books: "Books", record: Record, previous: Record | None) -> None:
    if previous is not None:
        _count(books, previous, -1)
    _count(books, record, 1)


def removing(books: "Books", record: Record) -> None:
    check_open(books, record, record)
    _count(books, record, -1)


def _count(books: "Books", record: Record, sign: int) -> None:
    """Actual time of the project and the task."""
    values = record.values
    if values.get("timeType") != "A":
        return
    minutes = sign * values.get("hours", 0)
    if "customer" in values:
        books.minutes["entity", values["customer"]] += minutes
    if "caseTaskEvent" in values:
        books.minutes["projectTask", values["caseTaskEvent"]] += minutes
