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
    adjusted: Decimal
    """Written up, or down; the ages are without it."""
    drafts: Decimal
    """The part of all this that is on draft invoices."""
    waiting: Decimal
    """The part that waits for an exception or a correction."""
    unpriced: int
    """Lines that have no price yet, and so count for nothing in the amounts."""

    @property
    def ages(self) -> tuple[Decimal, ...]:
        """The youngest first."""
        return self.up_to_30, self.up_to_60, self.up_to_90, self.older

    @property
    def total(self) -> Decimal:
        """On no invoice, or on a draft."""
        return sum(self.ages, self.adjusted)

    @property
    def unbilled(self) -> Decimal:
        """On no invoice."""
        return self.total - self.drafts

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
with line as (
  select u.project_id, t.kind, %(today)s::date - u.work_date as age, u.amount, u.currency,
    u.state <> 'checked' as waits, false as on_draft
  from unbilled_line u join project_transaction t on t.id = u.id
  where %(project)s::text is null or u.project_id = %(project)s
  union all
  select t.project_id, t.kind, %(today)s::date - t.work_date, t.amount * t.sign, t.currency, false, true
  from invoice i join invoice_line l on l.invoice_id = i.id join project_transaction t on t.id = l.transaction_id
  where i.status in ('proposed', 'draft') and (%(project)s::text is null or i.project_id = %(project)s)),
work as (
  select project_id, count(*)::int as lines, count(*) filter (where currency is null)::int as unpriced,
    coalesce(sum(amount) filter (where kind <> 'adjustment' and age <= 30), 0) as up_to_30,
    coalesce(sum(amount) filter (where kind <> 'adjustment' and age between 31 and 60), 0) as up_to_60,
    coalesce(sum(amount) filter (where kind <> 'adjustment' and age between 61 and 90), 0) as up_to_90,
    coalesce(sum(amount) filter (where kind <> 'adjustment' and age > 90), 0) as older,
    coalesce(sum(amount) filter (where kind = 'adjustment'), 0) as adjusted,
    coalesce(sum(amount) filter (where on_draft), 0) as drafts, coalesce(sum(amount) filter (where waits), 0) as waiting
  from line group by 1)
select w.*, p.code, left(p.body->>'name', 200) as project, p.engagement_id, left(e.name, 200) as engagement,
  e.customer_id, left(e.customer_name, 200) as customer, p.legal_entity, p.currency, n.id as proposal,
  n.amount as proposed
from work w join project p on p.id = w.project_id join engagement e on e.id = p.engagement_id
  left join wip_adjustment n on n.project_id = p.id and n.state = 'proposed'
where (%(entity)s::text is null or p.legal_entity = %(entity)s)
  and (%(customer)s::text is null or e.customer_id = %(customer)s)
  and (%(engagement)s::text is null or e.id = %(engagement)s)
order by w.older desc, w.up_to_90 desc, w.up_to_60 desc, w.up_to_30 desc, p.code
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
