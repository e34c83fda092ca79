"""The whole exception queue in figures: how many, whose, how late, and what they hold back."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class QueueCounts:
    """The open exceptions that are not postponed, unless said otherwise."""

    open: int
    owners: tuple[tuple[str, int], ...]
    approvals: int
    at_risk: int = 0
    broken: int = 0
    """Their deadline has passed."""
    oldest: datetime | None = None
    postponed: int = 0
    write_offs: int = 0
    """Wait for a second person to confirm a write-off."""


_HELD = """
select currency, sum(amount) as amount from (
  select distinct on (coalesce(l.transaction_id::text, l.flow || ':' || l.key))
    coalesce(t.currency, l.currency) as currency, coalesce(t.amount * t.sign, l.amount) as amount
  from exception_item i join exception_line l on l.exception_id = i.id
    left join project_transaction t on t.id = l.transaction_id
  where i.closed_at is null and coalesce(i.postponed_until <= clock_timestamp(), true)) held
where currency is not null and amount is not null group by currency order by currency
"""


def money_held(db: Connection) -> tuple[tuple[str, Decimal], ...]:
    """What open exceptions hold back, by currency; a line that waits for two of them counts once."""
    return tuple((row["currency"], row["amount"]) for row in db.execute(_HELD).fetchall())


_COUNTS = """
with items as (
  select owner, kind, opened_at, due_at, at_risk_at, coalesce(postponed_until > clock_timestamp(), false) as postponed
  from exception_item where closed_at is null)
select count(*) filter (where not postponed) as open, count(*) filter (where postponed) as postponed,
  count(*) filter (where not postponed and kind = 'approval') as approvals,
  count(*) filter (where not postponed and due_at <= clock_timestamp()) as broken,
  count(*) filter (where not postponed and due_at > clock_timestamp() and at_risk_at <= clock_timestamp()) as at_risk,
  min(opened_at) filter (where not postponed) as oldest,
  (select count(*) from write_off w join exception_item i on i.id = w.exception_id
    where w.state = 'proposed' and i.closed_at is null) as write_offs
from items
"""
_OWNERS = """
select owner, count(*) as n from exception_item
where closed_at is null and coalesce(postponed_until <= clock_timestamp(), true)
group by owner order by n desc, owner
"""


def count_exceptions(db: Connection) -> QueueCounts:
    """How many are open, by owner, how late they are; and how many approvals are asked for."""
    row = db.execute(_COUNTS).fetchone()
    assert row is not None
    owners = db.execute(_OWNERS).fetchall()
    return QueueCounts(**row, owners=tuple((one["owner"], one["n"]) for one in owners))
