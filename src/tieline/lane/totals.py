"""Totals: nothing approved is lost, nothing priced is lost, and what a project has come to."""

from dataclasses import dataclass
from decimal import Decimal

from tieline.store.database import Connection

_QUANTITY = """
with pulled as (
  select stream, sum(lines) as lines, sum(quantity) as quantity from pull_page group by stream),
held as (
  select t.connection || ':' || t.kind as stream, count(*) as lines,
    sum(case t.kind when 'time' then t.quantity else coalesce(t.source_amount, 0) end) as quantity
  from project_transaction t where t.live and t.sign = 1 and t.part = 0 and t.kind in ('time', 'expense')
    and t.state in ('checked', 'in_exception', 'opening', 'written_off')
  group by 1)
select stream, coalesce(p.lines, 0)::bigint as pulled_lines, coalesce(p.quantity, 0) as pulled,
  coalesce(h.lines, 0)::bigint as held_lines, coalesce(h.quantity, 0) as held
from pulled p full join held h using (stream) order by stream
"""
_MONEY = """
with lines as (
  select coalesce(t.legal_entity, '-') as legal_entity, coalesce(t.project_id, '-') as project_id, t.currency,
    t.amount * t.sign as amount,
    t.live and t.sign = 1 and t.state in ('checked', 'in_exception', 'opening', 'written_off') as demanded,
    case when e.transaction_id is not null or i.transaction_id is not null then 'booked'
      when t.state = 'checked' and t.sign = 1 and not t.live then
        case when b.state in ('sending', 'accepted', 'in_doubt') then 'in_flight' end
      when t.state in ('checked', 'held') then 'waiting'
      when t.state in ('in_exception', 'opening', 'written_off') then t.state end as fate
  from project_transaction t left join erp_line e on e.transaction_id = t.id
    left join posting_batch b on b.id = t.batch_id left join invoice_line i on i.transaction_id = t.id
  where t.amount is not null)
select legal_entity, project_id, currency, sum(amount) filter (where demanded) as demanded,
  sum(amount) filter (where fate is not null) as accounted
from lines group by 1, 2, 3
having sum(amount) filter (where demanded) is distinct from sum(amount) filter (where fate is not null)
  and coalesce(sum(amount) filter (where demanded), 0) <> coalesce(sum(amount) filter (where fate is not null), 0)
order by 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a feed approved (by the control totals of its pages) and what our rows hold of it; they must be equal."""

    stream: str
    pulled_lines: int
    pulled: Decimal
    """Minutes of time, amounts of expenses."""
    held_lines: int
    held: Decimal

    @property
    def lost(self) -> Decimal:
        """More than zero: approved work without a row."""
        return self.pulled - self.held


@dataclass(frozen=True, slots=True)
class MoneyDifference:
    """A project whose demanded money is not what is booked, under way or waiting, reversals netted."""

    legal_entity: str
    project_id: str
    currency: str
    demanded: Decimal | None
    accounted: Decimal | None


def quantity_balances(db: Connection) -> list[Balance]:
    """One balance per feed. Run in a transaction of its own; all is one snapshot."""
    return [Balance(**row) for row in db.execute(_QUANTITY).fetchall()]


def money_differences(db: Connection) -> list[MoneyDifference]:
    """Empty when no money is lost or doubled."""
    return [MoneyDifference(**row) for row in db.execute(_MONEY).fetchall()]


_PROJECT = """
select coalesce(sum(t.quantity) filter (where t.kind = 'time'), 0) / 60 as hours,
  coalesce(sum(t.amount) filter (where t.disposition = 'billable' and t.state = 'checked'), 0) as billable,
  coalesce(sum(case when t.kind = 'time' then round(t.quantity * t.cost_rate / 60, 2)
    when not cost_is_in_erp(t.kind, t.attributes) then t.cost_rate end), 0) as cost,
  coalesce(bool_and(t.cost_rate is not null and t.cost_currency = p.currency
    or cost_is_in_erp(t.kind, t.attributes)) filter (where t.kind in ('time', 'expense') and t.state = 'checked'), true)
    as cost_known
from project_transaction t join project p on p.id = t.project_id
where t.project_id = %(project)s and t.live and t.sign = 1 and t.state in ('checked', 'in_exception')
"""
_BORN_IN_ERP = """
select case when count(*) > 0 then coalesce(sum(cost) filter (where live), 0) end as cost,
  coalesce(bool_and(cost is not null) filter (where live), true) as known
from erp_cost where project_id = %s and counted
"""


@dataclass(frozen=True, slots=True)
class ProjectTotals:
    """Approved work of a project, in its currency.

    `hours` counts what waits in exceptions, `billable` what is priced. `cost` is None when somebody's cost is unknown
    or in another currency; `external` is the part of it that was born in the ERP, None when there is none or it is
    unknown.
    """

    hours: Decimal
    billable: Decimal
    cost: Decimal | None
    external: Decimal | None = None


def project_totals(db: Connection, project_id: str) -> ProjectTotals:
    """What a project has come to, corrections taken into account, invoiced or not."""
    row = db.execute(_PROJECT, {"project": project_id}).fetchone()
    born = db.execute(_BORN_IN_ERP, [project_id]).fetchone()
    assert row is not None
    assert born is not None
    cost = row["cost"] + (born["cost"] or 0) if row["cost_known"] and born["known"] else None
    external = born["cost"] if born["known"] else None
    return ProjectTotals(row["hours"], row["billable"], cost, external)
