"""Deleted at the source: approved lines that no longer exist there are taken back like an un-approval."""

from collections.abc import Collection
from datetime import datetime

from tieline.engine.feed_lock import lock_feed
from tieline.lane.pricing import Pricing
from tieline.lane.pull import Feed, take_pages
from tieline.sdk import jsontext
from tieline.sdk.feed import LinePage, SourceLine
from tieline.store.database import Connection, Database

CHUNK = 1000

_LIVE = """
select t.source_id, t.source_version, t.project_ref, t.task_ref, t.person_ref, t.role, t.work_date, t.quantity, t.unit,
  t.billable, t.source_currency, t.source_amount
from project_transaction t left join pull_page p on p.id = t.page_id
where t.connection = %(connection)s and t.kind = %(kind)s and t.live and t.part = 0
  and t.state not in ('withdrawn', 'written_off') and p.pulled_at < %(listed_at)s
"""


def database_time(database: Database) -> datetime:
    """The database's clock; ask it before the source is listed."""
    with database.connection() as db:
        row = db.execute("select clock_timestamp() as now").fetchone()
    assert row is not None
    now: datetime = row["now"]
    return now


def take_back_deleted(
    database: Database, feed: Feed, pricing: Pricing, present: Collection[str], listed_at: datetime
) -> int:
    """Compare our live lines, pulled before `listed_at`, with the ids the source holds.

    A line that is gone there is withdrawn: a posted one is reversed. Returns how many were taken back.
    """
    with database.connection() as db:
        gone = [row for row in _live(db, feed, listed_at) if row["source_id"] not in present]
    for start in range(0, len(gone), CHUNK):
        lines = [_unapproved(feed, row) for row in gone[start : start + CHUNK]]
        body = jsontext.dumps({"deleted": [line.source_id for line in lines]})
        with database.transaction() as db:
            lock_feed(db, feed.stream)
            take_pages(db, feed, [LinePage(lines=lines, body=body, cursor="", more=False)], pricing)
    return len(gone)


def _live(db: Connection, feed: Feed, listed_at: datetime) -> list[dict[str, object]]:
    return db.execute(_LIVE, {"connection": feed.connection, "kind": feed.kind, "listed_at": listed_at}).fetchall()


def _unapproved(feed: Feed, row: dict[str, object]) -> SourceLine:
    return SourceLine(
        kind=feed.kind,
        approved=False,
        amount=row.pop("source_amount"),  # type: ignore[arg-type]
        currency=row.pop("source_currency"),  # type: ignore[arg-type]
        **row,  # type: ignore[arg-type]
    )
