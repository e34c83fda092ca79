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

_UNDER_WAY = """
select 'batch ' || id || ':' || epoch as what from posting_batch where state = 'sending'
union all select 'job ' || id from procrastinate_jobs where status = 'doing'
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
        command = rehearsed("serve", "--site", str(self.stage.site), "--port", "0", "--threads", str(THREADS), "--json")
        self.console = self.stage.processes.start("server", command, self._env())
        for number in range(1, self.workers + 1):
            self._launch(f"worker {number}")

    def kill_worker(self, name: str) -> float | None:
        """`kill -9` while something is under way; seconds until all that was under way had moved on. Starts it again.

        None when it did not move on within a minute: the verdict will tell what became of it.
        """
        with connect(self.stage) as db:
            held = self._wait_for_work(db)
            self.measure()
            self.stage.processes.kill(name)
            begun = time.monotonic()
            self.kills += 1
            while time.monotonic() < begun + TAKEN_OVER_WITHIN:
                if not held & _under_way(db):
                    break
                time.sleep(0.05)
            else:
                self._launch(name)
                return None
        self._launch(name)
        return time.monotonic() - begun

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
        self.stage.processes.launch(name, command, self._env())

    def _env(self) -> dict[str, str]:
        return {"TIELINE_DATABASE_URL": self.stage.conninfo}

    def _wait_for_work(self, db: psycopg.Connection[dict[str, object]]) -> set[str]:
        """What is under way, at once when there is something; a kill of an idle process would show little."""
        deadline = time.monotonic() + 10
        while not (found := _under_way(db)) and time.monotonic() < deadline:
            time.sleep(0.005)
        return found


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
