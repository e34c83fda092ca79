"""What derived charges follow from: versions of the contract by day, approved work, readings; and the charge itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tieline.model.billing_terms import MONTHS, Period
from tieline.model.contract import ContractVersion
from tieline.model.money import total
from tieline.model.project import Project
from tieline.model.transaction import Kind

ZERO = Decimal(0)
SIXTY = Decimal(60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An approved and priced time entry or expense."""

    source: str
    """Orders the lines of a day, the same whenever they arrive."""
    kind: Kind
    project_id: str
    workstream: str | None = None
    day: date
    minutes: Decimal = ZERO
    amount: Decimal
    cost: Decimal | None = None
    disposition: str = "billable"

    @property
    def order(self) -> tuple[date, str, str]:
        """By day; the same for any order of arrival."""
        return self.day, self.kind, self.source


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter counted on a day, or the percentage complete that was entered then."""

    meter: str
    day: date
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedCharge:
    """A charge that follows from other lines or from the calendar, as it must stand in total."""

    key: str
    """The same on every look; unique among all contracts."""
    kind: Kind
    project_id: str
    day: date
    amount: Decimal
    item: str = "fixed"
    text: str
    rule: str
    version: int
    """Of the contract."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The versions of a contract, each from the day it is in force; the first from the start."""

    versions: tuple[tuple[date, ContractVersion], ...]
    lead: str
    """The project that bears what belongs to no single one."""

    def at(self, day: date) -> ContractVersion:
        """The version in force."""
        found = self.versions[0][1]
        for first, version in self.versions:
            if first <= day:
                found = version
        return found

    @property
    def newest(self) -> ContractVersion:
        """The version that knows how long the contract runs."""
        return self.versions[-1][1]

    def key(self, project_id: str, *parts: str) -> str:
        """A key of a charge: a project belongs to one contract."""
        return ":".join((project_id, *parts))


def timeline_of(versions: Sequence[ContractVersion], projects: Sequence[Project]) -> Timeline:
    """The versions, each from its first day; what belongs to no project is the lead entity's.

    The planned cost of the projects is the contract's, where all of them have one.
    """
    newest = versions[-1]
    lead = next((one for one in projects if one.legal_entity == newest.legal_entity), projects[0])
    costs = [one.budget.cost for one in projects if one.budget.cost and one.budget.cost.currency == newest.currency]
    planned = total(costs, newest.currency) if len(costs) == len(projects) else None
    costed = [one.model_copy(update={"budget": one.budget.model_copy(update={"cost": planned})}) for one in versions]
    return Timeline(tuple((one.effective_from or one.start_date, one) for one in costed), lead.id)


@dataclass(frozen=True, slots=True)
class Span:
    """A calendar period and the part of it that is agreed."""

    label: str
    """`2026-03`, `2026-Q1` or `2026`."""
    first: date
    last: date
    whole: int
    """Days of the calendar period."""

    @property
    def days(self) -> int:
        """Days that are agreed."""
        return (self.last - self.first).days + 1

    @property
    def words(self) -> str:
        """For an invoice."""
        return self.label if self.days == self.whole else f"{self.label} ({self.days} of {self.whole} days)"


def spans(start: date, end: date, period: Period) -> list[Span]:
    """The calendar periods of a time; the first and the last may be cut."""
    found = []
    months = MONTHS[period]
    first = date(start.year, (start.month - 1) // months * months + 1, 1)
    while first <= end:
        number = first.year * 12 + first.month - 1 + months
        following = date(number // 12, number % 12 + 1, 1)
        last = following - timedelta(days=1)
        found.append(Span(_label(first, period), max(first, start), min(last, end), (following - first).days))
        first = following
    return found


def _label(first: date, period: Period) -> str:
    if period == "month":
        return f"{first:%Y-%m}"
    return f"{first.year}-Q{(first.month + 2) // 3}" if period == "quarter" else f"{first.year}"


def unique(ids: Iterable[str]) -> Sequence[str]:
    """Each once, in order."""
    return list(dict.fromkeys(ids))
