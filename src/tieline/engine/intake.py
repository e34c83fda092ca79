"""Intake: what changed outside, by sweep or push; stored once in the inbox, and the flows woken in the same commit.

An event never carries the truth; a repeat ends at the inbox's unique key; the cursor commits with what it covers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog
from psycopg.types.json import Jsonb

from tieline.engine.wake import wake_many
from tieline.sdk.connected import Pushed
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.feed import Changed, Changes
from tieline.store.database import Connection, Database, repeated

log = structlog.get_logger()

T = TypeVar("T")
Instance = tuple[str, str, str]
"""A flow instance: flow, key, engagement."""
Concerns = Callable[[Connection, str, Sequence[Changed]], Sequence[Instance]]
"""(db, connection, what changed): the flow instances to wake; runs inside the intake's transaction."""

LONGEST_SWEEP = 10_000
"""Pages of one sweep; the next sweep goes on where it stopped."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it came in; `event_id` is what a repeat is known by."""

    connection: str
    event_id: str
    changed: Changed
    body: Mapping[str, Any] | None = None
    raw: bytes | None = None


def sweep(
    database: Database,
    connection: str,
    feed: str,
    pages: Callable[[str | None], Changes[Changed]],
    concerns: Concerns,
) -> int:
    """Read a feed from its durable cursor to its end; returns how many changes were new.

    Raises the three errors of the connector; what was read before is kept.
    """

    def take(db: Connection, items: Sequence[Changed]) -> int:
        arrivals = [
            Arrival(connection, f"{item.record}:{item.external_id}:{item.version}:{item.deleted}", item)
            for item in items
        ]
        return sum(receive(db, arrivals, concerns, "sweep"))

    return sweep_pages(database, f"{connection}:{feed}", pages, take)


def sweep_pages(
    database: Database,
    stream: str,
    pages: Callable[[str | None], Changes[T]],
    take: Callable[[Connection, Sequence[T]], int],
) -> int:
    """`sweep` of any items: `take` stores those of a page, in the transaction that moves the cursor."""
    new = 0
    for _ in range(LONGEST_SWEEP):
        cursor = _cursor(database, stream)
        page = pages(cursor)
        crash_point("sweep.read")
        stored = repeated(partial(_store_page, database, stream, cursor, page, take))
        if stored is None:
            continue  # another worker swept meanwhile
        crash_point("sweep.stored")
        new += stored
        if not page.more:
            return new
    return new


def _store_page(
    database: Database,
    stream: str,
    cursor: str | None,
    page: Changes[T],
    take: Callable[[Connection, Sequence[T]], int],
) -> int | None:
    """Commit a page with its cursor; how many items were new, None when the cursor has moved meanwhile."""
    with database.transaction() as db:
        locked = db.execute(
            "insert into feed_cursor (stream, position) values (%s, %s) on conflict (stream) do update"
            " set stream = excluded.stream returning position",
            [stream, cursor],
        ).fetchone()
        if locked is None or locked["position"] != cursor:
            return None
        new = take(db, page.items)
        db.execute(
            "update feed_cursor set position = %s, swept_at = clock_timestamp(), failures = 0, problem = null"
            " where stream = %s",
            [page.cursor, stream],
        )
        crash_point("sweep.storing")
    return new


GRAIN = 2.0
"""Seconds that are longer than a vendor's grain of time."""

# In one order for all, or two that store the same events wait for each other.
_RECEIVE = """
with come as (
  select distinct on (connection, event) * from unnest(%(connections)s::text[], %(events)s::text[], %(kinds)s::text[],
    %(externals)s::text[], %(bodies)s::jsonb[], %(raws)s::bytea[]) n (connection, event, kind, external, body, raw)
  order by connection, event),
first as (
  insert into inbox (connection, vendor_event_id, kind, external_id, body, raw)
  select connection, event, kind, external, body, raw from come order by connection, event
  on conflict (connection, vendor_event_id) do nothing returning connection, vendor_event_id as event),
again as (
  insert into inbox (connection, vendor_event_id, kind, external_id)
  select connection, event || ':again', kind, external from come c
  where %(swept)s and (connection, event) not in (select connection, event from first)
    and exists (select from inbox i where i.connection = c.connection and i.vendor_event_id = c.event
      and received_at < clock_timestamp() - make_interval(secs => %(grain)s))
  order by connection, event
  on conflict (connection, vendor_event_id) do nothing
  returning connection, left(vendor_event_id, -length(':again')) as event)
select connection, event from first union all select connection, event from again
"""


def receive(db: Connection, arrivals: Sequence[Arrival], concerns: Concerns, reason: str) -> list[bool]:
    """Store events and wake the flows they concern, together; for each event whether it is new.

    Vendors tell versions to the second, and a record may change twice in one. So what a sweep reads again some seconds
    after its first sight counts once more, and only once.
    """
    values = {
        "connections": [one.connection for one in arrivals],
        "events": [one.event_id for one in arrivals],
        "kinds": [one.changed.record for one in arrivals],
        "externals": [one.changed.external_id for one in arrivals],
        "bodies": [None if one.body is None else Jsonb(dict(one.body)) for one in arrivals],
        "raws": [one.raw for one in arrivals],
        "swept": reason == "sweep",
        "grain": GRAIN,
    }
    left = {(row["connection"], row["event"]) for row in db.execute(_RECEIVE, values)} if arrivals else set()
    told, new = [], dict[str, list[Changed]]()
    for one in arrivals:
        event = (one.connection, one.event_id)
        told.append(event in left)
        if event in left:
            left.remove(event)
            new.setdefault(one.connection, []).append(one.changed)
    instances = [instance for name in sorted(new) for instance in concerns(db, name, new[name])]
    wake_many(db, instances, reason)
    return told


def deliver(database: Database, connection: str, events: Sequence[Pushed], concerns: Concerns) -> int:
    """Commit pushed events together with the position of the stream; returns how many were new."""
    new = repeated(partial(_store_events, database, connection, events, concerns))
    crash_point("push.stored")
    return new


def _store_events(database: Database, connection: str, events: Sequence[Pushed], concerns: Concerns) -> int:
    arrivals = [Arrival(connection, event.event_id, event.changed, event.body) for event in events]
    with database.transaction() as db:
        new = sum(receive(db, arrivals, concerns, "event"))
        if events:
            db.execute(
                "insert into feed_cursor (stream, position, swept_at) values (%s, %s, clock_timestamp())"
                " on conflict (stream) do update set position = excluded.position, swept_at = excluded.swept_at",
                [f"{connection}:push", events[-1].position],
            )
        crash_point("push.storing")
    return new


def push_position(database: Database, connection: str) -> str | None:
    """Where the connection's event stream stands."""
    return _cursor(database, f"{connection}:push")


def note_failure(database: Database, stream: str, error: Unavailable | Rejected | Unauthorized) -> None:
    """Remember that a feed could not be read, for the operations page; it is read again by itself."""
    with database.connection() as db:
        db.execute(
            "insert into feed_cursor (stream, failures, problem) values (%s, 1, %s) on conflict (stream) do update"
            " set failures = feed_cursor.failures + 1, problem = excluded.problem",
            [stream, error.message[:500]],
        )
    log.warning("feed_failed", stream=stream, error=error.message[:200])


def claim_turn(database: Database, stream: str, every: float) -> bool:
    """Whether it is time for a rare duty, and ours to do among all workers; remembered over restarts."""
    with database.connection() as db:
        row = db.execute(
            "insert into feed_cursor as c (stream, swept_at) values (%(stream)s, clock_timestamp())"
            " on conflict (stream) do update set swept_at = excluded.swept_at"
            " where c.swept_at < clock_timestamp() - make_interval(secs => %(every)s) returning stream",
            {"stream": stream, "every": every},
        ).fetchone()
    return row is not None


def _cursor(database: Database, stream: str) -> str | None:
    with database.connection() as db:
        row = db.execute("select position from feed_cursor where stream = %s", [stream]).fetchone()
    return row["position"] if row else None
