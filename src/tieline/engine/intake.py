"""Intake: what changed outside, by sweep or push; stored once in the inbox, and the flows woken in the same commit.

An event never carries the truth; a repeat ends at the inbox's unique key; the cursor commits with what it covers.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from tieline.sdk.connected import Pushed
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.feed import Changed, Changes
from tieline.store.database import Connection, Database, repeated

log = structlog.get_logger()

Handle = Callable[[Connection, str, Changed, str], None]
"""(db, connection, what changed, reason): wake the flows this concerns; runs inside the intake's transaction."""

LONGEST_SWEEP = 10_000
"""Pages of one sweep; the next sweep goes on where it stopped."""


def sweep(
    database: Database,
    connection: str,
    feed: str,
    pages: Callable[[str | None], Changes[Changed]],
    handle: Handle,
) -> int:
    """Read a feed from its durable cursor to its end; returns how many changes were new.

    Raises the three errors of the connector; what was read before is kept.
    """
    stream, new = f"{connection}:{feed}", 0
    for _ in range(LONGEST_SWEEP):
        cursor = _cursor(database, stream)
        page = pages(cursor)
        crash_point("sweep.read")
        stored = repeated(partial(_store_page, database, connection, stream, cursor, page, handle))
        if stored is None:
            continue  # another worker swept meanwhile
        crash_point("sweep.stored")
        new += stored
        if not page.more:
            return new
    return new


def _store_page(
    database: Database, connection: str, stream: str, cursor: str | None, page: Changes[Changed], handle: Handle
) -> int | None:
    """Commit a page with its cursor; how many changes were new, None when the cursor has moved meanwhile."""
    with database.transaction() as db:
        locked = db.execute(
            "insert into feed_cursor (stream, position) values (%s, %s) on conflict (stream) do update"
            " set stream = excluded.stream returning position",
            [stream, cursor],
        ).fetchone()
        if locked is None or locked["position"] != cursor:
            return None
        new = 0
        for item in page.items:
            event = f"{item.record}:{item.external_id}:{item.version}:{item.deleted}"
            new += receive(db, connection, event, item, handle, "sweep", None)
        db.execute(
            "update feed_cursor set position = %s, swept_at = clock_timestamp(), failures = 0, problem = null"
            " where stream = %s",
            [page.cursor, stream],
        )
        crash_point("sweep.storing")
    return new


GRAIN = 2.0
"""Seconds that are longer than a vendor's grain of time."""

_RECEIVE = """
with first as (
  insert into inbox (connection, vendor_event_id, kind, external_id, body, raw)
  values (%(connection)s, %(event)s, %(kind)s, %(external)s, %(body)s, %(raw)s)
  on conflict (connection, vendor_event_id) do nothing returning id),
again as (
  insert into inbox (connection, vendor_event_id, kind, external_id)
  select %(connection)s, %(again)s, %(kind)s, %(external)s where %(swept)s and not exists (select from first)
    and exists (select from inbox where connection = %(connection)s and vendor_event_id = %(event)s
      and received_at < clock_timestamp() - make_interval(secs => %(grain)s))
  on conflict (connection, vendor_event_id) do nothing returning id)
select id from first union all select id from again
"""


def receive(
    db: Connection,
    connection: str,
    event_id: str,
    changed: Changed,
    handle: Handle,
    reason: str,
    body: Any,
    raw: bytes | None = None,
) -> bool:
    """Store one event and wake its flows; False when it was received before.

    Vendors tell versions to the second, and a record may change twice in one. So what a sweep reads again some seconds
    after its first sight counts once more, and only once.
    """
    values = {
        "connection": connection,
        "event": event_id,
        "kind": changed.record,
        "external": changed.external_id,
        "body": Jsonb(body) if body is not None else None,
        "raw": raw,
        "again": f"{event_id}:again",
        "swept": reason == "sweep",
        "grain": GRAIN,
    }
    if db.execute(_RECEIVE, values).fetchone() is None:
        return False
    handle(db, connection, changed, "event" if reason == "push" else reason)
    return True


def deliver(database: Database, connection: str, events: Sequence[Pushed], handle: Handle) -> int:
    """Commit pushed events together with the position of the stream; returns how many were new."""
    new = repeated(partial(_store_events, database, connection, events, handle))
    crash_point("push.stored")
    return new


def _store_events(database: Database, connection: str, events: Sequence[Pushed], handle: Handle) -> int:
    new = 0
    with database.transaction() as db:
        for event in events:
            new += receive(db, connection, event.event_id, event.changed, handle, "push", dict(event.body))
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
