"""A lane worker: a random id per start, alive as long as its database session lives; and how it claims batches."""

import secrets
from datetime import timedelta
from typing import Any

from psycopg import Error as DatabaseError

from tieline.lane.batch import merge_batches
from tieline.sdk.lines import LineSink
from tieline.sdk.operation import WriteSafety
from tieline.store.database import Connection, Database, connect

WORKER_LOCK = 777
LEASE = timedelta(seconds=180)
"""Longer than the longest call; a worker whose session lives keeps its batch even longer."""

_CLAIM = """
with c as (
  select id, state as was from posting_batch q
  where connection = %(connection)s and state <> 'done' and (
    state in ('ready', 'accepted', 'in_doubt') and due_at <= clock_timestamp()
    or state = 'sending' and (worker is null or lease_until + %(quarantine)s < clock_timestamp() and not exists (
      select from pg_locks l where l.locktype = 'advisory' and l.classid = %(lock)s and l.objid = q.worker::oid
        and l.objsubid = 2 and l.database = (select oid from pg_database where datname = current_database()))))
  order by id for update skip locked limit 1)
update posting_batch b set state = 'sending', epoch = epoch + 1, attempts = attempts + 1, worker = %(worker)s,
  lease_until = clock_timestamp() + %(lease)s
from c where b.id = c.id
returning b.id, b.legal_entity, b.line_ids, b.generation, b.handle, b.epoch, b.failures, c.was,
  coalesce(b.quarantine_until <= clock_timestamp(), true) as quarantine_over
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

    def session(self) -> Connection:
        """The worker's own connection; a new one (and a new worker id) after the server restarted."""
        if self._session is not None and not self._session.closed and not self._session.broken:
            return self._session
        self._session = connect(self.database.conninfo)
        self._id = secrets.randbelow(2**31 - 1) + 1
        self._session.execute("select pg_advisory_lock(%s, %s)", [WORKER_LOCK, self._id])
        return self._session

    def claim(self, sink: LineSink) -> dict[str, Any] | None:
        """The next batch of a connection that is due, ours from the commit on; None when there is none."""
        free = sink.safety in (WriteSafety.NATIVE_KEY, WriteSafety.UPSERT)
        session = self.session()
        values = {
            "connection": sink.connection,
            "quarantine": timedelta(0) if free else sink.quarantine,
            "lock": WORKER_LOCK,
            "worker": self._id,
            # What may be sent twice need not wait for a worker whose session is gone.
            "lease": timedelta(0) if free else self._lease,
        }
        return session.execute(_CLAIM, values).fetchone()

    def merge(self, sink: LineSink) -> None:
        """Fill up small batches of a connection."""
        with self.session().transaction():
            merge_batches(self.session(), sink.connection, sink.batch_size)

    def close(self) -> None:
        """End the session and with it the lock."""
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except DatabaseError:  # it is gone already, and so is its lock
                return
