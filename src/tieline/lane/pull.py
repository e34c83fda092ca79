"""Pull: some pages of a feed are one transaction: cursor, pages, lines, batches and exceptions commit together."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Literal

from msgspec.structs import replace

from tieline.engine.feed_lock import lock_feed
from tieline.engine.override import corrected_lines
from tieline.lane.batch import share_batches
from tieline.lane.change import Outcome, Version, apply_changes, known_versions
from tieline.lane.charge import Charge, store_charges
from tieline.lane.check import control_quantity
from tieline.lane.pricing import Pricing
from tieline.lane.reference import Reference, load_reference
from tieline.lane.wakes import wake_projects_with
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.feed import LinePage, SourceLine
from tieline.sdk.roles import Psa
from tieline.store.database import Connection, Database, repeating

LineKind = Literal["time", "expense"]
LONGEST_PULL = 10_000
"""Transactions of one call; the next call goes on where it stopped."""
ENOUGH_LINES, MOST_PAGES = 1_000, 10
"""Of one transaction."""
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


def pull_feed(database: Database, feed: Feed, pricing: Pricing, committed: Callable[[], None] = lambda: None) -> int:
    """Read a feed from its durable cursor to its end; returns how many lines were new or had changed.

    `committed` is called when there was news. Raises the three errors of the connector; what was read before is kept.
    """
    pulled = 0
    with ThreadPoolExecutor(1, f"{feed.stream}-ahead") as reader:
        cursor = _cursor(database, feed.stream)
        reading = reader.submit(_read, feed, cursor)
        for _ in range(LONGEST_PULL):
            pages, broken = reading.result()
            last = pages[-1]
            if last.more and broken is None:
                reading = reader.submit(_read, feed, last.cursor)  # while this stretch is stored
            stored = _store(database, feed, pages, pricing, cursor)
            crash_point("page.stored")
            ours, news = stored is not None, stored or 0
            pulled += news
            if news:
                committed()
            if broken is not None:
                raise broken
            if ours and not last.more:
                break
            cursor = last.cursor
            if not ours:  # another worker read these pages meanwhile: go on from where it stands
                cursor = _cursor(database, feed.stream)
                reading = reader.submit(_read, feed, cursor)
    return pulled


def _read(feed: Feed, cursor: str | None) -> tuple[list[LinePage], Exception | None]:
    """Pages enough for one transaction, and what kept us from reading on. Raises it when there is no page at all."""
    pages: list[LinePage] = []
    try:
        while not pages or (pages[-1].more and len(pages) < MOST_PAGES and _lines(pages) < ENOUGH_LINES):
            page = feed.pages(cursor)
            if page.more and page.cursor == cursor:
                words = f"{feed.system} sends the same page of {feed.kind} again and again"
                raise Rejected(feed.connection, words, "internal")
            cursor = page.cursor
            pages.append(page)
    except (Unavailable, Rejected, Unauthorized) as error:
        if not pages:
            raise
        return pages, error
    return pages, None


@repeating
def _store(
    database: Database, feed: Feed, pages: Sequence[LinePage], pricing: Pricing, read_from: str | None
) -> int | None:
    """Pages and cursor in one transaction; how many lines were news, None when the cursor stands elsewhere by now."""
    with database.transaction() as db:
        lock_feed(db, feed.stream)
        ours = _advance(db, feed.stream, read_from, pages[-1].cursor)
        news = take_pages(db, feed, pages, pricing) if ours else None
        crash_point("page.storing")
    return news


def _lines(pages: Sequence[LinePage]) -> int:
    return sum(len(page.lines) for page in pages)


def take_pages(db: Connection, feed: Feed, pages: Sequence[LinePage], pricing: Pricing) -> int:
    """Store what is news in some pages; the caller holds the feed's lock. Returns how many lines were news."""
    newest = _newest(feed, pages)
    known = known_versions(db, feed.connection, feed.kind, [line.source_id for lines in newest for line in lines])
    news = [[line for line in lines if _is_news(line, known.get(line.source_id))] for lines in newest]
    if not any(news):
        return 0
    read = corrected_lines(db, feed.connection, feed.kind, [line for lines in news for line in lines])
    share_batches(db)
    charges: dict[int, list[Charge]] = {}
    corrected = iter(read)
    for page, some in zip(pages, news, strict=True):
        lines = list(islice(corrected, len(some)))
        if not lines:
            continue
        fresh = [line for line in lines if line.source_id not in known]
        changed = [line for line in lines if line.source_id in known]
        outcome = apply_changes(db, pricing, feed.connection, feed.kind, changed) if changed else Outcome()
        if changed:
            wake_projects_with(db, feed.connection, feed.kind, [line.source_id for line in changed])
        quantity = outcome.quantity + sum((control_quantity(line) for line in fresh), Decimal(0))
        page_id = _store_page(db, feed.stream, page, outcome.lines + len(fresh), quantity)
        charges[page_id] = [Charge(line) for line in fresh] + outcome.charges
    store_charges(db, _reference(db, feed, pricing, read), charges)
    return len(read)


def _is_news(line: SourceLine, known: Version | None) -> bool:
    return line.approved if known is None else known.is_older_than(line)


def _reference(db: Connection, feed: Feed, pricing: Pricing, lines: Sequence[SourceLine]) -> Reference:
    projects = {line.project_ref for line in lines}
    people = {line.person_ref for line in lines if line.person_ref is not None}
    return load_reference(db, pricing, feed.connection, feed.system, projects, people)


def _newest(feed: Feed, pages: Sequence[LinePage]) -> list[list[SourceLine]]:
    """The lines of each page, of two with one id only the newest."""
    newest: dict[str, tuple[int, SourceLine]] = {}
    for number, page in enumerate(pages):
        for line in map(_clean, page.lines):
            other = newest.get(line.source_id)
            if line.kind == feed.kind and (other is None or other[1].source_version <= line.source_version):
                newest[line.source_id] = (number, line)
    lines: list[list[SourceLine]] = [[] for _ in pages]
    for number, line in newest.values():
        lines[number].append(line)
    return lines


def _clean(line: SourceLine) -> SourceLine:
    """Without what PostgreSQL cannot hold; connectors read JSON without NUL, other sources may not."""
    texts = (line.source_id, line.project_ref, line.task_ref, line.person_ref, line.role, line.approved_by, line.note)
    if "\0" not in "".join(filter(None, texts)) and 0 <= line.source_version <= NEWEST_VERSION:
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


def _store_page(db: Connection, stream: str, page: LinePage, lines: int, quantity: Decimal) -> int:
    row = db.execute(
        "insert into pull_page (stream, position, lines, quantity, body) values (%s, %s, %s, %s, %s) returning id",
        [stream, page.cursor, lines, quantity, page.body],
    ).fetchone()
    assert row is not None
    return int(row["id"])
