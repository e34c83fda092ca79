"""What accrual figures follow from, read for many contracts at once, as it is or as it was known at a moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from tieline.billing.accruals import Delivered, Issued, RevenueFacts
from tieline.billing.facts import Reading, Work, timeline_of
from tieline.lane.billing_facts import let_pass, workstreams
from tieline.model.contract import ContractVersion
from tieline.model.project import Project
from tieline.model.record import Record
from tieline.store.canonical import loaded
from tieline.store.database import Connection

R = TypeVar("R", bound=Record)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of which days: from the end of `since` to the end of `until`."""

    since: date
    until: date
    known: datetime | None = None
    """As it was known before this moment; none: as it is."""
    engagement: str | None = None


_OVER = """
select e.id as engagement_id, (coalesce(c.closed_at, e.closed_at) at time zone 'UTC')::date as day,
  c.closed_at is not null as finished
from engagement e left join engagement_close c on c.engagement_id = e.id and c.state = 'closed'
where coalesce(c.closed_at, e.closed_at) < coalesce(%(known)s::timestamptz, 'infinity')
  and (%(engagement)s::text is null or e.id = %(engagement)s)
"""
_CONTRACTS = """
select contract_id, body from contract_version
where (%(engagement)s::text is null or engagement_id = %(engagement)s)
  and (%(known)s::timestamptz is null or activated_at < %(known)s) order by contract_id, version
"""
_PROJECTS = """
select contract_id, body from project
where %(engagement)s::text is null or engagement_id = %(engagement)s order by contract_id, code
"""
# What a line was when it was known: as it is, or as it stood before the first change after that moment.
_LINE = """
with former as (
  select distinct on (f.transaction_id) f.* from former_line f where f.until >= %(known)s
  order by f.transaction_id, f.until),
line as (
  select t.id, t.connection, t.source_id, t.project_id, t.kind, t.work_date, t.quantity, t.billable, t.task_ref, t.role,
    t.cost_rate, t.cost_currency, t.currency,
    case when f.transaction_id is null then t.amount else f.amount end as amount,
    case when f.transaction_id is null then t.disposition else f.disposition end as disposition
  from project_transaction t left join former f on f.transaction_id = t.id left join pull_page g on g.id = t.page_id
  where t.sign = 1 and t.work_date <= %(until)s and t.kind in ('time', 'expense', 'milestone', 'adjustment')
    and case when f.transaction_id is null then t.live else f.live end
    and case when f.transaction_id is null then t.state else f.state end in ('checked', 'in_exception')
    and (%(known)s::timestamptz is null or coalesce(t.recorded_at, g.pulled_at, '-infinity') < %(known)s)
    and (%(projects)s::text[] is null or t.project_id = any (%(projects)s)))
"""
_DELIVERED = (
    _LINE
    + """
select project_id, kind, coalesce(disposition, '') as disposition,
  case kind when 'milestone' then source_id else '' end as source,
  case when work_date <= %(since)s then %(since)s::date else %(until)s::date end as day,
  coalesce(sum(amount), 0) as amount, coalesce(sum(quantity) filter (where kind = 'time'), 0) as minutes,
  count(*) filter (where amount is null and billable)::int as unpriced
from line where project_id is not null group by 1, 2, 3, 4, 5
"""
)
_WORK = (
    _LINE
    + """
select l.connection || ':' || l.source_id as source, l.kind, l.project_id, l.work_date as day,
  case l.kind when 'time' then l.quantity else 0 end as minutes, l.amount, l.disposition, x.subject as task, l.role,
  case when l.cost_currency = l.currency then
    case l.kind when 'time' then l.quantity * l.cost_rate / 60 else l.cost_rate end end as cost
from line l left join cross_reference x
  on x.connection = l.connection and x.target = 'wbs_element' and x.external_id = l.task_ref
where l.kind in ('time', 'expense') and l.amount is not null and l.disposition is not null
"""
)
# An invoice that became void later counts for who knew nothing of that. Where the ERP tells no date, it is our day.
_ISSUED = """
with bill as (
  select i.id, coalesce((i.state->>'issued_on')::date,
    (coalesce(i.released_at, i.proposed_at) at time zone 'UTC')::date) as issued_on
  from invoice i
  where (i.status in ('open', 'partly_paid', 'paid') or i.status = 'void' and i.voided_at >= %(known)s)
    and (%(known)s::timestamptz is null or coalesce(i.released_at, '-infinity') < %(known)s)
    and (%(projects)s::text[] is null or i.project_id = any (%(projects)s)))
select t.project_id, t.kind, case t.kind when 'subscription' then regexp_replace(
    substr(t.source_id, length(t.project_id || ':subscription:') + 1), ':[^:]*$', '') else '' end as part,
  case when b.issued_on <= %(since)s then %(since)s::date else %(until)s::date end as day,
  sum(t.amount * t.sign) as amount
from bill b join invoice_line l on l.invoice_id = b.id join project_transaction t on t.id = l.transaction_id
where b.issued_on <= %(until)s group by 1, 2, 3, 4
"""
_READINGS = """
select contract_id, meter, day, quantity from meter_reading
where contract_id = any (%(contracts)s) and day <= %(until)s
  and (%(known)s::timestamptz is null or read_at < %(known)s)
"""


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of every contract, and how many lines of a project have no price yet."""

    contracts: tuple[RevenueFacts, ...]
    unpriced: Mapping[str, int]


def read_revenue_facts(db: Connection, asked: Asked) -> Known:
    """Of all contracts, or those of an engagement."""
    values = {**asdict(asked), "projects": None}
    versions = _by(db.execute(_CONTRACTS, values).fetchall(), ContractVersion)
    projects = _by(db.execute(_PROJECTS, values).fetchall(), Project)
    contracts = [name for name in projects if name in versions]
    if asked.engagement is not None:
        values["projects"] = [project.id for name in contracts for project in projects[name]]
    by_line = [name for name in contracts if any(one.billing_terms.follows_work for one in versions[name])]
    work = _work(db, values, [project for name in by_line for project in projects[name]])
    readings = _readings(db, {**values, "contracts": contracts})
    over = {row["engagement_id"]: row for row in db.execute(_OVER, values).fetchall()}
    (delivered, unpriced), issued = _delivered(db, values), _issued(db, values)
    found = []
    for name in contracts:
        timeline = timeline_of(versions[name], projects[name])
        end = over.get(timeline.newest.engagement_id)
        facts = RevenueFacts(
            timeline=timeline,
            projects=tuple(projects[name]),
            delivered=_of(projects[name], delivered),
            issued=_of(projects[name], issued),
            work=_of(projects[name], work),
            readings=tuple(readings.get(name, ())),
            passed=let_pass(db, timeline),
            over_since=end["day"] if end else None,
            finished=end is not None and end["finished"],
        )
        found.append(facts)
    return Known(tuple(found), unpriced)


def _by(rows: Iterable[Mapping[str, Any]], record_type: type[R]) -> dict[str, list[R]]:
    """Records by their contract."""
    found: dict[str, list[R]] = {}
    for row in rows:
        found.setdefault(row["contract_id"], []).append(loaded(record_type, row["body"]))
    return found


def _delivered(db: Connection, values: Mapping[str, Any]) -> tuple[dict[str, list[Delivered]], dict[str, int]]:
    """By project, with the lines that have no price."""
    found: dict[str, list[Delivered]] = {}
    unpriced: dict[str, int] = {}
    for row in db.execute(_DELIVERED, values).fetchall():
        project, without = row["project_id"], row.pop("unpriced")
        found.setdefault(project, []).append(Delivered(**row))
        unpriced[project] = unpriced.get(project, 0) + without
    return found, unpriced


def _issued(db: Connection, values: Mapping[str, Any]) -> dict[str, list[Issued]]:
    """By project."""
    found: dict[str, list[Issued]] = {}
    for row in db.execute(_ISSUED, values).fetchall():
        found.setdefault(row["project_id"], []).append(Issued(**row))
    return found


def _work(db: Connection, values: Mapping[str, Any], projects: Sequence[Project]) -> dict[str, list[Work]]:
    """By project, each line with the workstream of its task or role."""
    found: dict[str, list[Work]] = {}
    if not projects:
        return found
    tasks, roles = workstreams(projects)
    for row in db.execute(_WORK, {**values, "projects": [project.id for project in projects]}).fetchall():
        task, role = row.pop("task"), row.pop("role")
        workstream = tasks.get(task) or roles.get((row["project_id"], role))
        found.setdefault(row["project_id"], []).append(Work(**row, workstream=workstream))
    return found


def _readings(db: Connection, values: Mapping[str, Any]) -> dict[str, list[Reading]]:
    """By contract."""
    found: dict[str, list[Reading]] = {}
    for row in db.execute(_READINGS, values).fetchall():
        found.setdefault(row["contract_id"], []).append(Reading(row["meter"], row["day"], row["quantity"]))
    return found


def _of(projects: Sequence[Project], found: Mapping[str, Sequence[T]]) -> tuple[T, ...]:
    """What belongs to these projects."""
    return tuple(one for project in projects for one in found.get(project.id, ()))
