"""Workers, pullers, releases and invoices at once: whatever the order, the books are right at the end."""

import random
from collections.abc import Callable
from datetime import timedelta
from threading import Lock, Thread

import pytest
from psycopg.errors import DeadlockDetected
from psycopg.types.json import Jsonb

from tests.lane.test_invoicing import UNTIL
from tests.lane.world import PSA, Sink, World, entry
from tieline.lane.invoicing import invoiced_lines, mark_invoiced, unbilled_lines
from tieline.lane.post import post_ready
from tieline.lane.release import release_all_mendable
from tieline.lane.worker import Worker
from tieline.sdk.feed import LinePage, SourceLine
from tieline.store.canonical import refer

SOURCES = 30


class Feed:
    """A source that several threads change and read; each page is the news since the cursor."""

    def __init__(self) -> None:
        self.news: list[SourceLine] = []
        self.truth: dict[str, int] = {}
        self._lock = Lock()

    def change(self, source_id: str, minutes: int, project: str) -> None:
        with self._lock:
            version = len(self.news) + 1
            self.news.append(
                entry(source_id, minutes or 60, version=version, approved=bool(minutes), project_ref=project)
            )
            self.truth[source_id] = minutes

    def pages(self, cursor: str | None) -> LinePage:
        with self._lock:
            start, news = int(cursor or 0), list(self.news)
        # A sweep overlaps: it reads again a little before its cursor, in any order.
        lines = news[max(0, start - 5) : start + 7]
        random.Random(start).shuffle(lines)
        end = min(start + 7, len(news))
        return LinePage(lines, b"{}", str(end), end < len(news))


def invoice_all(world: World) -> None:
    """What is unbilled goes on a new invoice, in two transactions as the flow does it."""
    with world.database.transaction() as db:
        lines = unbilled_lines(db, "prj_1", UNTIL)
    with world.database.transaction() as db:
        row = db.execute("select count(*) as n from invoice").fetchone()
        assert row is not None
        db.execute(
            "insert into invoice (id, engagement_id, project_id, connection, schema_version, body)"
            " values (%s, 'eng_1', 'prj_1', 'erp', 1, %s)",
            [f"inv_{row['n']}", Jsonb({})],
        )
        mark_invoiced(db, f"inv_{row['n']}", [line.id for line in lines])


@pytest.mark.parametrize("seed", range(3))
def test_everything_at_once_ends_with_what_the_source_says(world: World, seed: int) -> None:
    feed, sink = Feed(), Sink(batch_size=5, at_once=3)
    world.sink, world.source.pages = sink, feed.pages  # type: ignore[method-assign]
    ends = ["ok", "drop_after", "drop_before", "accept", "busy", "reorder"]
    failures: list[BaseException] = []

    def repeat(times: int, action: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                for _ in range(times):
                    try:
                        action()
                    except DeadlockDetected:  # PostgreSQL ends one of two; the next call goes on
                        continue
            except BaseException as error:  # noqa: BLE001 - shown by the test itself
                failures.append(error)

        return run

    chance = random.Random(seed)

    def changes() -> None:
        project = "ws9" if chance.random() < 0.2 else "ws1"
        feed.change(str(chance.randrange(SOURCES)), chance.choice([0, 15, 30, 45]), project)
        world.pull()

    def posting() -> None:
        worker = Worker(world.database, lease=timedelta(0))
        try:
            for _ in range(15):
                sink.script = [random.Random().choice(ends) for _ in range(2)]
                world.due_now()
                post_ready(world.database, {"erp": sink}, worker, world.pricing)
        finally:
            worker.close()

    jobs = [
        repeat(60, changes),
        repeat(1, posting),
        repeat(1, posting),
        repeat(10, lambda: invoice_all(world)),
        repeat(10, lambda: release_all_mendable(world.database, world.pricing)),
    ]
    threads = [Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    settle(world)
    invoice_all(world)
    check(world, feed)


def settle(world: World) -> None:
    """Link the second reference, and let everything come to its end."""
    with world.database.transaction() as db:
        db.execute(
            "update cross_reference set external_id = 'ws9'"
            " where connection = 'psa' and target = 'project' and subject = 'prj_1'"
        )
    release_all_mendable(world.database, world.pricing)
    with world.database.transaction() as db:
        db.execute("delete from cross_reference where connection = 'psa' and target = 'project'")
        refer(db, PSA, "project", "prj_1", "ws1")
    world.pull()
    world.sink.script = []
    for _ in range(10):
        world.due_now()
        world.post()


def check(world: World, feed: Feed) -> None:
    """The ERP holds each line once and in all what the source says; so do the invoices."""
    assert len(set(world.sink.references())) == len(world.sink.ledger)
    assert world.open_exceptions() == []
    by_source: dict[str, int] = {}
    for _, line in world.sink.ledger:
        source_id = line.reference.split(":")[2]
        by_source[source_id] = by_source.get(source_id, 0) + int(line.minutes)
    assert {key: minutes for key, minutes in by_source.items() if minutes} == {
        key: minutes for key, minutes in feed.truth.items() if minutes
    }
    with world.database.connection() as db:
        rows = db.execute("select id from invoice order by id").fetchall()
        billed = [line for row in rows for line in invoiced_lines(db, row["id"])]
    assert len({line.id for line in billed}) == len(billed)
    assert sum(line.quantity for line in billed) == sum(feed.truth.values())
