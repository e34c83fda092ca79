"""Calls of each connection: latency, failures, head-room in the vendor's limits, backlog and when it will be gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tieline.app.assembly import account_of, limits_of
from tieline.app.site import Site
from tieline.engine.limits_calls import BOUNDS, percentile
from tieline.engine.limits_slots import SLOT_LOCKS
from tieline.sdk.connector import Limits
from tieline.store.database import Connection

RATE_WINDOW = timedelta(minutes=5)
"""Over which the speed of a backlog is measured."""
TICKS = 12
"""Points of the latency line of an hour."""


@dataclass(frozen=True, kw_only=True)
class HeadRoom:
    """What is still free of a vendor account's limits; the scarcest of them counts."""

    free: float
    """Share from 0 to 1."""
    scarcest: Literal["at once", "a second", "a day"]
    used: float
    limit: float
    day_used: int
    """Calls of the account by Tieline in the last 24 hours."""
    per_day: int | None
    reserved: float
    """Share of the limits left to the firm's other integrations."""
    speed: float
    """Share of the stated limits the vendor takes now; below 1 after it told us to slow down."""
    rest_until: datetime | None
    """Until when the vendor asked us to make no call at all."""


@dataclass(frozen=True, kw_only=True)
class CallRow:
    """One connection."""

    connection: str
    calls_hour: int
    failed_hour: int
    throttled_hour: int
    calls_day: int
    p50_seconds: float | None
    p95_seconds: float | None
    latency: tuple[float, ...]
    """Mean seconds in steps of five minutes over the last hour, the oldest first; 0 without calls."""
    head_room: HeadRoom
    lines_waiting: int
    """Priced lines that are not booked yet."""
    writes_waiting: int
    """Writes of documents that go on by themselves."""
    a_minute: float
    """Records confirmed a minute, over the last minutes."""

    @property
    def backlog(self) -> int:
        """All that waits to go out."""
        return self.lines_waiting + self.writes_waiting

    @property
    def drains_in(self) -> timedelta | None:
        """When the backlog will be gone at this speed; None when nothing moves."""
        if not self.backlog:
            return timedelta(0)
        return timedelta(minutes=self.backlog / self.a_minute) if self.a_minute else None


_MINUTES = """
select connection, minute, calls, failed, throttled, seconds, buckets,
  extract(epoch from clock_timestamp() - minute)::float8 as age
from call_minute where minute > clock_timestamp() - interval '1 hour'
"""
_DAYS = """
select connection, sum(calls)::int as calls from call_minute
where minute > clock_timestamp() - interval '24 hours' group by connection
"""
_POOLS = """
select b.account, b.factor, b.at_once, case when b.rest_until > clock_timestamp() then b.rest_until end as rest_until,
  (select count(*) from pg_locks l where l.locktype = 'advisory' and l.objsubid = 2 and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid::bigint between %(first)s and %(last)s
    and l.objid::bigint = (hashtext(b.account)::bigint + 4294967296) %% 4294967296)::int as in_use
from limit_bucket b
"""
_LINES = """
select connection, sum(cardinality(line_ids))::int as records from posting_batch where state <> 'done'
group by connection
"""
_WRITES = """
select connection, count(*)::int as records from effect
where state in ('intended', 'in_doubt', 'refused_for_now', 'accepted') and retired_at is null group by connection
"""
_SPEED = """
select connection, sum(records)::float8 as records from service_fact
where ended_at > clock_timestamp() - %s::interval group by connection
"""


def read_calls(db: Connection, site: Site) -> dict[str, CallRow]:
    """The calls of each connection of the site."""
    minutes: dict[str, list[dict[str, Any]]] = {}
    for row in db.execute(_MINUTES).fetchall():
        minutes.setdefault(row["connection"], []).append(row)
    days = _by_connection(db, _DAYS, "calls")
    lines, writes = _by_connection(db, _LINES), _by_connection(db, _WRITES)
    speed = {row["connection"]: row["records"] for row in db.execute(_SPEED, [RATE_WINDOW]).fetchall()}
    locks = {"first": SLOT_LOCKS, "last": SLOT_LOCKS + 10_000}
    pools = {row["account"]: row for row in db.execute(_POOLS, locks).fetchall()}
    shared: dict[str, list[str]] = {}
    for settings in site.connections:
        shared.setdefault(account_of(settings), []).append(settings.name)
    found = {}
    for settings in site.connections:
        name, account = settings.name, account_of(settings)
        of_account = [row for other in shared[account] for row in minutes.get(other, [])]
        used = _Used(
            at_once=pools.get(account, {}).get("in_use", 0),
            a_second=sum(row["calls"] * _share_of_last_minute(row["age"]) for row in of_account) / 60,
            a_day=sum(days.get(other, 0) for other in shared[account]),
        )
        found[name] = _row(
            name,
            minutes.get(name, []),
            calls_day=days.get(name, 0),
            head_room=_head_room(limits_of(site, settings), used, pools.get(account, {})),
            lines_waiting=lines.get(name, 0),
            writes_waiting=writes.get(name, 0),
            a_minute=speed.get(name, 0.0) / (RATE_WINDOW.total_seconds() / 60),
        )
    return found


@dataclass(frozen=True, slots=True)
class _Used:
    at_once: int
    a_second: float
    a_day: int


def _by_connection(db: Connection, query: str, what: str = "records") -> dict[str, int]:
    return {row["connection"]: row[what] for row in db.execute(query.encode()).fetchall()}


def _share_of_last_minute(age: float) -> float:
    """Of a minute that began `age` seconds ago, the part that lies within the last sixty seconds."""
    return 1.0 if age <= 60 else max(0.0, (120 - age) / 60)


def _head_room(limits: Limits, used: _Used, pool: Mapping[str, Any]) -> HeadRoom:
    parts: list[tuple[Literal["at once", "a second", "a day"], float, float]] = [
        ("at once", float(used.at_once), float(limits.concurrent)),
        ("a second", used.a_second, limits.per_second),
    ]
    if limits.per_day is not None:
        parts.append(("a day", float(used.a_day), float(limits.per_day)))
    scarcest, taken, limit = max(parts, key=lambda part: part[1] / part[2])
    rests = pool.get("rest_until")
    return HeadRoom(
        free=0.0 if rests is not None else max(0.0, 1.0 - taken / limit),
        scarcest=scarcest,
        used=taken,
        limit=limit,
        day_used=used.a_day,
        per_day=limits.per_day,
        reserved=limits.reserved_share,
        speed=min(pool.get("factor", 1.0), pool.get("at_once", 1.0)),
        rest_until=rests,
    )


def _row(connection: str, minutes: Sequence[Mapping[str, Any]], **more: Any) -> CallRow:
    buckets = [0] * (len(BOUNDS) + 1)
    calls, seconds = [0] * TICKS, [0.0] * TICKS
    for row in minutes:
        buckets = [one + other for one, other in zip(buckets, row["buckets"], strict=True)]
        tick = TICKS - 1 - min(TICKS - 1, max(0, int(row["age"] // (3600 / TICKS))))
        calls[tick] += row["calls"]
        seconds[tick] += row["seconds"]
    return CallRow(
        connection=connection,
        calls_hour=sum(calls),
        failed_hour=sum(row["failed"] for row in minutes),
        throttled_hour=sum(row["throttled"] for row in minutes),
        p50_seconds=percentile(buckets, 0.5),
        p95_seconds=percentile(buckets, 0.95),
        latency=tuple(took / count if count else 0.0 for took, count in zip(seconds, calls, strict=True)),
        **more,
    )
