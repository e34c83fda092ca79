"""The governor: one pool of calls per vendor account, shared by all workers and flows, and a circuit.

Calls per second come from a shared pool (limits_pool.py) in small handfuls, calls side by side are slots
(limits_slots.py); both are weighted by tier, leave a share to the firm's other integrations, and slow down when the
vendor says so. While a vendor is down its circuit is open (limits_circuit.py).
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from tieline.engine.limits_calls import CallBook, CallEnd
from tieline.engine.limits_circuit import Circuit
from tieline.engine.limits_pool import Rules, SharedPool
from tieline.engine.limits_slots import LONGEST_WAIT, Slots
from tieline.engine.tiers import SERVICE_LEVELS, ServiceLevel, Tier, current_tier
from tieline.engine.tracing import Noted, span
from tieline.sdk.connector import Limits
from tieline.sdk.errors import SHORTEST_WAIT, Failing, NotSent, Throttled, Unavailable, Unclear
from tieline.store.database import Database

HANDFUL_KEPT = 1.0
"""Seconds a process keeps calls it took and did not make."""
LONGEST_SLEEP = 0.5
"""Seconds between two questions of a thread that waits; a tier that does not ask loses its share."""


class Governor:
    """The gate of one connection; connections with the same account share its pool."""

    def __init__(
        self,
        database: Database,
        connection: str,
        account: str,
        limits: Limits,
        levels: Mapping[Tier, ServiceLevel] = SERVICE_LEVELS,
    ) -> None:
        share = 1.0 - limits.reserved_share
        weights = {tier: level.weight for tier, level in levels.items()}
        self._connection = connection
        self._rules = Rules(limits.per_second * share, max(1.0, limits.burst * share), weights)
        self._pool = SharedPool(database, account, self._rules)
        self._slots = Slots(database.conninfo, account, max(1, int(limits.concurrent * share)), weights)
        self._circuit = Circuit(database, connection)
        self._book = CallBook(database, connection)
        self._lock = threading.Lock()
        self._handfuls: dict[Tier, tuple[int, float]] = {}

    def call(self) -> AbstractContextManager[None]:
        """Wait for a permit and hold it during the call. Raises Unavailable when none comes or the circuit is open."""
        return self._permit()

    @contextmanager
    def _permit(self) -> Iterator[None]:
        tier = current_tier()
        self._circuit.check()
        self._take_call(tier)
        slot = self._slots.take(self._connection, tier)
        try:
            with span(f"Call of {self._connection}", connection=self._connection, tier=tier) as traced:
                yield from self._watched(traced)
        finally:
            self._slots.give_back(slot)

    def _watched(self, traced: Noted) -> Iterator[None]:
        """The call itself; its end teaches the circuit and the pool, and is written down."""
        began = time.monotonic()
        end: CallEnd | None = "answered"
        try:
            yield
        except NotSent:
            end = None
            raise
        except Throttled as error:
            end = "throttled"
            self._slow_down(error)
            raise
        except Unavailable as error:
            end = "failed"
            if isinstance(error, Unclear | Failing) or error.retry_after is None:
                self._circuit.failed(error.message)
            raise
        else:
            self._circuit.succeeded()
        finally:
            traced.note(end=end)
            if end is not None:
                self._book.note(time.monotonic() - began, end)

    def relax(self) -> None:
        """Give back slots nobody used for a while, and write the books; the ticker calls it."""
        self._slots.relax()
        self._book.flush()

    def close(self) -> None:
        """Give everything back."""
        self._book.flush(now=True)
        self._slots.close()

    def _take_call(self, tier: Tier) -> None:
        deadline = time.monotonic() + LONGEST_WAIT
        while True:
            with self._lock:
                left, until = self._handfuls.get(tier, (0, 0.0))
                if left > 0 and time.monotonic() < until:
                    self._handfuls[tier] = left - 1, until
                    return
                wait, resting = self._fetch(tier)
            if wait <= 0:
                continue
            if time.monotonic() + wait > deadline:
                why = "asked us to wait; its calls rest" if resting else "its call limit is used up for now"
                raise Unavailable(self._connection, why, timedelta(seconds=wait))
            time.sleep(min(wait, LONGEST_SLEEP))

    def _fetch(self, tier: Tier) -> tuple[float, bool]:
        """Take a handful; returns seconds to wait when there is none, and whether the vendor asked for it."""
        want = max(1, int(min(self._rules.rate / 10, self._rules.burst / 4)))
        handful = self._pool.take(tier, want)
        self._slots.adapt(handful.at_once, urgent=handful.urgent, bulk=handful.bulk)
        if handful.taken:
            self._handfuls[tier] = handful.taken, time.monotonic() + HANDFUL_KEPT
        return handful.wait, handful.resting

    def _slow_down(self, error: Throttled) -> None:
        rest = (error.wish or SHORTEST_WAIT).total_seconds()
        with self._lock:
            if not error.at_once:
                self._handfuls.clear()
            self._pool.slow_down(rest, at_once=error.at_once)
