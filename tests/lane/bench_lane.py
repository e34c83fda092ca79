"""How fast the lane is: `python -m tests.lane.bench_lane 10000`, on a source and a sink in memory and a database of its
own (durable, unlike that of the tests)."""

import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil

from tests.lane.world import ERP, PSA, World, entry
from tieline.engine.schema import migrate_database
from tieline.lane.post import post_ready
from tieline.lane.pull import Feed, pull_feed
from tieline.lane.totals import money_differences, quantity_balances
from tieline.sdk.feed import LinePage
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import Accepted, WriteSafety
from tieline.store.database import Database
from tieline.store.embedded import EmbeddedPostgres

PAGE = 1000


@dataclass
class CountingSink:
    """Takes everything at once and only counts it."""

    connection: str = ERP
    system: str = "TestERP"
    batch_size: int = 100
    at_once: int = 1
    safety: WriteSafety = WriteSafety.UPSERT
    quarantine: timedelta = timedelta(0)
    posted: set[str] = field(default_factory=set)

    def post(self, lines: Sequence[ErpLine], key: str) -> Settled | Accepted:
        ids = {line.reference: str(number) for number, line in enumerate(lines)}
        self.posted |= ids.keys()
        return Settled(ids, {})

    def poll(self, handle: str, lines: Sequence[ErpLine]) -> Settled | Accepted:
        return Settled({}, {})

    def find_many(self, references: Sequence[str]) -> Mapping[str, str]:
        return {reference: reference for reference in references if reference in self.posted}


def source(count: int) -> Feed:
    """A feed of so many lines, made as they are read: like a vendor's, each with a body of about 300 bytes."""

    def pages(cursor: str | None) -> LinePage:
        start = int(cursor or 0)
        end = min(start + PAGE, count)
        people = ("u-tom", "u-marco")
        lines = [entry(number, 15 + number % 400, person_ref=people[number % 2]) for number in range(start, end)]
        return LinePage(lines, b'{"id": "123456", "time_in_minutes": 60}' * 8 * len(lines), str(end), end < count)

    return Feed(PSA, "Kantata", "time", pages)


def main(count: int) -> None:
    """Measure on a fresh database."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder))
        url = server.start()
        try:
            migrate_database(url)
            database = Database(url)
            measure(server, database, count)
            database.close()
        finally:
            server.stop()


def measure(server: EmbeddedPostgres, database: Database, count: int) -> None:
    world = World(database)
    world.furnish()
    sink = CountingSink()
    pricing = world.pricing
    before, servers = cpu(), server_cpu(server)
    started = time.perf_counter()
    pulled = pull_feed(database, source(count), pricing)
    between = time.perf_counter()
    posted = post_ready(database, {ERP: sink}, world.worker, pricing)
    ended = time.perf_counter()
    world.worker.close()
    assert pulled == posted == len(sink.posted) == count
    with database.transaction() as db:
        assert not money_differences(db)
        assert all(balance.lost == 0 for balance in quantity_balances(db))
    report = [
        f"pull, price, check, load: {count / (between - started):8,.0f} lines/s",
        f"post, settle:             {count / (ended - between):8,.0f} lines/s",
        f"both:                     {count / (ended - started):8,.0f} lines/s",
        f"CPU seconds per 10,000:   {(cpu() - before) / count * 10_000:.2f} client",
        f"                          {(server_cpu(server) - servers) / count * 10_000:.2f} PostgreSQL",
        f"peak memory of client:    {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB",
    ]
    sys.stdout.write("\n".join(report) + "\n")


def cpu() -> float:
    times = psutil.Process().cpu_times()
    return times.user + times.system


def server_cpu(server: EmbeddedPostgres) -> float:
    """CPU of the database's processes; ended ones count in their parent."""
    main = server.status().process
    assert main is not None
    times = [process.cpu_times() for process in (psutil.Process(main), *psutil.Process(main).children())]
    return sum(one.user + one.system + one.children_user + one.children_system for one in times)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
