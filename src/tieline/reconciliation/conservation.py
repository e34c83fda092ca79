"""Conservation (I1): what is approved at the source is posted, under way, waiting or written off, and nothing is lost.

Quantities count minutes of time and amounts of expenses, reversals netted; "posted" is what the ERP's own list holds.
Money counts what we priced. No law mixes a PSA's money with an ERP's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tieline.store.database import Connection

TABLES = """
create temp table approved (connection text, kind text, source_id text, project_ref text, day date, quantity numeric,
  unit text, primary key (connection, kind, source_id));
create temp table booked (connection text, reference text, external_id text, quantity numeric, day date, project text);
create temp table billed (connection text, invoice_id text primary key);
create temp table moving (connection text, kind text, source_id text, primary key (connection, kind, source_id));
set jit = off;
set work_mem = '64MB'
"""
REFERENCE = (
    "t.connection || ':' || t.kind || ':' || t.source_id || ':' || t.part"
    " || case when t.seq > 0 then '~' || t.seq else '' end"
)
# Whatever was pulled, posted or marked while the lists were read stands on one side only; it is counted, not judged.
_MOVING = """
insert into moving
select distinct t.connection, t.kind, t.source_id from project_transaction t
  left join pull_page g on g.id = t.page_id left join erp_line e on e.transaction_id = t.id
  left join invoice_line i on i.transaction_id = t.id
where g.pulled_at >= %(since)s or e.posted_at >= %(since)s or i.marked_at >= %(since)s
"""
# One row per line of ours with what became of it. Time is posted when the ERP's list holds it, with the quantity it has
# there; expenses and milestones are when that list holds their invoice. `gone`: we have it as posted, the ERP does not.
_LINES = f"""
create temp table line as
with known as (
  select t.*, {REFERENCE} as reference, coalesce(p.legal_entity, '-') as entity,
    coalesce(p.code, t.project_ref, '-') as project,
    case when t.kind = 'time' then e.transaction_id is not null else i.transaction_id is not null end as is_booked,
    case when t.kind = 'time' then o.transaction_id is not null else k.transaction_id is not null end as was_booked,
    e.connection as erp, i.invoice_id, h.state in ('sending', 'accepted', 'in_doubt') as under_way
  from project_transaction t left join project p on p.id = t.project_id
    left join erp_line e on e.transaction_id = t.id left join invoice_line i on i.transaction_id = t.id
    left join posting_batch h on h.id = t.batch_id
    left join erp_line o on o.transaction_id = t.supersedes_id
    left join invoice_line k on k.transaction_id = t.supersedes_id
  where not exists (
    select from moving m where (m.connection, m.kind, m.source_id) = (t.connection, t.kind, t.source_id)))
select k.connection, k.kind, k.source_id, k.seq, k.sign, k.live, k.state, k.work_date, k.reference,
  k.entity as legal_entity, k.project, k.erp,
  case k.kind when 'time' then 'min' else coalesce(k.source_currency, k.currency, '-') end as unit,
  case when k.kind <> 'time' then coalesce(k.source_amount, k.quantity) * k.sign when k.is_booked then b.quantity
    else k.quantity * k.sign end as quantity,
  k.amount * k.sign as amount, k.currency,
  case
    when k.is_booked then case when b.reference is not null or v.invoice_id is not null then 'posted' else 'gone' end
    when k.state in ('void', 'withdrawn') or k.state = 'checked' and k.sign = -1 and not k.was_booked then null
    when k.sign = 1 and not k.live then case when k.state = 'checked' and k.under_way then 'in_flight' end
    when k.state = 'held' or k.state = 'checked' and k.under_way then 'in_flight'
    when k.state = 'checked' then 'waiting'
    else k.state end as fate
from known k
  left join (select connection, reference, sum(quantity) as quantity from booked group by 1, 2) b
    on k.kind = 'time' and b.connection = k.erp and b.reference = k.reference
  left join billed v on k.kind <> 'time' and v.invoice_id = k.invoice_id
"""  # noqa: S608 - a constant of this module
_QUANTITY = """
with sources as (
  select a.connection, a.kind, a.source_id, coalesce(p.legal_entity, '-') as legal_entity,
    coalesce(p.code, a.project_ref) as project, to_char(a.day, 'YYYY-MM') as period, a.quantity, a.unit
  from approved a
    left join cross_reference r
      on r.connection = a.connection and r.target = 'project' and r.external_id = a.project_ref
    left join project p on p.id = r.subject
  where not exists (
    select from moving m where (m.connection, m.kind, m.source_id) = (a.connection, a.kind, a.source_id))),
ours as (
  select connection, kind, source_id, min(legal_entity) as legal_entity, min(project) as project,
    min(to_char(work_date, 'YYYY-MM')) as period, min(unit) as unit,
    coalesce(sum(quantity) filter (where fate = 'posted'), 0) as posted,
    coalesce(sum(quantity) filter (where fate = 'in_flight'), 0) as in_flight,
    coalesce(sum(quantity) filter (where fate = 'waiting'), 0) as waiting,
    coalesce(sum(quantity) filter (where fate = 'in_exception'), 0) as in_exception,
    coalesce(sum(quantity) filter (where fate = 'opening'), 0) as opening,
    coalesce(sum(quantity) filter (where fate = 'written_off'), 0) as written_off
  from line join source_feed using (connection, kind) group by 1, 2, 3),
each as (
  select coalesce(s.kind, o.kind) as kind, coalesce(s.legal_entity, o.legal_entity) as legal_entity,
    coalesce(s.project, o.project) as project, coalesce(s.period, o.period) as period,
    coalesce(s.unit, o.unit) as unit, coalesce(s.source_id, o.source_id) as source_id,
    coalesce(s.quantity, 0) as approved, coalesce(posted, 0) as posted,
    coalesce(in_flight, 0) as in_flight, coalesce(waiting, 0) as waiting, coalesce(in_exception, 0) as in_exception,
    coalesce(opening, 0) as opening, coalesce(written_off, 0) as written_off
  from sources s full join ours o using (connection, kind, source_id)),
judged as (
  select *, approved - posted - in_flight - waiting - in_exception - opening - written_off as lost from each)
select legal_entity, project, period, unit,
  count(*) filter (where approved <> 0) as lines, sum(approved) as approved, sum(posted) as posted,
  sum(in_flight) as in_flight, sum(waiting) as waiting, sum(in_exception) as in_exception, sum(opening) as opening,
  sum(written_off) as written_off, sum(lost) as lost,
  coalesce((array_agg(source_id order by source_id) filter (where lost <> 0))[1:20], '{}') as ids
from judged group by 1, 2, 3, 4
having sum(approved) <> 0 or bool_or(lost <> 0) or sum(posted) <> 0 or sum(waiting + in_flight + in_exception) <> 0
order by 1, 2, 3, 4
"""
_MONEY = """
with sums as (
  select legal_entity, currency, project, to_char(work_date, 'YYYY-MM') as period,
    coalesce(sum(amount) filter (where live and sign = 1
      and state in ('checked', 'in_exception', 'opening', 'written_off')), 0) as priced,
    coalesce(sum(amount) filter (where fate = 'posted'), 0) as posted,
    coalesce(sum(amount) filter (where fate = 'in_flight'), 0) as in_flight,
    coalesce(sum(amount) filter (where fate = 'waiting'), 0) as waiting,
    coalesce(sum(amount) filter (where fate = 'in_exception'), 0) as in_exception,
    coalesce(sum(amount) filter (where fate = 'opening'), 0) as opening,
    coalesce(sum(amount) filter (where fate = 'written_off'), 0) as written_off
  from line where amount is not null group by 1, 2, 3, 4)
select *, priced - posted - in_flight - waiting - in_exception - opening - written_off as lost
from sums where priced <> 0 or posted <> 0 or in_flight <> 0 or waiting <> 0 order by 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One row of the table of quantities: approved = everything that became of it, or something is lost."""

    legal_entity: str
    project: str
    period: str
    unit: str
    """`min` of time, the currency of expenses."""
    lines: int
    approved: Decimal
    posted: Decimal
    in_flight: Decimal
    waiting: Decimal
    in_exception: Decimal
    opening: Decimal
    written_off: Decimal
    lost: Decimal
    """Above zero: approved work that is nowhere; below: work nobody approved."""
    ids: list[str]
    """Source ids that do not come out, at most 20."""


@dataclass(frozen=True, slots=True)
class Value:
    """One row of the table of money: priced = everything that became of it."""

    legal_entity: str
    currency: str
    project: str
    period: str
    priced: Decimal
    posted: Decimal
    in_flight: Decimal
    waiting: Decimal
    in_exception: Decimal
    opening: Decimal
    written_off: Decimal
    lost: Decimal


def quantities(db: Connection) -> list[Quantity]:
    """The table of quantities, from the temporary tables."""
    return [Quantity(**row) for row in db.execute(_QUANTITY).fetchall()]


def values(db: Connection) -> list[Value]:
    """The table of money."""
    return [Value(**row) for row in db.execute(_MONEY).fetchall()]


def prepare(db: Connection, since: datetime, feeds: Sequence[tuple[str, str]]) -> int:
    """Our lines beside the lists; `feeds`: (connection, kind) that were listed. Returns how many are on the move."""
    db.execute("create temp table source_feed (connection text, kind text)")
    with db.cursor() as cursor:
        cursor.executemany("insert into source_feed values (%s, %s)", feeds)
    db.execute("analyze approved; analyze booked")
    moving = db.execute(_MOVING, {"since": since}).rowcount
    db.execute(_LINES)
    db.execute("analyze line")
    return moving


def wrong_quantities(rows: Sequence[Quantity]) -> list[Quantity]:
    """The rows that do not come out, as sums or line by line."""
    return [row for row in rows if row.lost or row.ids]


def wrong_values(rows: Sequence[Value]) -> list[Value]:
    """The rows that do not come out."""
    return [row for row in rows if row.lost]
