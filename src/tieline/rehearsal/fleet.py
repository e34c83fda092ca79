"""Tieline as it runs in a firm: a server and workers as processes, on a PostgreSQL that may be killed like they."""

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tieline.rehearsal.stage import Stage, connect

REQUEST_LIFE = 3.0
"""Seconds the longest late commit of a rehearsal takes; the vendors' own requests live for minutes."""
QUARANTINE = 6.0
"""Seconds; longer than any request's life, as in production, but in proportion to it."""
THREADS = 4
TAKEN_OVER_WITHIN = 60.0
PATIENCE = 4.0
"""Seconds to wait for a moment worth a kill."""

_UNDER_WAY = """
select 'batch ' || id || ':' || epoch as what from posting_batch where state = 'sending'
union all select 'job ' || id from procrastinate_jobs where status = 'doing'
"""
# A lane worker holds an advisory lock on its id, in a session that bears the name of its process.
_SENDER = """
select a.application_name as name from posting_batch b
join pg_locks l on l.locktype = 'advisory' and l.classid = 777 and l.objid = b.worker::oid
join pg_stat_activity a on a.pid = l.pid
where b.state = 'sending' and a.application_name like 'worker %' limit 1
"""


@dataclass
class Fleet:
    """The processes of Tieline. `peaks` are the largest resident sizes seen, in MB, by process."""

    stage: Stage
    workers: int
    console: str = ""
    kills: int = 0
    peaks: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        """The server with its console, and the workers."""
        for number in range(1, self.workers + 1):
            self._launch(f"worker {number}")
        command = rehearsed("serve", "--site", str(self.stage.site), "--port", "0", "--threads", str(THREADS), "--json")
        self.console = self.stage.processes.start("server", command, self._env("server"))

    def kill_worker(self) -> tuple[str, float | None]:
        """`kill -9` of a worker in the middle of a call; which, and seconds until all under way had moved on.

        It is started again. None when something did not move on within a minute: the verdict will tell.
        """
        with connect(self.stage) as db:
            victim = self._wait_for_sender(db)
            held = _under_way(db)
            self.measure()
            self.stage.processes.kill(victim)
            begun = time.monotonic()
            self.kills += 1
            while (gone := time.monotonic() - begun) < TAKEN_OVER_WITHIN and held & _under_way(db):
                time.sleep(0.02)
        self._launch(victim)
        return victim, gone if gone < TAKEN_OVER_WITHIN else None

    def kill_database(self) -> float:
        """`kill -9` of PostgreSQL under load; seconds until it answers again. A firm's own is started by its host."""
        with connect(self.stage) as db:
            self._wait_for_work(db)
        process = self.stage.server.status().process
        assert process is not None
        os.kill(process, signal.SIGKILL)
        begun = time.monotonic()
        self.kills += 1
        self.stage.server.start()
        return time.monotonic() - begun

    def measure(self) -> None:
        """Note the memory of each process so far (Linux only)."""
        for name, process in self.stage.processes.ids().items():
            peak = _peak_mb(process)
            if peak is not None:
                self.peaks[name] = max(peak, self.peaks.get(name, 0.0))

    def _launch(self, name: str) -> None:
        command = rehearsed("worker", "--site", str(self.stage.site), "--threads", str(THREADS))
        self.stage.processes.launch(name, command, self._env(name))

    def _env(self, name: str) -> dict[str, str]:
        # PostgreSQL shows each session's name, so that we can kill the worker that holds something.
        return {"TIELINE_DATABASE_URL": self.stage.conninfo, "PGAPPNAME": name}

    def _wait_for_sender(self, db: psycopg.Connection[dict[str, object]]) -> str:
        """The worker that is sending a batch now; when none does for some seconds, the first."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            row = db.execute(_SENDER).fetchone()
            if row is not None:
                return str(row["name"])
            time.sleep(0.005)
        return "worker 1"

    def _wait_for_work(self, db: psycopg.Connection[dict[str, object]]) -> None:
        """Return when something is under way; a kill of an idle server would show little."""
        deadline = time.monotonic() + PATIENCE
        while not _under_way(db) and time.monotonic() < deadline:
            time.sleep(0.005)


def rehearsed(*arguments: str) -> list[str]:
    """This very Tieline as a child, with quarantines in proportion to the stand-ins' short requests."""
    code = (
        "from datetime import timedelta; from tieline.sdk.connector import shorten_quarantines; "
        f"shorten_quarantines(timedelta(seconds={QUARANTINE})); from tieline.cli import main; main()"
    )
    return [sys.executable, "-c", code, *arguments]


def _under_way(db: psycopg.Connection[dict[str, object]]) -> set[str]:
    return {str(row["what"]) for row in db.execute(_UNDER_WAY).fetchall()}


def _peak_mb(process: int) -> float | None:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("VmHWM:")), None)
    return int(found.split()[1]) / 1024 if found else None
