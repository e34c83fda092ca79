"""Unbilled work by project and age: what no released invoice holds, and what of it was written up or down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.store.database import Connection

HUNDRED = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class Wip:
    """Work of one currency that no released invoice holds."""

    currency: str
    lines: int
    up_to_30: Decimal
    up_to_60: Decimal
    up_to_90: Decimal
    older: Decimal
    adjusted_unbilled: Decimal
    """Written up, or down; the ages are without it."""
    waiting: Decimal
    """The part of what is unbilled that waits for an exception or a correction."""
    drafts: Decimal
    """On draft invoices."""
    adjusted: Decimal
    """Written up, or down, of what is unbilled or on drafts."""

    @property
    def ages(self) -> tuple[Decimal, ...]:
        """The youngest first."""
        return self.up_to_30, self.up_to_60, self.up_to_90, self.older

    @property
    def unbilled(self) -> Decimal:
        """On no invoice."""
        return sum(self.ages, self.adjusted_unbilled)

    @property
    def total(self) -> Decimal:
        """On no invoice, or on a draft."""
        return self.unbilled + self.drafts

    @property
    def realization(self) -> Decimal | None:
        """Per cent of the agreed prices that are left after adjustments; None when there is nothing to compare."""
        standard = self.total - self.adjusted
        return (self.total / standard * HUNDRED).quantize(Decimal("0.1")) if standard > 0 else None


@dataclass(frozen=True, kw_only=True)
class WipRow(Wip):
    """One project."""

    project_id: str
    code: str
    project: str
    engagement_id: str
    engagement: str
    customer_id: str
    customer: str
    legal_entity: str
    proposal: int | None
    """The adjustment that waits for a second person."""
    proposed: Decimal | None


_WIP = """
with work as (
  select u.project_id, count(*)::int as lines,
    coalesce(sum(u.amount) filter (where t.kind <> 'adjustment'
      and %(today)s::date - u.work_date <= 30), 0) as up_to_30,
    coalesce(sum(u.amount) filter (where t.kind <> 'adjustment'
      and %(today)s::date - u.work_date between 31 and 60), 0) as up_to_60,
    coalesce(sum(u.amount) filter (where t.kind <> 'adjustment'
      and %(today)s::date - u.work_date between 61 and 90), 0) as up_to_90,
    coalesce(sum(u.amount) filter (where t.kind <> 'adjustment' and %(today)s::date - u.work_date > 90), 0) as older,
    coalesce(sum(u.amount) filter (where t.kind = 'adjustment'), 0) as adjusted_unbilled,
    coalesce(sum(u.amount) filter (where u.state <> 'checked'), 0) as waiting
  from unbilled_line u join project_transaction t on t.id = u.id
  where %(project)s::text is null or u.project_id = %(project)s group by 1),
draft as (
  select i.project_id, sum(t.amount * t.sign) as drafts,
    coalesce(sum(t.amount * t.sign) filter (where t.kind = 'adjustment'), 0) as adjusted
  from invoice i join invoice_line l on l.invoice_id = i.id join project_transaction t on t.id = l.transaction_id
  where i.status in ('proposed', 'draft') and (%(project)s::text is null or i.project_id = %(project)s) group by 1)
select p.id as project_id, p.code, left(p.body->>'name', 200) as project, p.engagement_id,
  left(e.name, 200) as engagement, e.customer_id, left(e.customer_name, 200) as customer, p.legal_entity, p.currency,
  coalesce(w.lines, 0) as lines, coalesce(w.up_to_30, 0) as up_to_30, coalesce(w.up_to_60, 0) as up_to_60,
  coalesce(w.up_to_90, 0) as up_to_90, coalesce(w.older, 0) as older,
  coalesce(w.adjusted_unbilled, 0) as adjusted_unbilled, coalesce(w.waiting, 0) as waiting,
  coalesce(d.drafts, 0) as drafts, coalesce(w.adjusted_unbilled, 0) + coalesce(d.adjusted, 0) as adjusted,
  n.id as proposal, n.amount as proposed
from work w full join draft d using (project_id) join project p on p.id = project_id
  join engagement e on e.id = p.engagement_id
  left join wip_adjustment n on n.project_id = p.id and n.state = 'proposed'
where (%(project)s::text is null or p.id = %(project)s) and (%(entity)s::text is null or p.legal_entity = %(entity)s)
  and (%(customer)s::text is null or e.customer_id = %(customer)s)
  and (%(engagement)s::text is null or e.id = %(engagement)s)
order by coalesce(w.older, 0) desc, coalesce(w.up_to_90, 0) desc, p.code
"""


def read_wip(
    db: Connection,
    today: date,
    *,
    project: str | None = None,
    entity: str | None = None,
    customer: str | None = None,
    engagement: str | None = None,
) -> list[WipRow]:
    """The projects with unbilled work or drafts, the oldest work first."""
    values = {"today": today, "project": project, "entity": entity, "customer": customer, "engagement": engagement}
    return [WipRow(**row) for row in db.execute(_WIP, values).fetchall()]


def sums(rows: Iterable[Wip]) -> dict[str, Decimal]:
    """Currency -> what is on no released invoice."""
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row.currency] = found.get(row.currency, Decimal(0)) + row.total
    return found
