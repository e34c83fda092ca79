"""A worker as a process that settles on command, and dies, freezes or fails at a named place when told to."""

import faulthandler
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import TypeVar

import structlog
from psycopg.errors import Error as DatabaseError

from tieline.app.assembly import Tieline, assemble
from tieline.app.intake import Intake
from tieline.app.site import load_site
from tieline.app.transactions import Transactions
from tieline.engine import limits_circuit
from tieline.engine.flow import FlowEngine
from tieline.engine.wake import wake_due
from tieline.engine.worker import put_back_unattended, run_worker, take_over
from tieline.sdk import connector
from tieline.sdk.crashpoint import arm

T = TypeVar("T")
log = structlog.get_logger()

PATIENCE = 90.0
"""Seconds a settlement may take before the test says what waits."""
SOON = "30 minutes"
"""What is due later waits for a person: it is looked at once an hour whether the cause is gone."""
SHORT_REST = 1.0
"""Seconds between two probes of a vendor that is down."""


@dataclass(frozen=True)
class Orders:
    """What one worker process is told at its start."""

    conninfo: str
    site: Path
    quarantine: float
    """Seconds; the vendors' longest request life is shortened with it."""
    faults: tuple[str, ...] = ()
    """`point:n:action`; at the n-th time the process comes to the point: kill, freeze or fail. Each process heeds the
    first alone: the others are for its successors."""
    listen: bool = True


class Injected(RuntimeError):
    """A bug of ours, as a test makes it."""


class Faults:
    """Counts the crossings of every point and acts at the ones named."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.crossed: dict[str, int] = {}
        self._acts = {(point, int(n)): action for point, n, action in (fault.rsplit(":", 2) for fault in faults)}
        self._lock = threading.Lock()

    def __call__(self, point: str) -> None:
        with self._lock:
            count = self.crossed[point] = self.crossed.get(point, 0) + 1
        match self._acts.get((point, count)):
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "freeze":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "fail":
                raise Injected(point)


def main(orders: Orders, pipe: Pipe) -> None:
    """Serve `settle` (answers what waits; empty: nothing), `drain` (end what is under way) and `crossed` (how often it
    came to each point) until the other end closes."""
    file = (orders.site / "worker.log").open("a")
    faulthandler.register(signal.SIGUSR1, file)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)],
        logger_factory=structlog.WriteLoggerFactory(file),
    )
    _shorten(orders.quarantine)
    faults = Faults(orders.faults[:1])
    arm(faults)
    tieline = assemble(load_site(orders.site), orders.conninfo, threads=3)
    worker = _Worker(tieline, orders)
    worker.start()
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            os._exit(0)
        match asked:
            case "settle":
                pipe.send(worker.settle())
            case "drain":
                pipe.send(worker.drain())
            case _:
                pipe.send(dict(faults.crossed))


def _shorten(quarantine: float) -> None:
    """A vendor of these tests gives up a request far sooner than its fact sheet says, and the quarantine knows it."""
    connector.OperationFacts.quarantine = property(lambda facts: timedelta(seconds=quarantine))  # type: ignore[method-assign, assignment]
    limits_circuit.OPEN_FOR = SHORT_REST


class _Worker:
    """The parts of `tieline worker`, with their duties done when they are asked for, not by the clock."""

    def __init__(self, tieline: Tieline, orders: Orders) -> None:
        self._tieline = tieline
        self._orders = orders
        self._intake = Intake(tieline)
        self._transactions = Transactions(tieline)
        self._stopped = threading.Event()
        duties: dict[str, Callable[[], None]] = {**self._intake.sweeps(), **self._transactions.pulls()}
        asked = (self._transactions.post, self._transactions.release, self._transactions.replay)
        self._duties = [*duties.values(), *asked]

    def start(self) -> None:
        """Run woken flows, and listen for pushed events."""
        engine = self._tieline.engine
        self._flows = threading.Thread(target=self._run_flows, args=(engine,))
        self._flows.start()
        if self._orders.listen:
            self._intake.listen(self._stopped)

    def _run_flows(self, engine: FlowEngine) -> None:
        """As `tieline worker` does it: a database that is away is waited for."""
        while not self._stopped.is_set():
            try:
                run_worker(self._orders.conninfo, engine, threads=3, stopped=self._stopped)
            except (DatabaseError, OSError):
                log.exception("worker_waits")
                time.sleep(0.1)

    def drain(self) -> bool:
        """Begin nothing new and end what is under way; whether it has ended."""
        self._stopped.set()
        self._transactions.close()
        self._flows.join(PATIENCE)
        return not self._flows.is_alive()

    def settle(self) -> str:
        """Sweep, pull, run and post until a whole pass finds nothing; says what still waits when patience ends."""
        deadline, quiet = time.monotonic() + PATIENCE, False
        while True:
            news = self._guarded(self._news)
            for duty in self._duties:
                self._guarded(duty)
            self._guarded(self._tick)
            waiting = self._guarded(self._waiting, "the database is away")
            same = news is not None and news == self._guarded(self._news)
            if not waiting and quiet and same:
                return ""
            quiet = not waiting and same
            if time.monotonic() > deadline:
                return waiting or "there is always something new"
            if waiting:
                time.sleep(0.02)

    def _guarded(self, duty: Callable[[], T], otherwise: T | None = None) -> T | None:
        """As the ticker does it: what fails is logged, and done again next time."""
        try:
            return duty()
        except Exception:
            log.exception("duty_failed")
            return otherwise

    def _tick(self) -> None:
        with self._tieline.database.transaction() as db:
            wake_due(db)
            # The stand-in's job is done; nobody needs to wait for the next time to ask.
            db.execute("update posting_batch set due_at = '-infinity' where state = 'accepted'")
        take_over(self._tieline.database)
        put_back_unattended(self._tieline.database)

    def _news(self) -> tuple[int, ...]:
        with self._tieline.database.connection() as db:
            row = db.execute(
                "select (select count(*) from inbox) as events, (select count(*) from pull_page) as pages,"
                " (select count(*) from run) as runs, (select coalesce(sum(epoch), 0) from posting_batch) as claims"
            ).fetchone()
        assert row is not None
        return tuple(int(value) for value in row.values())

    def _waiting(self) -> str:
        with self._tieline.database.connection() as db:
            rows = db.execute(
                "select flow || ' ' || state || ' ' || coalesce(note, '') as what from agenda"
                f" where (behind or due_at < now() + interval '{SOON}') and flow <> 'unlinked'"
                " union all select 'job of ' || (args->>'flow') from procrastinate_jobs"
                "   where args->>'flow' <> 'unlinked' and status in ('todo', 'doing')"
                " union all select 'batch ' || state || coalesce(': ' || problem, '') from posting_batch"
                "   where state <> 'done'"
            ).fetchall()
        return "; ".join(row["what"] for row in rows)
