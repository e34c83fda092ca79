"""Project transactions: approved time, expenses and milestones, as a source reports them and as we price them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from tieline.model.record import Owned, Record

Kind = Literal["time", "expense", "milestone", "retainer", "subscription", "usage", "progress", "adjustment", "credit"]
Disposition = Literal["billable", "non_billable", "over_cap", "retainer", "fixed_price", "written_off"]


class TimeEntry(Record):
    """Worked minutes of a person on a task. Minutes stay minutes; hours are for display."""

    project_ref: Annotated[str, Owned("psa")]
    task_ref: Annotated[str | None, Owned("psa")] = None
    person_ref: Annotated[str, Owned("psa")]
    role: Annotated[str | None, Owned("psa")] = None
    work_date: Annotated[date, Owned("psa")]
    minutes: Annotated[int, Owned("psa")]
    billable: Annotated[bool, Owned("psa")] = True
    approved: Annotated[bool, Owned("psa")] = False
    approved_by: Annotated[str | None, Owned("psa")] = None
    approved_at: Annotated[datetime | None, Owned("psa")] = None
    note: Annotated[str | None, Owned("psa")] = None
    source_version: int = 0


class Expense(Record):
    """Money a person spent for a project."""

    project_ref: Annotated[str, Owned("psa")]
    task_ref: Annotated[str | None, Owned("psa")] = None
    person_ref: Annotated[str, Owned("psa")]
    spent_on: Annotated[date, Owned("psa")]
    category: Annotated[str, Owned("psa")]
    amount: Annotated[Decimal, Owned("psa", "C2")]
    currency: Annotated[str, Owned("psa")]
    billable: Annotated[bool, Owned("psa")] = True
    approved: Annotated[bool, Owned("psa")] = False
    approved_by: Annotated[str | None, Owned("psa")] = None
    note: Annotated[str | None, Owned("psa")] = None
    source_version: int = 0


class ProjectTransaction(Record):
    """One line the ERP shall hold: a charge or its reversal, priced. The bulk lane uses plain rows of this shape."""

    connection: str
    kind: Kind
    source_id: str
    source_version: int
    sign: Literal[1, -1] = 1
    legal_entity: str
    project_id: str
    person: str | None = None
    task_ref: str | None = None
    role: str | None = None
    work_date: date
    quantity: Decimal
    unit: str
    currency: str
    rate: Annotated[Decimal, Owned("tieline", "C2")]
    amount: Annotated[Decimal, Owned("tieline", "C2")]
    cost_rate: Annotated[Decimal | None, Owned("tieline", "C3")] = None
    item_code: str
    disposition: Disposition
    contract_version: int
    rate_rule: str
    note: str | None = None
