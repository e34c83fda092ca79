"""`kill -9` of the worker at five places of one engagement: a new worker finishes it, and nothing is there twice."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.e2e.deals import Line, invoices, money, shown, win, work, workday
from tests.e2e.oracle import count, doubled, time_lines
from tests.e2e.world import World, world
from tieline.demo.processes import tieline_command

TOM, MARCO = "tom.okafor@haldenmarsh.example", "marco.silva@haldenmarsh.example"
SLOW = 1500
"""Milliseconds a call hangs at the vendor while the worker is killed."""


@pytest.mark.torture  # tests/faults kills at every named place in each run
@pytest.mark.timeout(400)
def test_killed_at_five_places_everything_is_there_once(tmp_path: Path, database: str) -> None:
    with world(tmp_path, database) as here, _workers(here) as workers:
        deal = win(here, "Deal of many workers", Line(), Line("Build", "Consultant", 60, 165))

        # 1. In a read: a flow begins with reading the won deal.
        here.fault("salesforce", "query*", "latency", ms=SLOW)
        workers.start()
        workers.kill_in(lambda: bool(_running(here)))
        assert here.rows("select from contract_version") == []

        # 2. Before the vendor commits a create, which then never happens.
        here.fault("netsuite", "customer.upsert", "latency", ms=SLOW)
        here.fault("netsuite", "customer.upsert", "drop_before")
        workers.start()
        workers.kill_in(lambda: _asked(here, "netsuite", "customer.upsert") == 1)
        assert here.ledger("netsuite") == []

        # 3. While the vendor works on a create, which it commits after the worker's end.
        here.fault("kantata", "workspaces.create", "latency", ms=SLOW)
        workers.start()
        workers.kill_in(lambda: _asked(here, "kantata", "workspaces.create") == 1)
        workers.start()
        project = here.until(lambda: shown(here, deal), "project in Salesforce")

        # 4. While a batch of time is posted.
        here.settled()
        here.fault("netsuite", "timeBill.*", "latency", ms=SLOW)
        work(here, project, TOM, (workday(), 60), (workday(1), 90), (workday(2), 30))
        work(here, project, MARCO, (workday(), 120))
        workers.kill_in(lambda: _asked(here, "netsuite", "timeBill.*") >= 1)

        # 5. Between the vendor's answer and our commit of it: our books are locked while the answer arrives.
        with _locked(here, "erp_line") as waiting:
            workers.start()
            workers.kill_in(lambda: bool(time_lines(here)) and waiting())
        workers.start()

        draft = here.until(lambda: here.finance.draft(project["ERP_Id__c"], money(960)), "draft invoice")
        here.until(lambda: here.finance.hours(project["ERP_Id__c"]) == 5, "hours in NetSuite")
        here.settled()
        here.finance.release(draft)
        here.until(lambda: [row for row in invoices(here, project) if row["Status__c"] == "open"], "posted invoice")

        assert doubled(here) == []
        assert {kind: count(here, "netsuite", kind) for kind in ("customer", "job", "projectTask", "invoice")} == {
            "customer": 1,
            "job": 1,
            "projectTask": 5,
            "invoice": 1,
        }
        assert {kind: count(here, "kantata", kind) for kind in ("workspaces", "stories", "posts")} == {
            "workspaces": 1,
            "stories": 5,
            "posts": 1,
        }
        assert sorted(len(bodies) for bodies in time_lines(here).values()) == [1, 1, 1, 1]
        assert here.exceptions() == []
        assert workers.killed == 5


class _Workers:
    """`tieline worker` as a process, one after the other."""

    def __init__(self, here: World) -> None:
        self._here = here
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (here.site / "worker.log").open("ab")
        self.killed = 0

    def start(self) -> None:
        """The next worker; the disturbances of the last one are over."""
        self._process = subprocess.Popen(
            tieline_command("worker", "--site", str(self._here.site), "--threads", "4"),
            env={**os.environ, "TIELINE_DATABASE_URL": self._here.conninfo},
            stdout=self._log,
            stderr=self._log,
            stdin=subprocess.DEVNULL,
        )

    def kill_in(self, moment: Callable[[], bool]) -> None:
        """Wait for the moment, then kill -9. Its heart stopped beating long ago, as far as others can see."""
        assert self._process is not None
        self._here.until(moment, "moment to kill the worker")
        assert self._process.poll() is None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        self.killed += 1
        for vendor in self._here.urls:
            self._here.control(vendor, "DELETE", "faults")
        with psycopg.connect(self._here.conninfo, autocommit=True) as db:
            db.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")

    def end(self) -> None:
        """Stop the last one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
        self._log.close()


@contextmanager
def _workers(here: World) -> Iterator[_Workers]:
    workers = _Workers(here)
    try:
        yield workers
    finally:
        workers.end()


@contextmanager
def _locked(here: World, table: str) -> Iterator[Callable[[], bool]]:
    """Nobody can write to the table; yields whether somebody tries to."""
    with psycopg.connect(here.conninfo) as db:
        db.execute(f"lock table {table} in share mode")

        def waiting() -> bool:
            return bool(here.rows("select from pg_locks where relation = %s::regclass and not granted", table))

        yield waiting


def _running(here: World) -> list[dict[str, Any]]:
    return here.rows("select from procrastinate_jobs where status = 'doing'")


def _asked(here: World, vendor: str, operation: str) -> int:
    operations: dict[str, Any] = here.control(vendor, "GET", "requests")["operations"]
    return sum(int(asked) for name, asked in operations.items() if fnmatchcase(name, operation))
