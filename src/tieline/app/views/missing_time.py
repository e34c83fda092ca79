"""Missing time for reading: who lacks how much of which closed week, what it may be worth, and who was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import LiteralString

from tieline.capacity.calendars import Calendars, away_of
from tieline.capacity.missing_time import MissingWeek, Recorded, Step, missing_weeks
from tieline.capacity.weeks import WEEK, monday_of
from tieline.model.firm import Firm, Person
from tieline.model.money import rounded
from tieline.store.capacity import list_time_off, roles_in_psa
from tieline.store.database import Connection

RATE_DAYS = timedelta(days=90)
"""How far back somebody's usual rate is looked for."""
_RECORDED = """
select lower(t.person) as person, date_trunc('week', t.work_date::timestamp)::date as monday,
  sum(t.quantity) / 60 as hours
from project_transaction t
where t.kind = 'time' and t.live and t.sign = 1 and t.person is not null and t.work_date >= %(since)s
  and t.state not in ('withdrawn', 'void')
group by 1, 2
"""
_SUBMITTED = """
select person, date_trunc('week', day::timestamp)::date as monday, sum(minutes) / 60.0 as hours
from submitted_time where day >= %(since)s group by 1, 2
"""
_KNOWN_SINCE = "select min(work_date) as day from project_transaction where kind = 'time'"
_RATES = """
select distinct on (person) person, currency, amount / hours as rate from (
  select lower(t.person) as person, t.currency, sum(t.amount) as amount, sum(t.quantity) / 60 as hours
  from project_transaction t
  where t.kind = 'time' and t.live and t.sign = 1 and t.billable and t.person is not null and t.amount > 0
    and t.work_date >= %(since)s
  group by 1, 2) r
where hours > 0 order by person, hours desc, currency
"""
_LEADS = """
select person, array_agg(distinct lower(lead) order by lower(lead)) as leads from (
  select lower(t.person) as person, t.project_id from project_transaction t
  where t.kind = 'time' and t.live and t.person is not null and t.work_date >= %(since)s
  union select a.person, a.project_id from assignment a where a.person is not null and a.end_date >= %(since)s
  union select s.person, s.project_id from submitted_time s where s.project_id is not null) w
  join project p on p.id = w.project_id
  cross join lateral jsonb_array_elements_text(coalesce(p.body->'delivery_leads', '[]')) lead
where lower(lead) <> person group by person
"""
_TOLD = "select cause, min(opened_at) as at from alert where kind = 'missing_time' group by cause"


@dataclass(frozen=True, kw_only=True)
class MissingTime:
    """One week of somebody."""

    email: str
    name: str
    legal_entity: str
    monday: date
    expected: Decimal
    recorded: Decimal
    submitted: Decimal
    """Handed in, and not approved yet."""
    missing: Decimal
    """Not even handed in."""
    cut_off: datetime
    step: Step
    """Who is to act: the person, those who lead the projects too, or (`approve`) they alone."""
    leads: tuple[str, ...]
    currency: str | None
    worth: Decimal | None
    """What is not approved by the usual rate of the person's hours, else the standard rate; None without either."""
    reminded_at: datetime | None
    escalated_at: datetime | None


def cause_of(email: str, monday: date, step: Step) -> str:
    """What makes one message one: a person, a week and a step."""
    return f"missing_time:{email}:{monday}:{step}"


def read_missing_time(db: Connection, firm: Firm, now: datetime) -> list[MissingTime]:
    """Everybody's closed weeks with too little approved time, the oldest first. None while no time is known at all."""
    row = db.execute(_KNOWN_SINCE).fetchone()
    if row is None or row["day"] is None:
        return []
    first = monday_of(now.date()) - WEEK * (firm.missing_time.weeks + 3)
    away = away_of(list_time_off(db, first, now.date()))
    bookers = roles_in_psa(db)
    found = missing_weeks(
        firm,
        Calendars(firm, away),
        _hours(db, _RECORDED, first),
        bookers,
        monday_of(row["day"]),
        now,
        _hours(db, _SUBMITTED, first),
    )
    return _told(db, firm, found, now) if found else []


def _hours(db: Connection, query: LiteralString, since: date) -> Recorded:
    rows = db.execute(query, {"since": since}).fetchall()
    return {(one["person"], one["monday"]): Decimal(one["hours"]) for one in rows}


def _told(db: Connection, firm: Firm, found: Sequence[MissingWeek], now: datetime) -> list[MissingTime]:
    since = {"since": now.date() - RATE_DAYS}
    rates = {one["person"]: (one["currency"], one["rate"]) for one in db.execute(_RATES, since).fetchall()}
    leads = {one["person"]: tuple(one["leads"]) for one in db.execute(_LEADS, since).fetchall()}
    told = {one["cause"]: one["at"] for one in db.execute(_TOLD).fetchall()}
    return [_row(firm, one, rates, leads.get(one.person.id, ()), told) for one in found]


def _row(
    firm: Firm,
    one: MissingWeek,
    rates: Mapping[str, tuple[str, Decimal]],
    leads: tuple[str, ...],
    told: Mapping[str, datetime],
) -> MissingTime:
    currency, rate = rates.get(one.person.id) or _standard(firm, one.person)
    return MissingTime(
        email=one.person.id,
        name=one.person.name,
        legal_entity=one.person.legal_entity,
        monday=one.monday,
        expected=one.expected,
        recorded=one.recorded.quantize(Decimal("0.01")),
        submitted=one.submitted.quantize(Decimal("0.01")),
        missing=one.missing.quantize(Decimal("0.01")),
        cut_off=one.cut_off,
        step=one.step,
        leads=leads,
        currency=currency,
        worth=rounded(one.unapproved * rate, currency) if currency and rate is not None else None,
        reminded_at=told.get(cause_of(one.person.id, one.monday, "remind")),
        escalated_at=told.get(cause_of(one.person.id, one.monday, "approve" if one.step == "approve" else "escalate")),
    )


def _standard(firm: Firm, person: Person) -> tuple[str | None, Decimal | None]:
    entity = firm.legal_entity(person.legal_entity)
    rate = firm.standard_rate(person.role or "", entity.currency) if entity else None
    return (entity.currency, rate) if entity and rate is not None else (None, None)


def at_risk(rows: Sequence[MissingTime]) -> list[tuple[str, Decimal]]:
    """What is not approved may be worth, by currency, the largest first."""
    sums: dict[str, Decimal] = {}
    for one in rows:
        if one.currency and one.worth:
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.worth
    return sorted(sums.items(), key=lambda item: -item[1])
