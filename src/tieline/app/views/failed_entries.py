"""Which approved entries failed to reach the ERP: those in an exception, and batches a system does not take."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tieline.store.database import Connection

MOST = 200


@dataclass(frozen=True, kw_only=True)
class FailedEntry:
    """One approved line that waits for a person."""

    id: int
    connection: str
    kind: str
    source_id: str
    person: str | None
    role: str | None
    work_date: date
    quantity: Decimal
    unit: str
    amount: Decimal | None
    currency: str | None
    approved_at: datetime | None
    project: str | None
    engagement_id: str | None
    engagement: str | None
    exception_id: int
    why: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class FailingBatch:
    """Lines that go on by themselves as soon as their system takes them."""

    connection: str
    state: str
    batches: int
    lines: int
    problem: str | None
    next_at: datetime | None
    since: datetime


@dataclass(frozen=True, kw_only=True)
class FailedEntries:
    """The page."""

    entries: tuple[FailedEntry, ...]
    total: int
    """All lines in exceptions, also those not listed."""
    batches: tuple[FailingBatch, ...]


_ENTRIES = """
select t.id, t.connection, t.kind, left(t.source_id, 100) as source_id, left(t.person, 100) as person,
  left(t.role, 100) as role, t.work_date, t.quantity * t.sign as quantity, t.unit, t.amount * t.sign as amount,
  t.currency, t.approved_at, p.code as project, p.engagement_id, left(e.name, 200) as engagement, i.id as exception_id,
  left(i.message, 300) as why, i.owner
from exception_item i join exception_line l on l.exception_id = i.id
join project_transaction t on t.id = l.transaction_id
left join project p on p.id = t.project_id left join engagement e on e.id = p.engagement_id
where i.closed_at is null order by i.opened_at, i.id, t.work_date, t.id limit %s
"""
_TOTAL = """
select count(distinct l.transaction_id)::int as total from exception_item i
join exception_line l on l.exception_id = i.id where i.closed_at is null and l.transaction_id is not null
"""
_BATCHES = """
select connection, case when state = 'in_doubt' then 'in_doubt' else 'refused_for_now' end as state,
  count(*)::int as batches, sum(cardinality(line_ids))::int as lines, left(min(problem), 300) as problem,
  min(due_at) filter (where due_at > clock_timestamp()) as next_at, min(created_at) as since
from posting_batch where state <> 'done' and (failures > 0 or state = 'in_doubt')
group by 1, 2 order by 1, 2
"""


def read_failed(db: Connection, *, limit: int = MOST) -> FailedEntries:
    """The oldest exceptions first."""
    total = db.execute(_TOTAL).fetchone()
    return FailedEntries(
        entries=tuple(FailedEntry(**row) for row in db.execute(_ENTRIES, [limit]).fetchall()),
        total=total["total"] if total else 0,
        batches=tuple(FailingBatch(**row) for row in db.execute(_BATCHES).fetchall()),
    )
