"""Which projects are ready to be invoiced, what keeps the others back, and how old the unbilled work is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.store.database import Connection

MOST = 200
AGES = ("up to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days")


@dataclass(frozen=True, kw_only=True)
class ReadyRow:
    """One project with unbilled work or a draft."""

    project_id: str
    code: str
    project: str
    engagement_id: str
    engagement: str
    customer: str
    legal_entity: str
    currency: str
    ready: Decimal
    """Billable, checked, of closed months, and on no invoice yet."""
    ready_lines: int
    running: Decimal
    """The same of this month."""
    held: Decimal
    """Priced, but in an exception or waiting for the correction of another line."""
    held_lines: int
    drafts: int
    """Draft invoices that wait for finance."""
    draft_amount: Decimal
    oldest: date | None
    """Working day of the oldest unbilled line."""
    exception_id: int | None
    """The oldest open exception that holds lines of this project."""
    why: str | None

    @property
    def state(self) -> str:
        """`release` (a draft waits for finance), `ready`, `partly` (something is held back), `held` or `running`."""
        if self.drafts:
            return "release"
        if self.ready_lines:
            return "partly" if self.held_lines else "ready"
        return "held" if self.held_lines else "running"


@dataclass(frozen=True, kw_only=True)
class AgeRow:
    """Unbilled work of one currency by age."""

    currency: str
    amounts: tuple[Decimal, Decimal, Decimal, Decimal]
    """In the order of AGES."""

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum(self.amounts, Decimal(0))


_READY = """
with work as (
  select project_id,
    coalesce(sum(amount) filter (where state = 'checked' and work_date < %(month)s), 0) as ready,
    count(*) filter (where state = 'checked' and work_date < %(month)s)::int as ready_lines,
    coalesce(sum(amount) filter (where state = 'checked' and work_date >= %(month)s), 0) as running,
    coalesce(sum(amount) filter (where state <> 'checked'), 0) as held,
    count(*) filter (where state <> 'checked')::int as held_lines, min(work_date) as oldest,
    (array_agg(id) filter (where state = 'in_exception'))[1:1000] as stuck
  from unbilled_line group by project_id),
draft as (
  select project_id, count(*)::int as drafts,
    sum(coalesce(state->'total'->>'amount', body->'net'->>'amount')::numeric) as draft_amount
  from invoice where status = 'draft' group by project_id)
select p.id as project_id, p.code, left(p.body->>'name', 200) as project, p.engagement_id,
  left(e.name, 200) as engagement, left(e.customer_name, 200) as customer, p.legal_entity, p.currency,
  coalesce(w.ready, 0) as ready, coalesce(w.ready_lines, 0) as ready_lines, coalesce(w.running, 0) as running,
  coalesce(w.held, 0) as held,
  coalesce(w.held_lines, 0) as held_lines, coalesce(d.drafts, 0) as drafts, coalesce(d.draft_amount, 0) as draft_amount,
  w.oldest, x.id as exception_id, x.message as why
from work w full join draft d using (project_id) join project p on p.id = project_id
join engagement e on e.id = p.engagement_id
left join lateral (select i.id, left(i.message, 300) as message from exception_line l
  join exception_item i on i.id = l.exception_id where l.transaction_id = any (w.stuck) and i.closed_at is null
  order by i.opened_at, i.id limit 1) x on true
order by (coalesce(d.drafts, 0) > 0 or coalesce(w.ready_lines, 0) > 0) desc, coalesce(w.ready, 0) desc, p.code
limit %(limit)s
"""
_AGES = """
select currency, sum(amount) filter (where age <= 30) as a, sum(amount) filter (where age between 31 and 60) as b,
  sum(amount) filter (where age between 61 and 90) as c, sum(amount) filter (where age > 90) as d
from (select currency, amount, %(today)s::date - work_date as age from unbilled_line where currency is not null) aged
group by currency order by sum(amount) desc
"""


def read_ready(db: Connection, today: date) -> list[ReadyRow]:
    """The projects, those that can be billed first, the largest first."""
    values = {"month": today.replace(day=1), "limit": MOST}
    return [ReadyRow(**row) for row in db.execute(_READY, values).fetchall()]


def read_ages(db: Connection, today: date) -> list[AgeRow]:
    """Unbilled work by age, per currency."""
    return [_ages(row) for row in db.execute(_AGES, {"today": today}).fetchall()]


def _ages(row: Mapping[str, Any]) -> AgeRow:
    a, b, c, d = (row[name] or Decimal(0) for name in "abcd")
    return AgeRow(currency=row["currency"], amounts=(a, b, c, d))


def ready_sums(rows: list[ReadyRow]) -> list[tuple[str, Decimal]]:
    """What can be billed now, by currency, the largest first."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row.ready_lines:
            sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.ready
    return sorted(sums.items(), key=lambda item: -item[1])
