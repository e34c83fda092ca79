"""Group commit: events that wait at the same moment are stored in one transaction; each sender is told of its own."""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial

from fastapi.concurrency import run_in_threadpool

from tieline.api.errors import ApiError
from tieline.engine.intake import Arrival, Concerns, receive
from tieline.sdk.crashpoint import crash_point
from tieline.store.database import AWAY, CONFLICTS, Database, repeated

LARGEST_GROUP = 64
MOST_WAITING = 1_000
PATIENCE = 1.0
"""Seconds after which a group counts as stuck: somebody holds a row it needs, or its session stands still."""
MOST_STUCK = 8


class GroupCommit:
    """Belongs to the event loop; one thread at a time stores, and another one only beside those that are stuck."""

    def __init__(self, database: Database, concerns: Concerns) -> None:
        self._database = database
        self._concerns = concerns
        self._waiting: deque[tuple[Arrival, asyncio.Future[bool]]] = deque()
        self._storing: asyncio.Task[None] | None = None
        self._stuck: set[asyncio.Task[None]] = set()

    async def store(self, arrival: Arrival) -> bool:
        """Whether the event is new, once it is stored. Raises what kept it from being stored."""
        if len(self._waiting) >= MOST_WAITING:
            raise ApiError(503, "Too many events wait to be stored", "Nothing was saved; send it again in a moment.")
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, told))
        self._set_out()
        return await told

    def _set_out(self) -> None:
        if self._waiting and self._storing is None and len(self._stuck) < MOST_STUCK:
            self._storing = asyncio.create_task(self._work())

    async def _work(self) -> None:
        """Store group after group; what arrives meanwhile is the next group."""
        me = asyncio.current_task()
        assert me is not None
        while self._waiting and self._storing is me:
            group = [self._waiting.popleft() for _ in range(min(LARGEST_GROUP, len(self._waiting)))]
            alarm = asyncio.get_running_loop().call_later(PATIENCE, self._is_stuck, me)
            outcomes = await self._store([arrival for arrival, _ in group])
            alarm.cancel()
            for (_, told), outcome in zip(group, outcomes, strict=True):
                if told.done():  # its sender has gone
                    continue
                if isinstance(outcome, bool):
                    told.set_result(outcome)
                else:
                    told.set_exception(outcome)
        self._stuck.discard(me)
        if self._storing is me:
            self._storing = None
        self._set_out()

    def _is_stuck(self, task: "asyncio.Task[None]") -> None:
        self._stuck.add(task)
        self._storing = None
        self._set_out()

    async def _store(self, group: Sequence[Arrival]) -> list[bool | Exception]:
        """What to tell each sender. An event that cannot be stored takes nobody with it: then each is stored alone."""
        try:
            told: list[bool | Exception] = [*await run_in_threadpool(repeated, partial(self._commit, group))]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to the senders
            if len(group) == 1 or (isinstance(error, AWAY) and not isinstance(error, CONFLICTS)):
                return [error] * len(group)
            return [outcome for one in group for outcome in await self._store([one])]
        crash_point("webhook.stored")
        return told

    def _commit(self, group: Sequence[Arrival]) -> list[bool]:
        with self._database.transaction() as db:
            told = receive(db, group, self._concerns, "event")
            crash_point("webhook.storing")
        return told
