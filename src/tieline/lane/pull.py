"""Pull: one page of a feed is one transaction: cursor, page, lines, batches and exceptions commit together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from tieline.engine.feed_lock import lock_feed
from tieline.engine.override import corrected_lines
from tieline.lane.batch import share_batches
from tieline.lane.change import apply_changes, known_versions
from tieline.lane.charge import Charge, store_charges
from tieline.lane.check import control_quantity
from tieline.lane.pricing import Pricing
from tieline.lane.reference import Reference, load_reference
from tieline.lane.wakes import wake_projects_with
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import LinePage, SourceLine
from tieline.sdk.roles import Psa
from tieline.store.database import Connection, Database

LineKind = Literal["time", "expense"]
LONGEST_PULL = 10_000
"""Pages of one call; the next call goes on where it stopped."""
NEWEST_VERSION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Feed:
    """One inbound stream of lines."""

    connection: str
    system: str
    kind: LineKind
    pages: Callable[[str | None], LinePage]

    @property
    def stream(self) -> str:
        """Its name in `feed_cursor` and `pull_page`."""
        return f"{self.connection}:{self.kind}"


def feed_of(psa: Psa, kind: LineKind) -> Feed:
    """A PSA's feed of time entries or expenses."""
    pages = psa.list_changed_time if kind == "time" else psa.list_changed_expenses
    return Feed(psa.connection, psa.system, kind, pages)


def pull_feed(database: Database, feed: Feed, pricing: Pricing) -> int:
    """Read a feed from its durable cursor to its end; returns how many lines were new or had changed.

    Raises the three errors of the connector; what was read before is kept.
    """
    pulled = 0
    for _ in range(LONGEST_PULL):
        cursor = _cursor(database, feed.stream)
        page = feed.pages(cursor)
        if page.more and page.cursor == cursor:
            raise Rejected(
                feed.connection, f"{feed.system} sends the same page of {feed.kind} again and again", "internal"
            )
        with database.transaction() as db:
            lock_feed(db, feed.stream)
            if not _advance(db, feed.stream, cursor, page.cursor):
                continue  # another worker read this page meanwhile
            pulled += take_page(db, feed, page, pricing)
            crash_point("page.storing")
        crash_point("page.stored")
        if not page.more:
            break
    return pulled


def take_page(db: Connection, feed: Feed, page: LinePage, pricing: Pricing) -> int:
    """Store what is news in a page; the caller holds the feed's lock. Returns how many lines were news."""
    lines = _newest(_clean(line) for line in page.lines if line.kind == feed.kind)
    known = known_versions(db, feed.connection, feed.kind, list(lines))
    fresh = [line for line in lines.values() if line.approved and line.source_id not in known]
    changed = [line for line in lines.values() if line.source_id in known and known[line.source_id].is_older_than(line)]
    if not fresh and not changed:
        return 0
    fresh = corrected_lines(db, feed.connection, feed.kind, fresh)
    changed = corrected_lines(db, feed.connection, feed.kind, changed)
    share_batches(db)
    page_id = _store_page(db, feed.stream, page)
    charges = [Charge(line) for line in fresh]
    quantity = sum((control_quantity(line) for line in fresh), Decimal(0))
    count = len(fresh)
    if changed:
        outcome = apply_changes(db, pricing, feed.connection, feed.kind, changed)
        charges += outcome.charges
        quantity += outcome.quantity
        count += outcome.lines
        wake_projects_with(db, feed.connection, feed.kind, [line.source_id for line in changed])
    reference = _reference(db, feed, pricing, [charge.line for charge in charges])
    store_charges(db, reference, charges, page_id)
    db.execute("update pull_page set lines = %s, quantity = %s where id = %s", [count, quantity, page_id])
    return len(fresh) + len(changed)


def _reference(db: Connection, feed: Feed, pricing: Pricing, lines: Sequence[SourceLine]) -> Reference:
    projects = {line.project_ref for line in lines}
    people = {line.person_ref for line in lines if line.person_ref is not None}
    return load_reference(db, pricing, feed.connection, feed.system, projects, people)


def _newest(lines: Iterable[SourceLine]) -> dict[str, SourceLine]:
    newest: dict[str, SourceLine] = {}
    for line in lines:
        other = newest.get(line.source_id)
        if other is None or other.source_version <= line.source_version:
            newest[line.source_id] = line
    return newest


def _clean(line: SourceLine) -> SourceLine:
    """Without what PostgreSQL cannot hold; connectors read JSON without NUL, other sources may not."""
    texts = (line.source_id, line.project_ref, line.task_ref, line.person_ref, line.role, line.approved_by, line.note)
    if not any(text is not None and "\0" in text for text in texts) and 0 <= line.source_version <= NEWEST_VERSION:
        return line
    return replace(
        line,
        source_id=line.source_id.replace("\0", ""),
        source_version=min(max(line.source_version, 0), NEWEST_VERSION),
        project_ref=line.project_ref.replace("\0", ""),
        task_ref=_without_nul(line.task_ref),
        person_ref=_without_nul(line.person_ref),
        role=_without_nul(line.role),
        approved_by=_without_nul(line.approved_by),
        note=_without_nul(line.note),
    )


def _without_nul(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "")


def _cursor(database: Database, stream: str) -> str | None:
    with database.connection() as db:
        row = db.execute("select position from feed_cursor where stream = %s", [stream]).fetchone()
    return row["position"] if row else None


def _advance(db: Connection, stream: str, read_from: str | None, position: str) -> bool:
    """Move the cursor; False when the page was read from another place than the cursor stands at now."""
    row = db.execute(
        "insert into feed_cursor as f (stream, position, swept_at) values (%(stream)s, %(to)s, clock_timestamp())"
        " on conflict (stream) do update set position = excluded.position, swept_at = excluded.swept_at,"
        " failures = 0, problem = null where f.position is not distinct from %(from)s returning stream",
        {"stream": stream, "from": read_from, "to": position},
    ).fetchone()
    return row is not None


def _store_page(db: Connection, stream: str, page: LinePage) -> int:
    row = db.execute(
        "insert into pull_page (stream, position, lines, quantity, body) values (%s, %s, 0, 0, %s) returning id",
        [stream, page.cursor, page.body],
    ).fetchone()
    assert row is not None
    return int(row["id"])
