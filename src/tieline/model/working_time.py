"""Working time as the site sets it: hours by weekday, holidays, single days, targets, and when time must be in."""

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tieline.model.record import Owned, Record

DayHours = Annotated[Decimal, Field(ge=0, le=24)]
WeekHours = Annotated[tuple[DayHours, ...], Field(min_length=7, max_length=7)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
ANY = "*"
OFFICE_WEEK = tuple(Decimal(hours) for hours in (8, 8, 8, 8, 8, 0, 0))
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _OfEntity(_Rules):
    legal_entity: Name = ANY


class WorkingCalendar(_OfEntity):
    """`[[working_time.calendar]]`: where people work otherwise than the firm; the first that fits counts."""

    location: Name = ANY
    """Of people.csv."""
    country: Name | None = None
    """Whose public holidays, ISO 3166; without it those of the legal entity's country."""
    subdivision: Name | None = None
    """Of the country: `BY`, `CA`."""
    hours: WeekHours | None = None
    """Monday to Sunday, of somebody who works full time."""


class WorkingDay(_OfEntity):
    """`[[working_time.day]]`: one day otherwise than the calendar says."""

    day: date
    hours: DayHours = Decimal(0)
    location: Name = ANY
    note: str = Field(default="", max_length=200)


class UtilizationTarget(_OfEntity):
    """`[[working_time.target]]`: the share of the available hours that should be billable; the first that fits."""

    share: Annotated[Decimal, Field(ge=0, le=1)]
    person: Name = ANY
    role: Name = ANY
    practice: Name = ANY


class WorkingTime(_Rules):
    """`[working_time]`."""

    hours: WeekHours = OFFICE_WEEK
    holidays: bool = True
    """Whether public holidays are free."""
    calendar: tuple[WorkingCalendar, ...] = ()
    day: tuple[WorkingDay, ...] = ()
    target: tuple[UtilizationTarget, ...] = ()
    hire_after_weeks: Annotated[int, Field(ge=1, le=52)] = 8
    """People who lack in so many weeks in a row are to be hired; for less there are subcontractors."""


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"'{name}' is no time zone such as Europe/Berlin")
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


class CutOff(_OfEntity):
    """`[[missing_time.cut_off]]`: when the time of a week must be approved; the first that fits counts."""

    weekday: Weekday = "Monday"
    """Of the week after."""
    at: time = time(12)
    timezone: Zone = "UTC"

    @property
    def zone(self) -> ZoneInfo:
        """Where its clock hangs."""
        return ZoneInfo(self.timezone)


class MissingTimeRules(_Rules):
    """`[missing_time]`: whose time is chased, and how."""

    remind: bool = False
    """Write to people; without it missing time is only shown."""
    tolerance_hours: Annotated[Decimal, Field(ge=0, le=168)] = Decimal(1)
    """So much of a week may be missing."""
    escalate_after_hours: Annotated[int, Field(ge=0, le=720)] = 24
    """After the cut-off; then those who lead the person's projects are told."""
    weeks: Annotated[int, Field(ge=1, le=13)] = 4
    """Closed weeks that are looked at."""
    since: date | None = None
    """Weeks before this day are nobody's concern: the start with Tieline."""
    cut_off: tuple[CutOff, ...] = ()


class TimeOff(Record):
    """Hours somebody is away on a day."""

    person: Annotated[str, Owned("psa")]
    """E-mail."""
    day: Annotated[date, Owned("psa")]
    hours: Annotated[Decimal, Owned("psa")]


class SubmittedTime(Record):
    """Time somebody has handed in and nobody has approved yet."""

    person: Annotated[str, Owned("psa")]
    """E-mail."""
    day: Annotated[date, Owned("psa")]
    minutes: Annotated[int, Owned("psa")]
    project_ref: Annotated[str | None, Owned("psa")] = None
    """The PSA's id of the project."""
