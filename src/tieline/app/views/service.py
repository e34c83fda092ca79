"""Service levels: how long records took from the event to the target's confirmation, per tier, against the promise."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieline.app.assembly import FLOW_TIERS, FLOWS
from tieline.engine.tiers import ServiceLevel, Tier
from tieline.store.database import Connection

Levels = Mapping[Tier, ServiceLevel]
DAY = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class TierRow:
    """One tier over a window of time."""

    tier: Tier
    name: str
    within_seconds: float
    """The promise."""
    target_share: float
    """The share of records that must keep it."""
    records: int
    late: int
    p50_seconds: float | None
    p95_seconds: float | None
    slowest_seconds: float | None
    overdue: int
    """Not there yet although the promise has passed."""
    overdue_since: datetime | None
    """When the oldest of these came."""

    @property
    def share(self) -> float | None:
        """The share that was in time; None without records."""
        return (self.records - self.late) / self.records if self.records else None

    @property
    def kept(self) -> bool:
        """Whether the promise is kept."""
        return not self.overdue and (self.share is None or self.share >= self.target_share)


@dataclass(frozen=True, kw_only=True)
class LateRow:
    """Records that came late."""

    tier: Tier
    label: str
    connection: str
    engagement_id: str | None
    engagement: str | None
    records: int
    started_at: datetime
    ended_at: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds()


_MEASURED = """
with fact as (
  select f.tier, f.records, extract(epoch from f.ended_at - f.started_at)::float8 as seconds, l.within
  from service_fact f join unnest(%(tiers)s::text[], %(within)s::float8[]) l (tier, within) on l.tier = f.tier
  where f.ended_at > clock_timestamp() - %(window)s::interval),
ranked as (
  select *, sum(records) over (partition by tier order by seconds) as upto,
    sum(records) over (partition by tier) as whole from fact)
select tier, sum(records)::int as records, coalesce(sum(records) filter (where seconds > within), 0)::int as late,
  max(seconds) as slowest_seconds, min(seconds) filter (where upto >= whole * 0.5) as p50_seconds,
  min(seconds) filter (where upto >= whole * 0.95) as p95_seconds
from ranked group by tier
"""

# A flow that waits for a person or an approval has no clock: that time is its exception's.
_OVERDUE = """
with late as (
  select l.tier, a.since, 1 as records from agenda a
  join unnest(%(flows)s::text[], %(flow_tiers)s::text[]) f (flow, tier) on f.flow = a.flow
  join unnest(%(tiers)s::text[], %(within)s::float8[]) l (tier, within) on l.tier = f.tier
  where (a.behind or (a.due_at is not null and a.state = 'retrying'))
    and a.since < clock_timestamp() - make_interval(secs => l.within)
  union all
  select 'transactions', b.created_at, cardinality(b.line_ids) from posting_batch b
  where b.state <> 'done' and b.created_at < clock_timestamp() - make_interval(secs => %(transactions)s))
select tier, sum(records)::int as overdue, min(since) as overdue_since from late group by tier
"""


def read_service(db: Connection, levels: Levels, window: timedelta = DAY) -> list[TierRow]:
    """Every tier, in the order of the journey."""
    values = _values(levels)
    measured = {row["tier"]: row for row in db.execute(_MEASURED, {**values, "window": window}).fetchall()}
    overdue = {row["tier"]: row for row in db.execute(_OVERDUE, values).fetchall()}
    return [_tier(tier, level, measured.get(tier, {}), overdue.get(tier, {})) for tier, level in levels.items()]


def _values(levels: Levels) -> dict[str, Any]:
    return {
        "tiers": list(levels),
        "within": [level.within.total_seconds() for level in levels.values()],
        "flows": list(FLOWS),
        "flow_tiers": [FLOW_TIERS.get(flow, "project") for flow in FLOWS],
        "transactions": levels["transactions"].within.total_seconds(),
    }


def _tier(tier: Tier, level: ServiceLevel, measured: Mapping[str, Any], overdue: Mapping[str, Any]) -> TierRow:
    return TierRow(
        tier=tier,
        name=level.name,
        within_seconds=level.within.total_seconds(),
        target_share=level.share,
        records=measured.get("records", 0),
        late=measured.get("late", 0),
        p50_seconds=measured.get("p50_seconds"),
        p95_seconds=measured.get("p95_seconds"),
        slowest_seconds=measured.get("slowest_seconds"),
        overdue=overdue.get("overdue", 0),
        overdue_since=overdue.get("overdue_since"),
    )


_LATE = """
select f.tier, f.label, f.connection, f.engagement as engagement_id, e.name as engagement, f.records, f.started_at,
  f.ended_at
from service_fact f left join engagement e on e.id = f.engagement
join unnest(%(tiers)s::text[], %(within)s::float8[]) l (tier, within) on l.tier = f.tier
where f.ended_at > clock_timestamp() - %(window)s::interval
  and f.ended_at - f.started_at > make_interval(secs => l.within)
order by f.ended_at desc, f.id desc limit %(limit)s
"""


def list_late(db: Connection, levels: Levels, *, window: timedelta = DAY, limit: int = 20) -> list[LateRow]:
    """What came late, the newest first."""
    values = {**_values(levels), "window": window, "limit": limit}
    return [LateRow(**row) for row in db.execute(_LATE, values).fetchall()]
