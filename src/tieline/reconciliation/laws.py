"""The other invariants of `tieline verify`: no double (I2), no orphan or ghost (I3), order (I5), no silence (I10)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from tieline.reconciliation.comparison import Firm
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Operation
from tieline.store.database import Connection

# The ERP's own list: a reference twice; or more charges of one source line than reversals take back. A reversal that is
# under way or waits here will take the older one back.
_DOUBLES = """
with there as (
  select connection, reference, split_part(reference, '~', 1) as source,
    coalesce(nullif(split_part(reference, '~', 2), ''), '0') as seq, external_id from booked),
counted as (
  select connection, source, count(*) filter (where right(seq, 1) in ('0', '2', '4', '6', '8')) as charges,
    count(*) filter (where right(seq, 1) in ('1', '3', '5', '7', '9')) as reversals,
    count(*) - count(distinct reference) as repeated, array_agg(external_id order by external_id) as ids
  from there group by 1, 2),
pending as (
  select l.connection || ':' || l.kind || ':' || l.source_id || ':0' as source, count(*) as lines from line l
  where l.sign = -1 and l.kind = 'time' and l.fate in ('waiting', 'in_flight', 'in_exception') group by 1)
select c.connection, c.source, c.charges, c.reversals, c.repeated, c.ids[1:10] as ids
from counted c left join pending p using (source)
where (c.repeated > 0 or c.charges - c.reversals - coalesce(p.lines, 0) > 1)
  and not exists (select from moving m where m.connection || ':' || m.kind || ':' || m.source_id || ':0' = c.source)
order by 1, 2 limit 1000
"""
_GHOST_LINES = """
select b.connection, b.reference, b.external_id from booked b
where not exists (select from line l where l.reference = b.reference)
  and not exists (select from moving m
    where m.connection || ':' || m.kind || ':' || m.source_id = regexp_replace(b.reference, ':[0-9]+(~[0-9]+)?$', ''))
  and not exists (select from project_transaction t join posting_batch h on h.id = t.batch_id
    where t.connection || ':' || t.kind || ':' || t.source_id = regexp_replace(b.reference, ':[0-9]+(~[0-9]+)?$', '')
      and h.state <> 'done')
order by 1, 2 limit 1000
"""
_GONE_LINES = """
select erp as connection, reference from line where fate = 'gone' and kind = 'time' order by 1, 2 limit 1000
"""
# Links of the records a system lists, against that list.
_ORPHANS = """
select x.connection, x.target, x.subject, x.external_id from cross_reference x
  join effect f on f.connection = x.connection and f.target = x.target and f.subject = x.subject
where x.connection = %(connection)s and x.target = %(target)s and f.state = 'confirmed' and f.changed_at < %(since)s
  and not exists (select from listed l where l.external_id = x.external_id) order by x.subject limit 1000
"""
_GHOSTS = """
select %(connection)s::text as connection, %(target)s::text as target, l.reference as subject, l.external_id
from listed l
where starts_with(l.reference, %(prefix)s) and not l.void
  and not exists (select from cross_reference x where x.connection = %(connection)s and x.target = %(target)s
    and (x.external_id = l.external_id))
  and not exists (select from effect f where f.connection = %(connection)s and f.target = %(target)s
    and f.subject = l.reference and f.state <> 'confirmed')
order by 3 limit 1000
"""
_SAMPLE = """
select x.target, x.subject, x.external_id from cross_reference x
  join effect f on f.connection = x.connection and f.target = x.target and f.subject = x.subject
where x.connection = %(connection)s and f.state = 'confirmed' and x.target = any (%(targets)s)
order by md5(%(seed)s || x.target || x.subject) limit %(size)s
"""
# The ERP's net of a source line is that of its newest approved version, unless something of it is still to happen.
_ORDER = """
with net as (
  select split_part(reference, '~', 1) as source, connection, sum(quantity) as quantity from booked group by 1, 2),
newest as (
  select l.connection || ':' || l.kind || ':' || l.source_id || ':0' as source,
    max(l.seq) filter (where l.live) as seq, bool_or(l.fate in ('waiting', 'in_flight', 'in_exception', 'gone')) as open
  from line l where l.kind = 'time' group by 1),
demanded as (
  select t.connection || ':' || t.kind || ':' || t.source_id || ':0' as source,
    sum(case t.state when 'withdrawn' then 0 else t.quantity end) as quantity
  from project_transaction t where t.live and t.sign = 1 and t.kind = 'time' group by 1)
select n.connection, n.source, n.quantity, d.quantity as newest from net n join newest w using (source)
  join demanded d using (source)
where not w.open and n.quantity <> d.quantity order by 1, 2 limit 1000
"""
_OVERWRITTEN = """
select t.connection, t.connection || ':' || t.kind || ':' || t.source_id as source, o.source_version as quantity,
  t.source_version as newest
from project_transaction t join project_transaction o on o.id = t.supersedes_id
where t.live and t.sign = 1 and o.source_version > t.source_version order by 1, 2 limit 1000
"""


def doubles(db: Connection) -> list[dict[str, Any]]:
    """I2: source lines with two live ERP lines."""
    return db.execute(_DOUBLES).fetchall()


def ghost_lines(db: Connection) -> list[dict[str, Any]]:
    """I3: ERP lines under a reference of ours that we know nothing of."""
    return db.execute(_GHOST_LINES).fetchall()


def gone_lines(db: Connection) -> list[dict[str, Any]]:
    """I3: lines we posted that the ERP does not hold."""
    return db.execute(_GONE_LINES).fetchall()


def links(db: Connection, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """I3: links whose target is not on the list, and records of ours on the list that no link names."""
    orphans = [{**row, "law": "orphan"} for row in db.execute(_ORPHANS, values).fetchall()]
    return orphans + [{**row, "law": "ghost"} for row in db.execute(_GHOSTS, values).fetchall()]


def sampled(db: Connection, firm: Firm, seed: int, size: int, listed: Sequence[tuple[str, str]]) -> Iterator[Any]:
    """I3 for records no list shows: a sample of links is read back, one by one. Yields each, with what is wrong."""
    for name, operations in _operations(firm).items():
        targets = [target for target in operations if (name, target) not in listed]
        values = {"connection": name, "targets": targets, "seed": str(seed), "size": size}
        for row in db.execute(_SAMPLE, values).fetchall():
            read = operations[row["target"]].read_back
            try:
                if read is not None:
                    read(row["external_id"])
            except Rejected as error:
                yield {**row, "connection": name, "law": "orphan", "why": error.message}
            else:
                yield {**row, "connection": name, "law": None}


def _operations(firm: Firm) -> dict[str, dict[str, Operation[Any]]]:
    """Connection -> target -> an operation that can read its record back."""
    found: dict[str, dict[str, Operation[Any]]] = {}
    for name, connected in firm.connected.items():
        for role in (connected.crm, connected.psa, connected.erp):
            for attribute in vars(role).values() if role is not None else ():
                if isinstance(attribute, Operation) and attribute.read_back is not None:
                    found.setdefault(name, {})[attribute.target] = attribute
    return found


def order(db: Connection) -> list[dict[str, Any]]:
    """I5: source lines whose ERP net is not that of their newest version."""
    return db.execute(_ORDER).fetchall() + db.execute(_OVERWRITTEN).fetchall()


# What a closed contract had billed when it handed over its open balance, against what is on its invoices now.
_HANDED_OVER = """
with handed as (
  select s.engagement_id, s.carried->>'id' as contract_id, s.carried->'billed'->>'currency' as currency,
    (s.carried->'billed'->>'amount')::numeric as billed
  from succession s join engagement_close c on c.engagement_id = s.engagement_id and c.state = 'closed'
  where s.carried is not null)
select h.*, n.amount as billed_now from handed h cross join lateral (
  select coalesce(sum(t.amount * t.sign), 0) as amount from project p
    join project_transaction t on t.project_id = p.id join invoice_line i on i.transaction_id = t.id
  where p.contract_id = h.contract_id and t.kind <> 'expense') n
where h.billed <> n.amount order by 1 limit 1000
"""


def handed_over(db: Connection) -> list[dict[str, Any]]:
    """I1: contracts whose successor took over another balance than they had."""
    return db.execute(_HANDED_OVER).fetchall()


_SILENT = """
select 'process' as what, a.flow || ' ' || a.key as name, a.state as state, a.due_at as since from agenda a
where (a.due_at < clock_timestamp() - %(sla)s::interval or a.state = 'blocked'
    or a.behind and not exists (select from procrastinate_jobs j where j.queueing_lock = a.flow || ':' || a.key))
  and not exists (select from exception_line l join exception_item i on i.id = l.exception_id
    where l.flow = a.flow and l.key = a.key and i.closed_at is null)
union all
select 'write', f.connection || ' ' || f.target || ' ' || f.subject, f.state, f.changed_at from effect f
where f.state not in ('confirmed', 'withdrawn') and f.retired_at is null
  and f.changed_at < clock_timestamp() - %(sla)s::interval
  and not exists (select from exception_line l join exception_item i on i.id = l.exception_id
    where l.flow = f.flow and l.key = f.key and i.closed_at is null)
union all
select 'batch', b.connection || ' batch ' || b.id, b.state, b.created_at from posting_batch b
where b.state <> 'done' and b.created_at < clock_timestamp() - %(sla)s::interval
  and not exists (select from pause p where p.scope = 'connection' and p.name = b.connection)
  and not exists (select from exception_line l join exception_item i on i.id = l.exception_id
    where l.transaction_id = any (b.line_ids) and i.closed_at is null)
union all
select 'line', t.connection || ':' || t.kind || ':' || t.source_id, t.state, null from project_transaction t
where t.state = 'in_exception' and not exists (select from exception_line l join exception_item i
    on i.id = l.exception_id where l.transaction_id = t.id and i.closed_at is null)
union all
select 'line', t.connection || ':' || t.kind || ':' || t.source_id || '~' || t.seq, t.state, null
from project_transaction t join project_transaction o on o.id = t.supersedes_id
  left join posting_batch b on b.id = o.batch_id
where t.state = 'held' and coalesce(b.state, 'done') = 'done'
union all
select 'feed', c.stream, coalesce(c.problem, 'fails'), c.swept_at from feed_cursor c
where c.failures > 0 and coalesce(c.swept_at, '-infinity') < clock_timestamp() - %(sla)s::interval
  and not exists (select from pause p where p.scope = 'connection' and p.name = split_part(c.stream, ':', 1))
union all
select 'exception', 'exception ' || i.id, 'without owner or words', i.opened_at from exception_item i
where i.closed_at is null and (i.owner = '' or i.message = '')
limit 1000
"""


def silent(db: Connection, sla: timedelta) -> list[dict[str, Any]]:
    """I10: what is not at an end for longer than its SLA, and nobody was told."""
    return db.execute(_SILENT, {"sla": sla}).fetchall()
