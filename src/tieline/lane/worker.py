"""A lane worker: a random id per start, alive as long as its database session lives; and how it claims batches."""

import math
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Any

from psycopg import Error as DatabaseError

from tieline.lane.batch import merge_batches
from tieline.lane.outbound import Outbound
from tieline.sdk.lines import LineSink
from tieline.sdk.operation import WriteSafety
from tieline.store.database import Connection, Database, connect

WORKER_LOCK = 777
LEASE = timedelta(seconds=180)
"""Longer than the longest call; a worker whose session lives keeps its batch even longer."""
SEND_WITHIN = 110.0
"""Seconds after its claim in which a batch may be sent: the longest call (60 s) ends before the lease does. Else a
worker that was frozen and lost its session would send what another has long looked up, missed, and sent itself."""
ROUND = 10
"""Batches claimed, sent and settled together, or so many more that the last of them go out side by side as well."""
MOST_REMEMBERED = 100

_CLAIM = """
with c as (
  select id, state as was from posting_batch q
  where connection = %(connection)s and state <> 'done' and (
    state in ('ready', 'accepted', 'in_doubt') and due_at <= clock_timestamp()
    or state = 'sending' and (worker is null or lease_until + %(quarantine)s < clock_timestamp() and not exists (
      select from pg_locks l where l.locktype = 'advisory' and l.classid = %(lock)s and l.objid = q.worker::oid
        and l.objsubid = 2 and l.database = (select oid from pg_database where datname = current_database()))))
  order by id for update skip locked limit %(most)s)
update posting_batch b set state = 'sending', epoch = epoch + 1, attempts = attempts + 1, worker = %(worker)s,
  lease_until = clock_timestamp() + %(lease)s,
  quarantine_until = case when c.was = 'sending' and handle is null
    then greatest(quarantine_until, lease_until + %(landing)s) else quarantine_until end
from c where b.id = c.id
returning b.id, b.line_ids, b.generation, b.handle, b.epoch, b.attempts, b.failures, b.problem, b.created_at, c.was,
  coalesce(b.quarantine_until <= clock_timestamp(), true) as quarantine_over
"""
_SOON = """
select extract(epoch from min(due_at) - clock_timestamp())::float8 as seconds from posting_batch
where connection = %s and state = 'accepted'
"""


class Worker:
    """One thread's sender. While its session lives, holding an advisory lock on its id, nobody takes its batches over:
    a lease alone does not stop a frozen process from sending late. `close` ends it; ids are never used again.
    """

    def __init__(self, database: Database, *, lease: timedelta = LEASE) -> None:
        self.database = database
        self._lease = lease
        self._session: Connection | None = None
        self._id = 0
        self._accepted: dict[int, tuple[int, Sequence[Outbound]]] = {}
        self.stopping = False
        self.claimed_at = 0.0
        """Before the last claim, by `time.monotonic()`."""

    def session(self) -> Connection:
        """The worker's own connection; a new one (and a new worker id) after the server restarted."""
        if self._session is not None and not self._session.closed and not self._session.broken:
            return self._session
        self._session = connect(self.database.conninfo)
        self._id = secrets.randbelow(2**31 - 1) + 1
        self._session.execute("select pg_advisory_lock(%s, %s)", [WORKER_LOCK, self._id])
        return self._session

    def claim(self, sink: LineSink) -> list[dict[str, Any]]:
        """The next batches of a connection that are due, oldest first; ours from the commit on. None while stopping."""
        if self.stopping:
            return []
        self.claimed_at = time.monotonic()
        session, free = self.session(), sink.safety in (WriteSafety.NATIVE_KEY, WriteSafety.UPSERT)
        values = {
            "connection": sink.connection,
            "quarantine": timedelta(0) if free else sink.quarantine,
            # What a dead worker sent may land as long as any other call, whoever may send it again meanwhile.
            "landing": sink.quarantine,
            "lock": WORKER_LOCK,
            "worker": self._id,
            # What may be sent twice need not wait for a worker whose session is gone.
            "lease": timedelta(0) if free else self._lease,
            # After a crash all that was claimed is in doubt; where that costs time or a person, it shall be little.
            "most": math.ceil(ROUND / max(1, sink.at_once)) * max(1, sink.at_once) if free else sink.at_once,
        }
        return sorted(session.execute(_CLAIM, values).fetchall(), key=itemgetter("id"))

    def seconds_to_wait(self, sink: LineSink) -> float | None:
        """Until an accepted batch is to be asked for; None when there is none."""
        row = self.session().execute(_SOON, [sink.connection]).fetchone()
        return None if row is None or row["seconds"] is None else max(0.0, float(row["seconds"]))

    def remember(self, batch: Mapping[str, Any], lines: Sequence[Outbound]) -> None:
        """Keep the lines of a batch that is accepted: asking for it needs them again."""
        if len(self._accepted) >= MOST_REMEMBERED:
            self._accepted.pop(next(iter(self._accepted)))
        self._accepted[batch["id"]] = (batch["epoch"], lines)

    def remembered(self, batch: Mapping[str, Any]) -> Sequence[Outbound] | None:
        """The lines of a batch nobody else has claimed since; those of a batch under way never change."""
        epoch, lines = self._accepted.pop(batch["id"], (None, ()))
        return lines if epoch is not None and epoch + 1 == batch["epoch"] else None

    def merge(self, sink: LineSink) -> None:
        """Fill up small batches of a connection."""
        with self.session().transaction():
            merge_batches(self.session(), sink.connection, sink.batch_size)

    def stop(self) -> None:
        """Begin nothing new: what is being sent is settled, what is not goes back as it was."""
        self.stopping = True

    def close(self) -> None:
        """End the session and with it the lock."""
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except DatabaseError:  # it is gone already, and so is its lock
                return
