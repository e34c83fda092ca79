"""The engine's own cost: flows on the smallest vendor there can be, beside the same calls made bare."""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from bench.world import Postgres
from tieline.engine.change_guard import ChangeGuard
from tieline.engine.controls import Controls
from tieline.engine.flow import FlowEngine
from tieline.engine.intake import Arrival, Instance, receive
from tieline.engine.limits import Governor
from tieline.engine.run import Run
from tieline.engine.worker import Ticker, run_worker
from tieline.exception_queue.bulk import Shown, bulk_retry, preview
from tieline.exception_queue.filter import Filter
from tieline.model.record import Record
from tieline.sdk.connector import Limits
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changed
from tieline.sdk.http import Anonymous, HttpAnswer, VendorHttp
from tieline.sdk.operation import Operation, WriteSafety, Written
from tieline.store.database import Connection, Database

VENDOR = "vendor"
UNLIMITED = Limits(concurrent=64, per_second=100_000, burst=100_000, reserved_share=0)
THREADS = 16


class Thing(Record):
    """A record of these measurements."""

    name: str


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    one_by_one: int = 50
    per_second: int = 100
    seconds: int = 10
    exceptions: int = 10_000


QUICK = Plan(one_by_one=10, per_second=50, seconds=2, exceptions=200)


@dataclass
class Bench:
    """An engine whose one flow reads and writes the vendor, and when each run of it ended."""

    database: Database
    http: VendorHttp
    refuses: bool = False
    ended: dict[str, float] = field(default_factory=dict)
    seen: threading.Condition = field(default_factory=threading.Condition)

    def operation(self, target: str) -> Operation[Thing]:
        """One kind of record of the vendor."""
        return Operation(
            connection=VENDOR,
            system="Vendor",
            target=target,
            render=lambda record, links: {"ref": record.id, "name": record.name},
            create=lambda payload, key: self._write(target, payload),
            creates=WriteSafety.UPSERT,
        )

    def _write(self, target: str, payload: dict[str, Any]) -> Written:
        if self.refuses:
            raise Rejected(
                VENDOR, f"{payload['name']} is refused", kind="business_rule", field="name", key=payload["ref"]
            )
        answer = self.http.request("POST", "/batches", write=True, json=[[f"{target}:{payload['ref']}"]])
        return Written(answer.json()[0])

    def flow(self, reads: int, effects: int, run: Run, key: str) -> None:
        """So many reads, then so many effects."""
        for _ in range(reads):
            self.http.get("/counts")
        for number in range(effects):
            run.ensure(f"Record {number}", self.operation(f"thing{number}"), Thing(id=key, name=key))
        self._note(key)

    def _note(self, key: str) -> None:
        with self.seen:
            self.ended[key] = time.perf_counter()
            self.seen.notify_all()

    def wait(self, keys: Sequence[str], seconds: float = 300.0) -> None:
        """Until all of these have ended."""
        with self.seen:
            if not self.seen.wait_for(lambda: all(key in self.ended for key in keys), seconds):
                raise RuntimeError(f"{sum(key not in self.ended for key in keys)} flows have not ended")

    def event(self, flow: str, key: str) -> float:
        """Take an event in; when its commit was there."""

        def concerns(db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
            return [(flow, one.external_id, one.external_id) for one in changed]

        with self.database.transaction() as db:
            receive(db, [Arrival(VENDOR, key, Changed("thing", key, 1))], concerns, "event")
        return time.perf_counter()


@contextmanager
def target(milliseconds: float) -> Iterator[str]:
    """The smallest vendor, and its address."""
    command = [sys.executable, "-m", "bench.minimal_target", "0", str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().decode().strip()}"
        finally:
            process.kill()


@contextmanager
def working(postgres: Postgres, url: str) -> Iterator[Bench]:
    """An engine at work in this process."""
    database = Database(postgres.fresh_database("bench_engine"), size=THREADS + 12)
    governor = Governor(database, VENDOR, "vendor:bench", UNLIMITED)
    http = VendorHttp(connection=VENDOR, base_url=url, authorizer=Anonymous(), refusal=_refusal, gate=governor)
    bench = Bench(database, http)
    flows = {
        "thread": lambda run, key, systems: bench.flow(2, 7, run, key),
        "three": lambda run, key, systems: bench.flow(0, 3, run, key),
        "one": lambda run, key, systems: bench.flow(0, 1, run, key),
    }
    engine = FlowEngine(
        database=database,
        flows=flows,
        systems=lambda db: None,
        controls=Controls(guard=ChangeGuard(1_000_000, 10)),
        site_uid="bench",
        app_version="bench",
    )
    stopped = threading.Event()
    ticker = Ticker(database, {"relax": (1.0, governor.relax)})
    worker = threading.Thread(
        target=run_worker, args=(database.conninfo, engine), kwargs={"threads": THREADS, "stopped": stopped}
    )
    ticker.start()
    worker.start()
    try:
        yield bench
    finally:
        stopped.set()
        ticker.stop()
        worker.join(30)
        http.close()
        governor.close()
        database.close()


def measure(postgres: Postgres, plan: Plan) -> list[dict[str, Any]]:
    """One row for each question."""
    rows: list[dict[str, Any]] = []
    for milliseconds in (0, 20):
        with target(milliseconds) as url, working(postgres, url) as bench:
            rows.append(_one_by_one(bench, url, plan, milliseconds))
            if milliseconds:
                rows.append(_offered(bench, url, plan, milliseconds))
    with target(0) as url, working(postgres, url) as bench:
        rows.append(_replayed(bench, plan))
    return rows


def _one_by_one(bench: Bench, url: str, plan: Plan, milliseconds: int) -> dict[str, Any]:
    """Two reads and seven effects, one engagement after the other; from the commit of the event to the last answer."""
    took = []
    for number in range(plan.one_by_one):
        key = f"thread{number}"
        begun = bench.event("thread", key)
        bench.wait([key])
        took.append((bench.ended[key] - begun) * 1000)
    floor = [_bare(url, 2, 7) for _ in range(plan.one_by_one)]
    return {
        "what": "2 reads + 7 effects, one by one",
        "latency_ms": milliseconds,
        "runs": plan.one_by_one,
        **_share(took, floor),
    }


def _offered(bench: Bench, url: str, plan: Plan, milliseconds: int) -> dict[str, Any]:
    """Three effects for each of many events a second."""
    begun: dict[str, float] = {}
    start = time.perf_counter()
    for number in range(plan.per_second * plan.seconds):
        time.sleep(max(0.0, start + number / plan.per_second - time.perf_counter()))
        begun[f"offered{number}"] = bench.event("three", f"offered{number}")
    bench.wait(list(begun))
    took = [(bench.ended[key] - at) * 1000 for key, at in begun.items()]
    floor = [_bare(url, 0, 3) for _ in range(plan.one_by_one)]
    return {
        "what": f"event -> 3 effects, {plan.per_second} events/s",
        "latency_ms": milliseconds,
        "runs": len(took),
        **_share(took, floor),
    }


def _replayed(bench: Bench, plan: Plan) -> dict[str, Any]:
    """Exceptions of one flow instance each are retried together; until the last of them is closed."""
    keys = [f"refused{number}" for number in range(plan.exceptions)]
    bench.refuses = True
    for key in keys:
        bench.event("one", key)
    _until(bench, "select count(*) as n from exception_item where closed_at is null", plan.exceptions)
    bench.refuses = False
    with bench.database.connection() as db:
        shown = preview(db, Filter())
    begun = time.perf_counter()
    touched = bulk_retry(bench.database, Filter(), Shown(exceptions=shown.exceptions, newest=shown.newest), "bench")
    asked = time.perf_counter() - begun
    _until(bench, "select count(*) as n from exception_item where closed_at is null", 0)
    seconds = time.perf_counter() - begun
    return {
        "what": "exceptions retried together",
        "runs": touched.exceptions,
        "asked_s": asked,
        "seconds": seconds,
        "per_second": touched.exceptions / seconds,
    }


def _until(bench: Bench, query: str, wanted: int) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        with bench.database.connection() as db:
            row = db.execute(query.encode()).fetchone()
        if row is not None and row["n"] == wanted:
            return
        time.sleep(0.05)
    raise RuntimeError(f"{query}: {row}, not {wanted}")


_client: dict[str, httpx2.Client] = {}


def _bare(url: str, reads: int, effects: int) -> float:
    """The same calls with one pooled client; milliseconds."""
    client = _client.setdefault(url, httpx2.Client(base_url=url, trust_env=False))
    begun = time.perf_counter()
    for _ in range(reads):
        client.get("/counts")
    for number in range(effects):
        client.post("/batches", content=f'[["bare{number}:{begun}"]]'.encode())
    return (time.perf_counter() - begun) * 1000


def _share(took: list[float], floor: list[float]) -> dict[str, float]:
    p50, floor_p50 = statistics.median(took), statistics.median(floor)
    return {
        "p50_ms": p50,
        "p99_ms": sorted(took)[int(len(took) * 0.99)],
        "floor_p50_ms": floor_p50,
        "times_floor_p50": p50 / floor_p50,
    }


def _refusal(answer: HttpAnswer) -> Exception | None:
    return None
