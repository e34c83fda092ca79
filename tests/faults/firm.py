"""The firm of the fault tests: stand-ins that are reset, not restarted; a database per run; workers that may die."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.rows import dict_row

from tests.e2e.world import World, world
from tests.faults.worker_process import PATIENCE, Orders, main

QUARANTINE = 0.6
"""Seconds; longer than any late commit of these tests."""

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.faults.worker_process"])


class Worker:
    """One worker process."""

    def __init__(self, orders: Orders) -> None:
        self._pipe, theirs = _forks.Pipe()
        self._process = _forks.Process(target=main, args=(orders, theirs), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def ask(self, what: str) -> Any:
        """What it answers; None when it died over it."""
        self.tell(what)
        if not self.heard(2 * PATIENCE):
            self.signal(signal.SIGUSR1)  # it writes its stacks into its log
            raise AssertionError(f"the worker hangs over {what}")
        return self.answer()

    def tell(self, what: str) -> None:
        """Ask without waiting for the answer."""
        with suppress(OSError):
            self._pipe.send(what)

    def heard(self, seconds: float) -> bool:
        """Whether it has answered, or died, within so many seconds."""
        try:
            return self._pipe.poll(seconds)
        except OSError:
            return True

    def answer(self) -> Any:
        """The answer to what it was told last; None when it died over it."""
        try:
            return self._pipe.recv()
        except (EOFError, OSError):
            self._process.join(10)
            return None

    @property
    def is_frozen(self) -> bool:
        """Whether it is stopped by a signal."""
        return psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self) -> None:
        """Kill it if it lives."""
        self._process.kill()
        self._process.join(10)
        self._pipe.close()


@dataclass
class Firm:
    """One run: a firm as seeded, on a database of its own."""

    here: World
    orders: Orders
    deaths: int = 0
    _worker: Worker | None = None

    @property
    def worker(self) -> Worker:
        """The worker at work, the next one if the last has died."""
        if self._worker is None:
            self._worker = Worker(self.orders)
        return self._worker

    def settle(self) -> None:
        """Until nothing is left to do, through as many deaths as there are faults."""
        for _ in range(len(self.orders.faults) + 1):
            told = self.worker.ask("settle")
            if told is not None:
                assert told == "", told
                return
            self.bury()
        raise AssertionError("the worker died without a fault")

    def bury(self) -> None:
        """The worker is dead."""
        if self._worker is not None:
            self._worker.end()
        self.replace_worker()

    def replace_worker(self) -> None:
        """The next worker starts without the fault the last one met, whose heart stopped and lease ended long ago."""
        self.deaths += 1
        self._worker = None
        self.orders = replace(self.orders, faults=self.orders.faults[1:])
        self.rows("update procrastinate_workers set last_heartbeat = now() - interval '1 hour' returning id")
        self.rows("update posting_batch set lease_until = '-infinity' where state = 'sending' returning id")

    def rest(self) -> None:
        """Nobody is at work until somebody is asked for something."""
        if self._worker is not None:
            self._worker.end()
        self._worker = None

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.orders.conninfo, autocommit=True, row_factory=dict_row) as db:
            return db.execute(query.encode(), parameters).fetchall()

    end = rest


def asked(here: World, vendor: str, operation: str) -> int:
    """How many requests of an operation came to a vendor."""
    operations: dict[str, Any] = here.control(vendor, "GET", "requests")["operations"]
    return sum(int(count) for name, count in operations.items() if fnmatchcase(name, operation))


@contextmanager
def vendors(folder: Path) -> Iterator[World]:
    """Stand-ins and a site, used for many runs."""
    with world(folder, "", push=True) as here:
        yield here


@contextmanager
def firm(here: World, conninfo: str, *faults: str, listen: bool = True) -> Iterator[Firm]:
    """A run from the beginning: vendors as seeded, people signed in."""
    furnish(here)
    run = Firm(here, Orders(conninfo, here.site, QUARANTINE, faults, listen))
    try:
        run.worker.ask("crossed")
        if listen:
            here.until(lambda: asked(here, "salesforce", "cometd") >= 2, "subscription to pushed events")
        yield run
    finally:
        run.end()
        for name in here.urls:
            health = here.control(name, "GET", "health")
            assert health["ok"], health["bugs"]


def furnish(here: World) -> None:
    """Back to the seeded firm, with the administrators' work done."""
    for name in here.urls:
        here.control(name, "POST", "reset")
    for person in here.people.values():
        person._browser.close()
    here.people.clear()
    here.customize()


def left_open(run: Firm) -> list[str]:
    """Effects without an end: nothing may be in doubt when all is settled."""
    rows = run.rows("select label, state from effect where state not in ('confirmed', 'withdrawn')")
    return [f"{row['label']}: {row['state']}" for row in rows]
