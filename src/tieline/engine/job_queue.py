"""A worker as the job queue knows it: one session that takes jobs, ends them, beats, and hears of new ones.

The tables and functions are Procrastinate's; its worker is not used (docs/adr/0003). The agenda is the truth and a job
only wakes us, so nothing here waits for the disk: what a crash of the database takes back is found by the take-over.
"""

import select
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from psycopg import sql

from tieline.engine.wake import QUEUE
from tieline.store.database import connect

FORGET_AFTER = "1 hour"
"""Without a heartbeat; far above the take-over, so that no frozen worker loses its row while it may come back."""

_REGISTER = """
with gone as (delete from procrastinate_workers where last_heartbeat < clock_timestamp() - %s::interval)
select worker_id from procrastinate_register_worker_v1()
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A flow instance to look at."""

    id: int
    flow: str
    key: str


class JobQueue:
    """One registered worker. For one thread, except `ring`. Its methods raise psycopg's errors."""

    def __init__(self, conninfo: str) -> None:
        self._db = connect(conninfo)
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        try:
            self._worker = self._register()
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def _register(self) -> int:
        self._db.execute("set synchronous_commit = off")
        self._db.execute(sql.SQL("listen {}").format(sql.Identifier(f"procrastinate_queue_v1#{QUEUE}")))
        row = self._db.execute(_REGISTER, [FORGET_AFTER]).fetchone()
        assert row is not None
        return int(row["worker_id"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._db.close()
        self._ear.close()
        self._bell.close()

    def next(self, ended: Sequence[int], most: int) -> list[Job]:
        """Finish these jobs, and take up to so many new ones, the oldest first."""
        rows = self._db.execute(
            "select id, args->>'flow' as flow, args->>'key' as key from next_jobs(%s, %s, %s, %s)",
            [QUEUE, self._worker, list(ended), most],
        ).fetchall()
        return [Job(row["id"], row["flow"], row["key"]) for row in rows]

    def beat(self) -> None:
        """Say that this worker lives."""
        self._db.execute("select procrastinate_update_heartbeat_v1(%s)", [self._worker])

    def leave(self) -> None:
        """Say that this worker ends; what it still holds is taken over at once."""
        self._db.execute("select procrastinate_unregister_worker_v1(%s)", [self._worker])

    def wait(self, seconds: float) -> bool:
        """Until a job came in, `ring` was called, or so long; whether there may be something to do."""
        if self._told():  # during a statement of ours
            return True
        ears: list[Any] = [self._db, self._ear]
        ready, _, _ = select.select(ears, [], [], seconds)
        if self._ear in ready:
            self._ear.recv(4096)
        return self._ear in ready or (self._db in ready and self._told())

    def _told(self) -> bool:
        return bool(list(self._db.notifies(timeout=0)))

    def ring(self) -> None:
        """End `wait`; from any thread, at any time."""
        with suppress(OSError):  # it rings already, or nobody listens any more
            self._bell.send(b".")
