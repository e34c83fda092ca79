"""Post: batches that are ready go to their ERP; a round of them is claimed, sent or looked up, and settled."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tieline.lane.outbound import Outbound, lines_of
from tieline.lane.pricing import Pricing
from tieline.lane.sending import Sending
from tieline.lane.settle import End, settle
from tieline.lane.worker import SEND_WITHIN, Worker
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import Unauthorized, Unavailable
from tieline.sdk.http import send_window
from tieline.sdk.lines import LineSink
from tieline.sdk.operation import WriteSafety
from tieline.store.database import Database, repeated

LONGEST_WAIT = 0.5
"""Seconds we stay for an accepted batch; a vendor that needs longer is asked at the next call."""

Batch = Mapping[str, Any]


def post_ready(database: Database, sinks: Mapping[str, LineSink], worker: Worker, pricing: Pricing) -> int:
    """Work until nothing is due; returns how many lines were posted. Any number of workers may do so at once.

    An ERP that is unavailable is left alone until the next call. Raises Unauthorized (the connection must pause).
    """
    posted = 0
    for sink in sinks.values():
        worker.merge(sink)
        with ThreadPoolExecutor(max(1, sink.at_once), sink.connection) as senders:
            posted += _post(worker, sink, pricing, senders)
    return posted


def _post(worker: Worker, sink: LineSink, pricing: Pricing, senders: Executor) -> int:
    posted, batches = 0, worker.claim(sink)
    while True:
        while batches:
            crash_point("batch.claimed")
            round_ = _Round(worker, sink, pricing, senders)
            done, batches = round_.settle(round_.carry_out(batches))
            posted += done
            if round_.failure is not None:
                raise round_.failure
            if round_.stopped:
                return posted
        wait = worker.seconds_to_wait(sink)
        if worker.stopping or wait is None or wait > LONGEST_WAIT:
            return posted
        time.sleep(wait)
        batches = worker.claim(sink)


@dataclass(slots=True)
class _Round:
    """Batches that were claimed together: their calls go out side by side, their outcomes in one commit."""

    worker: Worker
    sink: LineSink
    pricing: Pricing
    senders: Executor
    stopped: bool = False
    """No further calls now: what has not gone out stays as it was."""
    failure: Exception | None = None

    def carry_out(self, batches: Sequence[Batch]) -> list[End]:
        """Send, ask for or look up each batch."""
        lines = self._lines(batches)
        sendings = [Sending(self.sink, batch, lines[batch["id"]], {}) for batch in batches]
        # What looks new to us may be there from before an older database was restored; only upserts do not mind.
        asked = [one for one in sendings if one.lines and not (one.is_new and self.sink.safety is WriteSafety.UPSERT)]
        ends = self._look_up(asked) if asked else []
        if ends:
            return ends + [one.untouched() for one in sendings if one not in asked]
        if len(sendings) == 1:
            return [self._carried_out(sendings[0])]
        return list(self.senders.map(self._carried_out, sendings))

    def settle(self, ends: Sequence[End]) -> tuple[int, list[dict[str, Any]]]:
        """Write what was learned, claiming the next round in the same commit. Returns (lines posted, next round)."""
        try:
            ours, following = repeated(lambda: self._settle(ends))
        except Exception:
            self._settle_alone(ends)
            raise
        crash_point("batch.settled")
        for end in ours:
            if end.following.state == "accepted":
                self.worker.remember(end.batch, end.lines)
        return sum(len(end.verdict.ids) for end in ours), following

    def _settle(self, ends: Sequence[End]) -> tuple[list[End], list[dict[str, Any]]]:
        session = self.worker.session()
        with session.transaction():
            ours = settle(session, self.sink.connection, ends, self.pricing)
            following = [] if self.stopped else self.worker.claim(self.sink)
            crash_point("batch.settling")
        return ours, following

    def _settle_alone(self, ends: Sequence[End]) -> None:
        """One of them cannot be written: it shall not keep the others."""
        for end in ends:
            session = self.worker.session()
            try:
                with session.transaction():
                    settle(session, self.sink.connection, [end], self.pricing)
            except Exception as error:  # noqa: BLE001 - raised by our caller
                lost = Sending(self.sink, end.batch, end.lines, {}).give_up(error)
                session = self.worker.session()
                with session.transaction():
                    settle(session, self.sink.connection, [lost], self.pricing)

    def _lines(self, batches: Sequence[Batch]) -> dict[int, Sequence[Outbound]]:
        known = {batch["id"]: self.worker.remembered(batch) for batch in batches}
        unknown = [batch for batch in batches if known[batch["id"]] is None]
        found = lines_of(self.worker.session(), self.sink.connection, unknown, self.pricing) if unknown else {}
        return {number: lines if lines is not None else found[number] for number, lines in known.items()}

    def _look_up(self, sendings: Sequence[Sending]) -> list[End]:
        """One query for all that may be there already. Returns their ends when it fails."""
        references = [one.reference for sending in sendings for one in sending.lines]
        try:
            found = self.sink.find_many(references)
        except Exception as error:  # noqa: BLE001 - raised when the round is settled
            return [self._failed(sending, error) for sending in sendings]
        crash_point("batch.looked_up")
        for sending in sendings:
            sending.found = found
        return []

    def _carried_out(self, sending: Sending) -> End:
        if self.stopped or self.worker.stopping:
            return sending.untouched()
        try:
            with send_window(self.worker.claimed_at, SEND_WITHIN):
                end = sending.carry_out()
        except Exception as error:  # noqa: BLE001 - raised when the round is settled
            return self._failed(sending, error)
        if sending.unclear:
            self.stopped = True
        return end

    def _failed(self, sending: Sending, error: Exception) -> End:
        self.stopped = True
        if isinstance(error, Unauthorized) or not isinstance(error, Unavailable):
            self.failure = self.failure or error
        return sending.put_back(error) if isinstance(error, Unavailable | Unauthorized) else sending.give_up(error)
