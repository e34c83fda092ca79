"""Where exceptions that cost margin pile up: work that was done and paid for, and cannot be billed."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tieline.store.database import Connection

MOST = 100
GROWTH = 3
"""Exceptions of a kind by which a week may grow before it is called out."""


@dataclass(frozen=True, kw_only=True)
class HeldProject:
    """Billable work of one project and currency that open exceptions hold."""

    project: str | None
    engagement_id: str | None
    engagement: str | None
    legal_entity: str | None
    currency: str | None
    exceptions: int
    lines: int
    amount: Decimal
    """At bill rates; what has no price yet is not in it."""
    unpriced: int
    """Lines without a price."""
    minutes: Decimal
    oldest: datetime
    exception_id: int
    """The oldest."""
    owners: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KindRow:
    """One kind of exception over the last week."""

    kind: str
    open: int
    opened_week: int
    closed_week: int

    @property
    def grows(self) -> bool:
        """Clearly more were opened than closed."""
        return self.opened_week - self.closed_week >= GROWTH


# A line may wait for several exceptions; it counts once, with the oldest of them.
_HELD = """
with held as (
  select distinct on (t.id) t.id, t.project_id, t.project_ref, t.legal_entity, t.currency, t.amount * t.sign as amount,
    case when t.unit = 'min' then t.quantity * t.sign else 0 end as minutes, i.id as exception_id, i.opened_at, i.owner
  from exception_item i join exception_line l on l.exception_id = i.id
  join project_transaction t on t.id = l.transaction_id
  where i.closed_at is null and t.billable and t.state = 'in_exception'
  order by t.id, i.opened_at, i.id)
select p.code as project, p.engagement_id, left(e.name, 200) as engagement,
  coalesce(p.legal_entity, h.legal_entity) as legal_entity, coalesce(h.currency, p.currency) as currency,
  count(distinct h.exception_id)::int as exceptions, count(*)::int as lines, coalesce(sum(h.amount), 0) as amount,
  count(*) filter (where h.amount is null)::int as unpriced, sum(h.minutes) as minutes, min(h.opened_at) as oldest,
  (array_agg(h.exception_id order by h.opened_at, h.exception_id))[1] as exception_id,
  array_agg(distinct h.owner) as owners
from held h left join project p on p.id = h.project_id left join engagement e on e.id = p.engagement_id
group by 1, 2, 3, 4, 5 order by amount desc, lines desc limit %s
"""
_KINDS = """
select kind, count(*) filter (where closed_at is null)::int as open,
  count(*) filter (where opened_at > clock_timestamp() - interval '7 days')::int as opened_week,
  count(*) filter (where closed_at > clock_timestamp() - interval '7 days')::int as closed_week
from exception_item
where closed_at is null or closed_at > clock_timestamp() - interval '7 days'
group by kind order by open desc, opened_week desc, kind
"""


def read_held(db: Connection, *, limit: int = MOST) -> list[HeldProject]:
    """Projects by what is held back, the largest first."""
    rows = db.execute(_HELD, [limit]).fetchall()
    return [HeldProject(**{**row, "owners": tuple(row["owners"])}) for row in rows]


def read_kinds(db: Connection) -> list[KindRow]:
    """Kinds of exceptions, those with most open ones first."""
    return [KindRow(**row) for row in db.execute(_KINDS).fetchall()]
