"""Calls side by side: numbered advisory locks of a session, so that the slots of a process that dies are free at once.

Those of one that stands still or is cut off are free when its session has been silent for a while.

A process keeps a slot while it is busy and gives it back after a second of rest. Bulk work may use every slot while it
is alone; when others called lately the last quarter is theirs, so that they never wait for a bulk call to end. While
nobody does bulk work, no quarter is kept free.
"""

import threading
import time
from collections.abc import Mapping
from datetime import timedelta

from psycopg.errors import Error as DatabaseError

from tieline.engine.tiers import BULK, SERVICE_LEVELS, Tier
from tieline.sdk.errors import Unavailable
from tieline.store.database import Connection, connect

LONGEST_WAIT = 10.0
"""Seconds a call waits for its permit before the step is put back on the agenda."""
REST = 1.0
SILENT = "15s"
"""After so long PostgreSQL ends a session nobody uses; `relax` uses it every second."""
SLOT_LOCKS = 714_002

# `offset 0`: whether a slot is ours comes first. The planner would rather try to lock it before it compares, and a lock
# of our own is granted once more: unlocked once, it would stay ours for ever.
_GRAB = """
select s from (select s from generate_series(%s::int, %s::int, %s::int) s where s <> all (%s) offset 0) others
where pg_try_advisory_lock(%s + s, hashtext(%s)) limit 1
"""


class Slots:
    """The concurrent calls of an account, as this process takes part in them."""

    def __init__(self, conninfo: str, account: str, count: int, weights: Mapping[Tier, float] | None = None) -> None:
        self._weights = weights or {tier: level.weight for tier, level in SERVICE_LEVELS.items()}
        self._conninfo = conninfo
        self._account = account
        self._count = self._allowed = count
        self._urgent = False
        self._bulk = True
        self._condition = threading.Condition()
        self._session: Connection | None = None
        self._closed = False
        self._free: dict[int, float] = {}
        """Slot -> since when it rests."""
        self._held: set[int] = set()
        self._waiting: dict[Tier, int] = {}
        self._served: dict[Tier, float] = {}

    def adapt(self, share: float, *, urgent: bool, bulk: bool = True) -> None:
        """Use only this share of the slots; `urgent`, `bulk`: somebody with other, or with bulk work called lately."""
        with self._condition:
            self._allowed = max(1, int(self._count * share))
            self._urgent, self._bulk = urgent, bulk

    def take(self, connection: str, tier: Tier) -> int:
        """A slot number. Raises Unavailable when all are taken for too long, or after `close`."""
        deadline = time.monotonic() + LONGEST_WAIT
        with self._condition:
            self._queue(tier)
            try:
                while self._closed or (slot := self._slot_for(tier)) is None:
                    if self._closed:  # a call that comes late shall not open a session nobody would close
                        raise Unavailable(connection, "this process is ending its calls", timedelta(seconds=1))
                    if time.monotonic() > deadline:
                        raise Unavailable(connection, "all its concurrent calls are in use", timedelta(seconds=1))
                    self._condition.wait(0.02)
                self._served[tier] += 1.0 / self._weights[tier]
                return slot
            finally:
                self._waiting[tier] -= 1

    def give_back(self, slot: int) -> None:
        """The call has ended; the slot stays with this process while it is busy and the slot is its to use.

        Of the last quarter a process keeps one at most, and only where others find another one.
        """
        with self._condition:
            if slot in self._held:
                ours = self._room(next(iter(BULK)))
                has_one = any(other >= ours for other in self._free)
                self._free[slot] = time.monotonic()
                others = self._bulk and (has_one or self._allowed - ours < 2)
                if slot >= ours and others and not self._urgent_waits():
                    self._unlock(slot)
                self._condition.notify_all()

    def relax(self) -> None:
        """Unlock slots that rested for a second, and keep the others."""
        with self._condition:
            self._keep()
            for slot, since in list(self._free.items()):
                if time.monotonic() - since > REST:
                    self._unlock(slot)

    def close(self) -> None:
        """End the session, which frees all slots; no call begins after it."""
        with self._condition:
            self._closed = True
            self._forget()

    def _keep(self) -> None:
        try:
            if self._session is not None:
                self._session.execute("select 1")
        except DatabaseError:
            self._forget()

    def _queue(self, tier: Tier) -> None:
        """Who comes back from a pause starts level with those who wait, and cannot claim what it did not use."""
        if not self._waiting.get(tier):
            others = [self._served[other] for other, count in self._waiting.items() if count]
            self._served[tier] = max(self._served.get(tier, 0.0), min(others, default=0.0))
        self._waiting[tier] = self._waiting.get(tier, 0) + 1

    def _urgent_waits(self) -> bool:
        return any(count for tier, count in self._waiting.items() if tier not in BULK)

    def _room(self, tier: Tier) -> int:
        """How many slots, from the first, this tier may use now."""
        if tier not in BULK or not (self._urgent or self._urgent_waits()) or self._allowed == 1:
            return self._allowed
        return self._allowed - max(1, self._allowed // 4)

    def _slot_for(self, tier: Tier) -> int | None:
        room = self._room(tier)
        mine = [slot for slot in self._free if slot < room]
        if mine:
            slot = min(mine) if tier in BULK else max(mine)
            if self._is_anothers_turn(tier, slot):
                return None
            del self._free[slot]
            return slot
        if len(self._held) >= self._allowed or (tier in BULK and self._urgent_waits()):
            return None
        return self._grab(room, last_first=tier not in BULK)

    def _is_anothers_turn(self, tier: Tier, slot: int) -> bool:
        """Whether somebody waits here who could use this slot and has had less of its share."""
        return any(
            count and other != tier and self._served[other] < self._served[tier] and slot < self._room(other)
            for other, count in self._waiting.items()
        )

    def _grab(self, room: int, *, last_first: bool) -> int | None:
        order = -1 if last_first else 1
        try:
            if self._session is None:
                self._session = connect(self._conninfo)
                self._session.execute("select set_config('idle_session_timeout', %s, false)", [SILENT])
            row = self._session.execute(
                _GRAB,
                [*((room - 1, 0) if last_first else (0, room - 1)), order, list(self._held), SLOT_LOCKS, self._account],
            ).fetchone()
        except DatabaseError:  # the server restarted: its locks are gone with it
            self._forget()
            return None
        if row is None:
            return None
        self._held.add(int(row["s"]))
        return int(row["s"])

    def _unlock(self, slot: int) -> None:
        self._free.pop(slot, None)
        self._held.discard(slot)
        try:
            if self._session is not None:
                self._session.execute("select pg_advisory_unlock(%s, hashtext(%s))", [SLOT_LOCKS + slot, self._account])
        except DatabaseError:
            self._forget()

    def _forget(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None
        self._free.clear()
        self._held.clear()
