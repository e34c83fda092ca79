"""The circuit of a connection: opens after failures in a row, rests, and lets one probe through later."""

import threading
import time
from datetime import timedelta

from tieline.sdk.errors import Unavailable
from tieline.store.database import Database

FAILURES_TO_OPEN = 5
OPEN_FOR = 15.0
"""Seconds between two probes while it is open."""


class Circuit:
    """Opens after failures in a row; while it is open calls are refused here, and one probe is let through later."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0
        self._looked_at = 0.0

    def check(self) -> None:
        """Raises Unavailable while the circuit is open, also when another worker opened it."""
        now = time.monotonic()
        with self._lock:
            if now < self._open_until:
                left = timedelta(seconds=self._open_until - now)
                raise Unavailable(self._connection, "is down; calls rest until it answers again", left)
            if now - self._looked_at < 1.0:
                return
            self._looked_at = now
        with self._database.connection() as db:
            row = db.execute(
                "select extract(epoch from retry_at - clock_timestamp())::float8 as left from circuit"
                " where connection = %s and retry_at > clock_timestamp()",
                [self._connection],
            ).fetchone()
        if row is not None:
            with self._lock:
                self._open_until = now + row["left"]
            raise Unavailable(
                self._connection, "is down; calls rest until it answers again", timedelta(seconds=row["left"])
            )

    def failed(self, reason: str) -> None:
        """Count a failure; the fifth in a row opens the circuit for all workers."""
        with self._lock:
            self._failures += 1
            if self._failures < FAILURES_TO_OPEN:
                return
            self._open_until = time.monotonic() + OPEN_FOR
        with self._database.connection() as db:
            db.execute(
                "insert into circuit (connection, failures, opened_at, retry_at, reason) values (%(connection)s,"
                " %(failures)s, clock_timestamp(), clock_timestamp() + make_interval(secs => %(seconds)s), %(reason)s)"
                " on conflict (connection) do update set failures = excluded.failures, reason = excluded.reason,"
                " opened_at = coalesce(circuit.opened_at, excluded.opened_at), retry_at = excluded.retry_at",
                {
                    "connection": self._connection,
                    "failures": self._failures,
                    "seconds": OPEN_FOR,
                    "reason": reason[:300],
                },
            )

    def succeeded(self) -> None:
        """Close the circuit."""
        with self._lock:
            was_open, self._failures, self._open_until = self._failures >= FAILURES_TO_OPEN, 0, 0.0
        if was_open:
            with self._database.connection() as db:
                db.execute("delete from circuit where connection = %s", [self._connection])
