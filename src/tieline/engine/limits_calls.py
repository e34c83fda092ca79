"""How the calls of a connection went: counted in memory, and added to the books every few seconds."""

import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from psycopg.errors import Error as DatabaseError

from tieline.store.database import Database

CallEnd = Literal["answered", "failed", "throttled"]
BOUNDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper ends, in seconds, of the buckets a call's duration falls into; a last one holds what took longer."""
FLUSH_EVERY = 5.0


@dataclass(slots=True)
class _Counts:
    calls: int = 0
    failed: int = 0
    throttled: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))


class CallBook:
    """The calls of this process since they were last written down."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection
        self._lock = threading.Lock()
        self._counts = _Counts()
        self._next = time.monotonic() + FLUSH_EVERY

    def note(self, seconds: float, end: CallEnd) -> None:
        """One call has ended."""
        with self._lock:
            counts = self._counts
            counts.calls += 1
            counts.failed += end == "failed"
            counts.throttled += end == "throttled"
            counts.seconds += seconds
            counts.buckets[bisect_left(BOUNDS, seconds)] += 1

    def flush(self, *, now: bool = False) -> None:
        """Write down what was counted, every few seconds or `now`; a database that is away is waited for."""
        with self._lock:
            if not self._counts.calls or (not now and time.monotonic() < self._next):
                return
            counts, self._counts = self._counts, _Counts()
            self._next = time.monotonic() + FLUSH_EVERY
        try:
            with self._database.connection() as db:
                db.execute(_ADD, {"connection": self._connection, **_values(counts)})
        except DatabaseError:
            with self._lock:
                self._counts = _sum(self._counts, counts)


def _values(counts: _Counts) -> dict[str, object]:
    return {name: getattr(counts, name) for name in ("calls", "failed", "throttled", "seconds", "buckets")}


def _sum(one: _Counts, other: _Counts) -> _Counts:
    return _Counts(
        one.calls + other.calls,
        one.failed + other.failed,
        one.throttled + other.throttled,
        one.seconds + other.seconds,
        [left + right for left, right in zip(one.buckets, other.buckets, strict=True)],
    )


_ADD = """
with minute as (
  insert into call_minute as m (connection, minute, calls, failed, throttled, seconds, buckets)
  values (%(connection)s, date_trunc('minute', clock_timestamp()), %(calls)s, %(failed)s, %(throttled)s, %(seconds)s,
    %(buckets)s::int[])
  on conflict (connection, minute) do update set calls = m.calls + excluded.calls, failed = m.failed + excluded.failed,
    throttled = m.throttled + excluded.throttled, seconds = m.seconds + excluded.seconds,
    buckets = array(select a + b from unnest(m.buckets, excluded.buckets) with ordinality u (a, b, n) order by n))
insert into call_total as t (connection, calls, failed, throttled, seconds, buckets)
values (%(connection)s, %(calls)s, %(failed)s, %(throttled)s, %(seconds)s, %(buckets)s::bigint[])
on conflict (connection) do update set calls = t.calls + excluded.calls, failed = t.failed + excluded.failed,
  throttled = t.throttled + excluded.throttled, seconds = t.seconds + excluded.seconds,
  buckets = array(select a + b from unnest(t.buckets, excluded.buckets) with ordinality u (a, b, n) order by n)
"""


def percentile(buckets: Sequence[int], share: float) -> float | None:
    """Seconds within which this share of the calls ended, interpolated within its bucket; None without calls."""
    wanted, passed, low = sum(buckets) * share, 0, 0.0
    if not wanted:
        return None
    for high, count in zip((*BOUNDS, BOUNDS[-1] * 2), buckets, strict=True):
        if passed + count >= wanted and count:
            return low + (high - low) * (wanted - passed) / count
        passed, low = passed + count, high
    return low
