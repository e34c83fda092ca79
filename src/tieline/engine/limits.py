"""The governor: one pool of calls per vendor account, shared by all workers through PostgreSQL, and a circuit.

Calls per second are a token bucket in a row, taken in small handfuls. Concurrent calls are advisory locks of a
session, so the slots of a process that dies are free at once; a process keeps a slot while it is busy and gives it
back after a second of rest.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from psycopg.errors import Error as DatabaseError

from tieline.sdk.connector import Limits
from tieline.sdk.errors import NotSent, Unavailable, Unclear
from tieline.store.database import Connection, Database, connect

LONGEST_WAIT = 10.0
"""Seconds a call waits for its permit before the step is put back on the agenda."""
FAILURES_TO_OPEN = 5
OPEN_FOR = 15.0
REST = 1.0
_LOCKS = 714_002


class Governor:
    """The gate of one connection; connections with the same account share its pool."""

    def __init__(self, database: Database, connection: str, account: str, limits: Limits) -> None:
        self._database = database
        self._connection = connection
        self._account = account
        share = 1.0 - limits.reserved_share
        self._rate = limits.per_second * share
        self._burst = max(1.0, limits.burst * share)
        self._slots = Slots(database.conninfo, account, max(1, int(limits.concurrent * share)))
        self._lock = threading.Lock()
        self._tokens = 0
        self._tokens_until = 0.0
        self._circuit = Circuit(database, connection)

    def call(self) -> AbstractContextManager[None]:
        """Wait for a permit and hold it during the call. Raises Unavailable when none comes or the circuit is open."""
        return self._permit()

    @contextmanager
    def _permit(self) -> Iterator[None]:
        self._circuit.check()
        self._take_token()
        slot = self._slots.take(self._connection)
        try:
            yield
        except NotSent:
            raise
        except Unavailable as error:
            if isinstance(error, Unclear) or error.retry_after is None:
                self._circuit.failed(error.message)
            raise
        else:
            self._circuit.succeeded()
        finally:
            self._slots.give_back(slot)

    def relax(self) -> None:
        """Give back slots nobody used for a while; the ticker calls it."""
        self._slots.relax()

    def close(self) -> None:
        """Give everything back."""
        self._slots.close()

    def _take_token(self) -> None:
        deadline = time.monotonic() + LONGEST_WAIT
        while True:
            with self._lock:
                if self._tokens > 0 and time.monotonic() < self._tokens_until:
                    self._tokens -= 1
                    return
                wait = self._fetch_tokens()
            if wait <= 0:
                continue
            if time.monotonic() + wait > deadline:
                raise Unavailable(self._connection, "its call limit is used up for now", timedelta(seconds=wait))
            time.sleep(wait)

    def _fetch_tokens(self) -> float:
        """Take a handful; returns seconds to wait when there is none."""
        want = max(1.0, min(self._rate / 10, self._burst / 4) // 1)
        taken, left = self._take_from_bucket(want)
        if taken < 1:
            return max(0.01, (1.0 - left) / self._rate)
        self._tokens, self._tokens_until = taken, time.monotonic() + 1.0
        return 0.0

    def _take_from_bucket(self, want: float) -> tuple[int, float]:
        with self._database.transaction() as db:
            values = {"account": self._account, "burst": self._burst, "rate": self._rate}
            db.execute(
                "insert into limit_bucket (account, tokens) values (%(account)s, %(burst)s) on conflict do nothing",
                values,
            )
            row = db.execute(
                "select least(%(burst)s, tokens + extract(epoch from clock_timestamp() - refilled_at)::float8"
                " * %(rate)s) as tokens from limit_bucket where account = %(account)s for update",
                values,
            ).fetchone()
            assert row is not None
            taken = int(min(want, row["tokens"]))
            left = float(row["tokens"]) - taken
            db.execute(
                "update limit_bucket set tokens = %s, refilled_at = clock_timestamp() where account = %s",
                [left, self._account],
            )
        return taken, left


class Slots:
    """Concurrent calls of an account: numbered advisory locks held by this process's session."""

    def __init__(self, conninfo: str, account: str, count: int) -> None:
        self._conninfo = conninfo
        self._account = account
        self._count = count
        self._condition = threading.Condition()
        self._session: Connection | None = None
        self._free: list[tuple[int, float]] = []
        self._held: set[int] = set()

    def take(self, connection: str) -> int:
        """A slot number. Raises Unavailable when all are taken for too long."""
        deadline = time.monotonic() + LONGEST_WAIT
        with self._condition:
            while True:
                if self._free:
                    return self._free.pop()[0]
                if len(self._held) < self._count:
                    slot = self._grab()
                    if slot is not None:
                        self._held.add(slot)
                        return slot
                if time.monotonic() > deadline:
                    raise Unavailable(connection, "all its concurrent calls are in use", timedelta(seconds=1))
                self._condition.wait(0.02)

    def give_back(self, slot: int) -> None:
        """The call has ended; the slot stays with this process while it is busy."""
        with self._condition:
            if slot in self._held:
                self._free.append((slot, time.monotonic()))
                self._condition.notify()

    def relax(self) -> None:
        """Unlock slots that rested for a second."""
        with self._condition:
            for slot, since in list(self._free):
                if time.monotonic() - since > REST and self._session is not None:
                    self._free.remove((slot, since))
                    self._held.discard(slot)
                    try:
                        self._session.execute(
                            "select pg_advisory_unlock(%s, hashtext(%s))", [_LOCKS + slot, self._account]
                        )
                    except DatabaseError:
                        self._forget()

    def close(self) -> None:
        """End the session, which frees all slots."""
        with self._condition:
            self._forget()

    def _grab(self) -> int | None:
        try:
            if self._session is None:
                self._session = connect(self._conninfo)
            row = self._session.execute(
                "select s from generate_series(0, %s) s where s <> all (%s)"
                " and pg_try_advisory_lock(%s + s, hashtext(%s)) limit 1",
                [self._count - 1, list(self._held), _LOCKS, self._account],
            ).fetchone()
        except DatabaseError:  # the server restarted: its locks are gone with it
            self._forget()
            return None
        return int(row["s"]) if row else None

    def _forget(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None
        self._free.clear()
        self._held.clear()


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
