"""Projects, their tasks and allocations."""

from typing import TYPE_CHECKING

from tieline_standins.netsuite.errors import invalid_value, user_error
from tieline_standins.netsuite.store import Record, Values
from tieline_standins.netsuite.values import hours_number

if TYPE_CHECKING:
    from tieline_standins.netsuite.books import Books


def complete_job(books: "Books", draft: Record, previous: Record | None) -> None:
    values = draft.values
    customer = books.store.get("customer", values["parent"]) if "parent" in values else None
    if customer is not None:
        for name in ("subsidiary", "currency"):
            if name in customer.values:
                values.setdefault(name, customer.values[name])
    values.setdefault("isInactive", False)
    values.setdefault("entityStatus", "2")
    _check_dates(draft, "startDate", "projectedEndDate")
    _check_dates(draft, "startDate", "endDate")
    if "entityId" not in values:
        values["entityId"] = f"PRJ{books.next_number('job'):05d}"
        return
    kept = previous is not None and previous.values.get("entityId") == values["entityId"]
    if not kept and books.entity_named("job", values["entityId"]) is not None:
        raise user_error(books.settings.duplicate_entity_id.format(label="project"), "entityId")


def complete_task(books: "Books", draft: Record, _previous: Record | None) -> None:
    values = draft.values
    values.setdefault("status", "NOTSTART")
    values.setdefault("priority", "MEDIUM")
    values.setdefault("constraintType", "ASAP")
    values.setdefault("nonBillableTask", False)
    parent = books.store.get("projectTask", values["parent"]) if "parent" in values else None
    if parent is not None and (parent.id == draft.id or parent.values["project"] != values.get("project")):
        raise invalid_value(parent.id, "parent", "parent")


def complete_allocation(books: "Books", draft: Record, _previous: Record | None) -> None:
    values = draft.values
    values.setdefault("allocationUnit", "H")
    values.setdefault("allocationType", "1")
    _check_dates(draft, "startDate", "endDate")
    hours = values.get("allocationAmount")
    values["numberHours" if values["allocationUnit"] == "H" else "percentOfTime"] = hours
    task = books.store.get("projectTask", values["projectTask"]) if "projectTask" in values else None
    if task is not None and task.values["project"] != values.get("project"):
        raise invalid_value(task.id, "projectTask", "projectTask")


def _check_dates(draft: Record, start: str, end: str) -> None:
    first, last = draft.values.get(start), draft.values.get(end)
    if first and last and last < first:
        raise user_error("The end date cannot be before the start date.", end)


def job_time(books: "Books", record: Record) -> Values:
    return {"actualTime": books.minutes.get(("entity", record.id), 0)}


def task_time(books: "Books", record: Record) -> Values:
    actual = hours_number(books.minutes.get(("projectTask", record.id), 0))
    planned = record.values.get("estimatedWork")
    return {"actualWork": actual} if planned is None else {"actualWork": actual, "remainingWork": planned - actual}


def check_task_unused(books: "Books", record: Record) -> None:
    if books.minutes.get(("projectTask", record.id)):
        raise user_error("This record cannot be deleted because it has dependent records.")
