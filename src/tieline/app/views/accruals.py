"""Accruals and deferrals for reading: every obligation with its engagement, and what to book by entity and currency."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tieline.billing.accruals import Accrual, Obligation, RevenueFacts, accruals
from tieline.insights.words import csv_cell
from tieline.lane.revenue_facts import Asked, read_revenue_facts
from tieline.model.money import rounded
from tieline.store.database import Connection

ZERO = Decimal(0)
NOTE = "The ERP stays the record of revenue: this is what to book there at the month's end, or to compare with it."
_DAY = timedelta(days=1)
AMOUNTS = ("opening", "earned", "billed", "accrued", "deferred", "earned_to_date", "billed_to_date")
METHODS = {
    "as_delivered": "as delivered",
    "by_days": "by days",
    "as_billed": "when it falls due",
    "on_milestone": "on acceptance",
    "percent_complete": "percent complete",
    "straight_line": "straight line",
}
"""How an obligation is earned, as people say it."""


class NoSuchDay(ValueError):
    """What was given is no day and no month."""


@dataclass(frozen=True, kw_only=True)
class AccrualRow:
    """One obligation of a project in the month that ends with the day. What is accrued is not deferred."""

    legal_entity: str
    currency: str
    engagement_id: str
    engagement: str
    customer: str
    project_id: str
    code: str
    obligation: Obligation
    name: str
    """`work`, `fixed price`, `retainer`, or the subscription's."""
    method: str
    opening: Decimal
    """At the end of the month before: accrued, or below zero deferred."""
    earned: Decimal
    """In the month, as `billed`."""
    billed: Decimal
    accrued: Decimal
    deferred: Decimal
    earned_to_date: Decimal
    billed_to_date: Decimal
    unpriced: int
    """Lines of the project that have no price yet: they count with nothing."""


@dataclass(frozen=True, kw_only=True)
class AccrualSum:
    """What a legal entity has accrued and deferred in a currency, and what changed since the month before."""

    legal_entity: str
    currency: str
    accrued_before: Decimal
    deferred_before: Decimal
    earned: Decimal
    billed: Decimal
    accrued: Decimal
    deferred: Decimal
    obligations: int

    @property
    def accrued_change(self) -> Decimal:
        """To book: above zero more is accrued, below zero less."""
        return self.accrued - self.accrued_before

    @property
    def deferred_change(self) -> Decimal:
        """To book: above zero more is deferred, below zero less."""
        return self.deferred - self.deferred_before


@dataclass(frozen=True, kw_only=True)
class Accruals:
    """Of all that is asked for."""

    since: date
    until: date
    known: date | None
    rows: tuple[AccrualRow, ...]
    sums: tuple[AccrualSum, ...]

    @property
    def together(self) -> list[AccrualSum]:
        """One sum for each currency, whatever the legal entity."""
        every = [replace(row, legal_entity="") for row in self.rows]
        return sorted(_sums(every), key=lambda one: one.currency)

    @property
    def unpriced(self) -> int:
        """Lines that have no price yet, of the projects shown."""
        return sum({row.project_id: row.unpriced for row in self.rows}.values())


def day_of(text: str | None, today: date) -> date:
    """`2026-10-31`, the last day of `2026-10`, or by itself the end of the month before. Raises NoSuchDay."""
    if not text:
        return today.replace(day=1) - _DAY
    try:
        return date.fromisoformat(text) if len(text) > len("2026-10") else month_end(date.fromisoformat(f"{text}-01"))
    except ValueError as error:
        raise NoSuchDay(f"'{text}' is no day; write 2026-10-31, or 2026-10 for the end of a month") from error


def month_end(day: date) -> date:
    """The last day of its month."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - _DAY


def read_accruals(
    db: Connection,
    until: date,
    *,
    known: date | None = None,
    entity: str | None = None,
    engagement: str | None = None,
) -> Accruals:
    """At the end of a day, as known at the end of another; obligations with nothing to tell are left out."""
    since = until.replace(day=1) - _DAY
    moment = None if known is None else datetime(known.year, known.month, known.day, tzinfo=UTC) + _DAY
    found = read_revenue_facts(db, Asked(since=since, until=until, known=moment, engagement=engagement))
    names = _customers(db)
    rows = [
        row
        for facts in found.contracts
        for row in _rows(facts, accruals(facts, since, until), names, found.unpriced)
        if entity in (None, row.legal_entity)
    ]
    rows.sort(key=lambda row: (row.legal_entity, row.currency, -max(row.accrued, row.deferred), row.code, row.name))
    return Accruals(since=since, until=until, known=known, rows=tuple(rows), sums=tuple(_sums(rows)))


def _customers(db: Connection) -> dict[str, str]:
    """Engagement -> its customer's name."""
    rows = db.execute("select id, left(customer_name, 200) as name from engagement").fetchall()
    return {row["id"]: row["name"] for row in rows}


def _rows(
    facts: RevenueFacts, found: Iterable[Accrual], customers: dict[str, str], unpriced: Mapping[str, int]
) -> Iterable[AccrualRow]:
    projects = {project.id: project for project in facts.projects}
    for one in found:
        project = projects[one.place.project_id]
        if one.opening or one.closing or one.earned or one.billed:
            yield AccrualRow(
                legal_entity=project.legal_entity,
                currency=project.currency,
                engagement_id=project.engagement_id,
                engagement=project.name,
                customer=customers.get(project.engagement_id, project.customer_name),
                project_id=project.id,
                code=project.code,
                obligation=one.place.obligation,
                name=_name(facts, one),
                method=one.method,
                **{name: rounded(getattr(one, name), project.currency) for name in AMOUNTS},
                unpriced=unpriced.get(project.id, 0),
            )


def _name(facts: RevenueFacts, one: Accrual) -> str:
    if one.place.obligation != "subscription":
        return one.place.obligation.replace("_", " ")
    agreed = (plan for _, version in facts.timeline.versions for plan in version.billing_terms.subscriptions)
    return next((plan.name for plan in agreed if plan.id == one.place.part), one.place.part)


def _sums(rows: Sequence[AccrualRow]) -> Iterable[AccrualSum]:
    for entity, currency in dict.fromkeys((row.legal_entity, row.currency) for row in rows):
        own = [row for row in rows if (row.legal_entity, row.currency) == (entity, currency)]
        yield AccrualSum(
            legal_entity=entity,
            currency=currency,
            accrued_before=sum((max(ZERO, row.opening) for row in own), ZERO),
            deferred_before=sum((max(ZERO, -row.opening) for row in own), ZERO),
            earned=sum((row.earned for row in own), ZERO),
            billed=sum((row.billed for row in own), ZERO),
            accrued=sum((row.accrued for row in own), ZERO),
            deferred=sum((row.deferred for row in own), ZERO),
            obligations=len(own),
        )


def accruals_csv(found: Accruals) -> str:
    """A row for each obligation, for a spreadsheet."""
    names = [one.name for one in fields(AccrualRow)]
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(["until", *names])
    for row in found.rows:
        writer.writerow([found.until.isoformat(), *(csv_cell(getattr(row, name)) for name in names)])
    return told.getvalue()
