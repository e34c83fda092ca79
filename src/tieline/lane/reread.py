"""Re-reading: lines are asked for again by their ids at their source, and what changed takes its usual way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tieline.engine.feed_lock import lock_feed
from tieline.engine.override import corrected_lines
from tieline.lane.change import known_versions
from tieline.lane.pricing import Pricing
from tieline.lane.pull import Feed, take_pages
from tieline.sdk.feed import LinePage, SourceLine
from tieline.store.database import Connection, Database

AT_ONCE = 100
"""Lines of one call."""


@dataclass(frozen=True, slots=True)
class Reread:
    """What came of some lines."""

    changed: int
    gone: int


def reread(database: Database, feed: Feed, pricing: Pricing, page: LinePage, asked: Sequence[str]) -> Reread:
    """Take lines that were read again; a version we know already changes nothing."""
    with database.transaction() as db:
        lock_feed(db, feed.stream)
        changed = take_pages(db, feed, [page], pricing)
    return Reread(changed, len(_gone(page, asked)))


@dataclass(frozen=True, kw_only=True)
class LineChange:
    """A line its source tells differently now."""

    connection: str
    kind: str
    source_id: str
    number: int
    """Of the transaction that is replaced."""
    status: str
    approved: bool
    """Whether it is approved now."""
    booked: bool
    """It is in the ERP or on an invoice: a reversal follows."""
    fields: tuple[tuple[str, Any, Any], ...]
    """(name, ours, theirs)"""


_OURS = """
select t.id, t.source_id, t.project_ref, t.task_ref, t.person_ref, t.role, t.work_date, t.quantity, t.billable,
  t.source_currency as currency, t.source_amount as amount, t.state <> 'withdrawn' as approved, s.status
from project_transaction t join line_status s on s.id = t.id
where t.live and t.part = 0 and t.connection = %s and t.kind = %s and t.source_id = any (%s)
"""
FIELDS = (
    "approved",
    "project_ref",
    "task_ref",
    "person_ref",
    "role",
    "work_date",
    "quantity",
    "billable",
    "currency",
    "amount",
)


def compare(db: Connection, feed: Feed, page: LinePage, asked: Sequence[str]) -> tuple[list[LineChange], list[str]]:
    """What would change if these lines were taken now, and which are gone at their source. Changes nothing."""
    told = [line for line in page.lines if line.kind == feed.kind]
    with db.transaction(force_rollback=True):  # a correction whose source has changed is void only when it is taken
        read = {line.source_id: line for line in corrected_lines(db, feed.connection, feed.kind, told)}
    known = known_versions(db, feed.connection, feed.kind, list(read))
    rows = db.execute(_OURS, [feed.connection, feed.kind, list(read)]).fetchall()
    changes = []
    for row in rows:
        line = read[row["source_id"]]
        fields = _fields(row, line)
        if fields and known[row["source_id"]].is_older_than(line):
            changes.append(_change(feed, row, line, fields))
    return changes, _gone(page, asked)


def _fields(row: dict[str, Any], line: SourceLine) -> tuple[tuple[str, Any, Any], ...]:
    pairs = [(name, row[name], getattr(line, name)) for name in FIELDS]
    # The source may leave the role to us; then ours is no difference.
    return tuple(pair for pair in pairs if pair[1] != pair[2] and not (pair[0] == "role" and pair[2] is None))


def _change(feed: Feed, row: dict[str, Any], line: SourceLine, fields: tuple[tuple[str, Any, Any], ...]) -> LineChange:
    return LineChange(
        connection=feed.connection,
        kind=feed.kind,
        source_id=line.source_id,
        number=row["id"],
        status=row["status"],
        approved=line.approved,
        booked=row["status"] in ("posted", "invoiced", "in_flight"),
        fields=fields,
    )


def _gone(page: LinePage, asked: Sequence[str]) -> list[str]:
    there = {line.source_id for line in page.lines}
    return [source_id for source_id in asked if source_id not in there]
