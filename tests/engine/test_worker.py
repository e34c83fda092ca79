"""Workers as processes: many share one queue, and one that is killed in the middle of a flow loses nothing."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from psycopg.errors import OperationalError

from tests.engine.conftest import Bench
from tests.sdk.scripted import Answering, Vendor, scripted
from tieline.engine.wake import wake
from tieline.engine.worker import run_worker, take_over

ROOT = Path(__file__).parents[2]


class Things:
    """A vendor's things with an append-only ledger of creates; `hang` names the one whose answer never comes."""

    def __init__(self, hang: str = "") -> None:
        self.ledger: list[str] = []
        self.objects: dict[str, Any] = {}
        self.hangs = threading.Event()
        self.let_go = threading.Event()
        self._hang = hang
        self._lock = threading.Lock()

    def answer(self, request: Answering) -> None:
        if request.command == "GET":
            ref = parse_qs(urlsplit(request.path).query)["ref"][0]
            request.reply(body=json.dumps([key for key, one in self.objects.items() if one["ref"] == ref]).encode())
            return
        thing = json.loads(request.body)
        with self._lock:
            if request.command == "POST":
                self.ledger.append(thing["ref"])
                key = f"id-{len(self.ledger)}"
            else:
                key = request.path.rsplit("/", 1)[1]
            self.objects[key] = thing
        if thing["ref"] == self._hang and not self.hangs.is_set():
            self.hangs.set()
            self.let_go.wait(60)
        request.reply(body=json.dumps({"id": key}).encode())


Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with scripted() as running:
        yield running


@pytest.fixture
def start(bench: Bench, vendor: Vendor) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def one_more() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.engine.worker_process", bench.database.conninfo, vendor.url]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield one_more
    for process in started:
        process.kill()
        process.wait()


def wake_all(bench: Bench, keys: list[str]) -> None:
    with bench.database.transaction() as db:
        for key in keys:
            wake(db, "f", key, f"eng_{key}", "event")


def change(bench: Bench, statements: str) -> None:
    with bench.database.connection() as db:
        db.execute(statements.encode())


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)
    return found


def all_done(bench: Bench) -> bool:
    return not bench.rows("select key from agenda where behind or state <> 'done'")


def test_a_worker_killed_in_the_middle_of_a_flow_is_taken_over_and_every_effect_happens_once(
    bench: Bench, vendor: Vendor, start: Start
) -> None:
    things = Things(hang="child:k")
    vendor.replies.append(things.answer)
    first = start()
    wake_all(bench, ["k"])
    assert things.hangs.wait(60), "the vendor has written the child and does not answer"
    first.kill()
    first.wait()
    things.let_go.set()
    states = {row["target"]: row["state"] for row in bench.rows("select target, state from effect")}
    assert states["child"] == "intended", "its intent was committed before the call"
    assert bench.rows("select status::text from procrastinate_jobs") == [{"status": "doing"}]

    start()
    until(lambda: take_over(bench.database, after=2.0), "the dead worker's job is taken over")
    until(lambda: all_done(bench), "the flow is done")
    assert sorted(things.ledger) == ["child:k", "last:k", "parent:k"]
    effects = bench.rows("select target, state, external_id from effect order by target")
    assert [row["state"] for row in effects] == ["confirmed"] * 3
    keys = {one["ref"]: key for key, one in things.objects.items()}
    assert {row["target"]: row["external_id"] for row in effects} == {
        name: keys[f"{name}:k"] for name in ("parent", "child", "last")
    }
    assert things.objects[keys["child:k"]]["parent"] == keys["parent:k"]
    until(lambda: not bench.rows("select id from procrastinate_jobs"), "no job is left behind")
    runs = bench.rows("select state from run order by id")
    assert runs[-1]["state"] == "done"


def test_three_workers_share_the_queue_and_nothing_is_done_twice(bench: Bench, vendor: Vendor, start: Start) -> None:
    things = Things()
    vendor.replies.append(things.answer)
    keys = [str(number) for number in range(30)]
    for _ in range(3):
        start()
    wake_all(bench, keys)
    wake_all(bench, keys)
    until(lambda: all_done(bench) and not bench.rows("select id from procrastinate_jobs"), "all flows are done")
    assert sorted(things.ledger) == sorted(f"{name}:{key}" for name in ("parent", "child", "last") for key in keys)


@pytest.mark.parametrize(
    ("event", "table"),
    [
        pytest.param("update", "procrastinate_workers", id="heartbeat"),
        pytest.param("delete", "procrastinate_jobs", id="end of a job"),
    ],
)
def test_a_worker_that_lost_the_database_for_a_moment_ends_so_that_it_begins_anew(
    bench: Bench, event: str, table: str
) -> None:
    """It would live on without a heartbeat, or with a job that is under way for ever."""
    bench.flows["f"] = lambda run, key, systems: None
    change(
        bench,
        "create function lose() returns trigger language plpgsql as"
        " 'begin perform pg_terminate_backend(pg_backend_pid()); return null; end';"
        f" create trigger lose before {event} on {table} for each row execute function lose()",
    )
    wake_all(bench, ["k"])
    stopped = threading.Event()
    timer = threading.Timer(60, stopped.set)
    timer.start()
    try:
        with pytest.raises(OperationalError):
            run_worker(bench.database.conninfo, bench.engine, threads=2, stopped=stopped)
    finally:
        timer.cancel()
    change(bench, f"drop trigger lose on {table}")
    take_over(bench.database, after=0.0)
    stopped = threading.Event()
    worker = threading.Thread(
        target=run_worker, args=(bench.database.conninfo, bench.engine), kwargs={"threads": 2, "stopped": stopped}
    )
    worker.start()
    try:
        until(lambda: all_done(bench) and not bench.rows("select id from procrastinate_jobs"), "the flow is done")
    finally:
        stopped.set()
        worker.join(60)
