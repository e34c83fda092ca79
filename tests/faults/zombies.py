"""Workers that stop at a named place, are taken for dead, and go on when others have long done their work."""

import signal
import time
from dataclasses import dataclass, field

from tests.faults.firm import Firm, Worker
from tests.faults.worker_process import PATIENCE


@dataclass
class Zombies:
    """The frozen workers of a run, in the order they froze."""

    run: Firm
    cut: bool = False
    """The database has lost them as well: their sessions are gone."""
    frozen: list[Worker] = field(default_factory=list)

    def settle(self) -> None:
        """Until nothing is left to do; whoever freezes over it is replaced."""
        while True:
            worker = self.run.worker
            worker.tell("settle")
            if answered(worker):
                told = worker.answer()
                assert told == "", told
                return
            self.bury(worker)

    def bury(self, worker: Worker) -> None:
        """For all others it is dead: its heart has stopped, its lease is over, its sessions may be gone."""
        self.frozen.append(worker)
        self.run.replace_worker()
        if self.cut:
            self.run.rows(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )

    def thaw(self) -> None:
        """They go on where they stopped, to the end of what they were about."""
        for worker in self.frozen:
            worker.signal(signal.SIGCONT)
        for worker in self.frozen:
            assert worker.heard(2 * PATIENCE), "a thawed worker hangs"
            worker.answer()
            assert worker.ask("drain") is True, "a thawed worker does not end what it was about"

    def end(self) -> None:
        """Kill them, thawed or not."""
        for worker in self.frozen:
            worker.end()


def answered(worker: Worker) -> bool:
    """Wait until it has answered (True) or frozen (False)."""
    deadline = time.monotonic() + 2 * PATIENCE
    while not worker.heard(0.05):
        if worker.is_frozen:
            return False
        assert time.monotonic() < deadline, "the worker hangs"
    return True
