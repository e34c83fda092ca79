"""People and their assignments to projects."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from tieline.model.money import Money
from tieline.model.record import Owned, Record


class Resource(Record):
    """A person who delivers; `ref` is the person's id in the system that told of it."""

    ref: Annotated[str, Owned("psa")]
    name: Annotated[str, Owned("psa")]
    email: Annotated[str, Owned("psa")]
    role: Annotated[str | None, Owned("psa")] = None
    legal_entity: Annotated[str | None, Owned("hcm")] = None
    cost_rate: Annotated[Decimal | None, Owned("hcm", "C3")] = None
    """Per hour, in the currency of the legal entity."""


class Assignment(Record):
    """A confirmed or planned allocation of a person to a project."""

    project_ref: Annotated[str, Owned("psa")]
    person_ref: Annotated[str | None, Owned("psa")] = None
    person: Annotated[str | None, Owned("psa")] = None
    """E-mail, the key people share between systems."""
    role: Annotated[str | None, Owned("psa")] = None
    start_date: Annotated[date, Owned("psa")]
    end_date: Annotated[date, Owned("psa")]
    minutes: Annotated[int, Owned("psa")]
    confirmed: Annotated[bool, Owned("psa")]
    source_version: int = 0


class StaffingSummary(Record):
    """What sales sees of a project's staffing; `id` is the project's id."""

    requested_hours: Decimal
    confirmed_hours: Decimal
    people: tuple[str, ...]
    first_start: date | None = None
    status: str
    """`not staffed`, `partly staffed` or `staffed`."""


class CostForecast(Record):
    """The planned cost of one assignment in the ERP; `id` is the assignment's id."""

    project_id: str
    person: str
    role: str | None = None
    start_date: date
    end_date: date
    hours: Decimal
    cost: Annotated[Money, Owned("tieline", "C3")]
