"""Post: batches that are ready go to their ERP; each is claimed, sent and settled, or looked up when in doubt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from tieline.lane.outbound import Outbound, lines_of
from tieline.lane.pricing import Pricing
from tieline.lane.settle import Fenced, Next, Verdict, settle
from tieline.lane.worker import Worker
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import NotSent, Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.lines import LineSink, Settled
from tieline.sdk.operation import Accepted, WriteSafety
from tieline.store.database import Database, repeated

log = structlog.get_logger()

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)
REST = timedelta(seconds=60)
"""Until a batch is tried again after our own bug or missing rights."""
MOST_SENDINGS = 8
"""Sendings that ended without a word on some line, before a person decides."""


@dataclass(slots=True)
class _Sending:
    """One claimed batch on its way."""

    worker: Worker
    sink: LineSink
    pricing: Pricing
    batch: dict[str, Any]
    lines: list[Outbound] = field(default_factory=list)
    unclear: bool = False
    """The vendor left us without an answer: no further batches now."""

    def settle(self, verdict: Verdict, following: Next) -> int:
        repeated(lambda: self._settle(verdict, following))
        crash_point("batch.settled")
        return len(verdict.ids)

    def _settle(self, verdict: Verdict, following: Next) -> None:
        session = self.worker.session()
        with session.transaction():
            settle(
                session,
                self.batch,
                self.sink.connection,
                self.lines,
                verdict,
                following,
                self.pricing,
            )
            crash_point("batch.settling")

    @property
    def key(self) -> str:
        """The create key of this sending; a new generation only when the former is known to be over."""
        return f"batch:{self.batch['id']}:{self.batch['generation']}"

    @property
    def next_generation(self) -> int:
        return int(self.batch["generation"]) + 1

    def backoff(self, wish: timedelta | None) -> timedelta:
        """How long to wait, after so many failures in a row."""
        usual = SHORTEST * 2 ** min(int(self.batch["failures"]), 10)
        return min(max(wish or usual, SHORTEST), LONGEST)


def post_ready(database: Database, sinks: Mapping[str, LineSink], worker: Worker, pricing: Pricing) -> int:
    """Work until nothing is due; returns how many lines were posted. Any number of workers may do so at once.

    An ERP that is unavailable is left alone until the next call. Raises Unauthorized (the connection must pause).
    """
    posted = 0
    for sink in sinks.values():
        worker.merge(sink)
        while (batch := worker.claim(sink)) is not None:
            crash_point("batch.claimed")
            sending = _Sending(worker, sink, pricing, batch)
            try:
                sending.lines = lines_of(worker.session(), sink.connection, batch["line_ids"], pricing)
                posted += _handle(sending)
            except Fenced:
                log.warning("batch_taken_over", batch=batch["id"], connection=sink.connection)
            except (Unavailable, Unauthorized) as error:
                _put_back(sending, error)
                if isinstance(error, Unauthorized):
                    raise
                break
            except Exception as error:
                _give_up(sending, error)
                raise
            if sending.unclear:
                break
    return posted


def _handle(sending: _Sending) -> int:
    batch = sending.batch
    if not sending.lines:
        return sending.settle(Verdict(), Next(state="done"))
    if batch["handle"] is not None:
        wanted = [one.line for one in sending.lines if one.line is not None]
        return _take(sending, sending.lines, sending.sink.poll(batch["handle"], wanted), sent=False)
    if batch["was"] == "ready":
        return _send(sending, sending.lines, Verdict())
    return _look_up(sending)


def _send(sending: _Sending, lines: Sequence[Outbound], verdict: Verdict) -> int:
    """Send lines of the batch; `verdict` is what is known of the others already."""
    for one in lines:
        if one.problem is not None:
            verdict.refused[one.id] = one.problem
    wanted = [one for one in lines if one.line is not None]
    if not wanted:
        return sending.settle(verdict, Next(state="done"))
    if verdict.ids or verdict.refused or verdict.absent:
        # What is known is safe before the call; the rest goes out when the batch is claimed again.
        sure = sending.batch["was"] == "ready" or sending.batch["quarantine_over"]
        return sending.settle(verdict, Next(state="ready" if sure else "in_doubt", generation=sending.next_generation))
    try:
        answer = sending.sink.post([one.line for one in wanted if one.line is not None], sending.key)
    except Rejected as error:
        return sending.settle(Verdict(refused={one.id: error for one in wanted}), Next(state="done"))
    except NotSent:
        raise
    except Unclear as error:
        sending.unclear = True
        following = Next(
            state="in_doubt",
            after=sending.backoff(error.retry_after),
            quarantine=sending.sink.quarantine,
            failures=_failed(sending),
            problem=str(error)[:500],
        )
        return sending.settle(Verdict(), following)
    return _take(sending, wanted, answer, sent=True)


def _take(sending: _Sending, lines: Sequence[Outbound], answer: Settled | Accepted, *, sent: bool) -> int:
    """Note an answer of `post` or `poll`. A line it does not name is in doubt and looked up."""
    crash_point("batch.answered")
    quarantine = sending.sink.quarantine if sent else None
    if isinstance(answer, Accepted):
        after = min(max(answer.check_in, timedelta(0)), LONGEST)
        following = Next(state="accepted", handle=answer.handle, after=after, quarantine=quarantine)
        return sending.settle(Verdict(), following)
    verdict = Verdict()
    for one in lines:
        if answer.ids.get(one.reference):
            verdict.ids[one.id] = answer.ids[one.reference]
        elif one.reference in answer.refused:
            verdict.refused[one.id] = answer.refused[one.reference]
    if len(verdict.ids) + len(verdict.refused) == len(lines):
        return sending.settle(verdict, Next(state="done"))
    # The sending is over, so a line it left out goes out under a new key if the look-up does not find it.
    following = Next(
        state="in_doubt",
        after=sending.backoff(None) if sending.batch["failures"] else timedelta(0),
        quarantine=quarantine,
        generation=sending.next_generation,
        failures=_failed(sending),
    )
    return sending.settle(verdict, following)


def _look_up(sending: _Sending) -> int:
    """In doubt: what is there is posted; what is not is sent again when it can no longer arrive late."""
    found = sending.sink.find_many([one.reference for one in sending.lines])
    crash_point("batch.looked_up")
    verdict = Verdict(ids={one.id: found[one.reference] for one in sending.lines if found.get(one.reference)})
    missing = [one for one in sending.lines if one.id not in verdict.ids]
    if not missing:
        return sending.settle(verdict, Next(state="done"))
    over, safety = bool(sending.batch["quarantine_over"]), sending.sink.safety
    superseded = [one.id for one in missing if one.superseded]
    if over and (safety == WriteSafety.NEVER_RETRY or sending.batch["generation"] >= MOST_SENDINGS):
        verdict.refused = {one.id: _undecided(sending.sink, one) for one in missing}
        return sending.settle(verdict, Next(state="done"))
    if over:
        verdict.absent = superseded
        return _send(sending, [one for one in missing if not one.superseded], verdict)
    if safety == WriteSafety.UPSERT and not superseded:
        return _send(sending, missing, verdict)
    if safety == WriteSafety.NATIVE_KEY and len(missing) == len(sending.lines) and _unchanged(sending):
        return _send(sending, missing, verdict)
    return _wait_out(sending, verdict)


def _unchanged(sending: _Sending) -> bool:
    """Whether what would go out under the key is what went out before."""
    same = len(sending.lines) == len(sending.batch["line_ids"])
    return same and not any(one.superseded or one.line is None for one in sending.lines)


def _wait_out(sending: _Sending, verdict: Verdict) -> int:
    """Look again when the quarantine is over."""
    wait = max(sending.sink.quarantine / 4, SHORTEST)
    return sending.settle(verdict, Next(state="in_doubt", after=wait, failures=_failed(sending)))


def _undecided(sink: LineSink, one: Outbound) -> Rejected:
    return Rejected(
        sink.connection,
        f"It is unclear whether {sink.system} holds {one.reference}; look it up there and decide",
        kind="in_doubt",
        field="time",
        key=one.reference,
        owner="finance",
    )


def _put_back(sending: _Sending, error: Unavailable | Unauthorized) -> None:
    """Nothing happened: a send is ready again, a poll or look-up is due later."""
    batch = sending.batch
    wait = REST if isinstance(error, Unauthorized) else sending.backoff(error.retry_after)
    state = "in_doubt" if batch["was"] == "sending" else batch["was"]
    if batch["handle"] is not None:
        state = "accepted"
    following = Next(
        state=state, after=wait, handle=batch["handle"], failures=_failed(sending), problem=str(error)[:500]
    )
    try:
        sending.settle(Verdict(), following)
    except Fenced:
        log.warning("batch_taken_over", batch=batch["id"], connection=sending.sink.connection)


def _give_up(sending: _Sending, error: Exception) -> None:
    """Our own bug: nobody knows how far it came, so the batch is in doubt and free for others."""
    handle = sending.batch["handle"]
    following = Next(
        state="in_doubt" if handle is None else "accepted",
        after=REST,
        handle=handle,
        quarantine=sending.sink.quarantine,
        failures=_failed(sending),
        problem=f"internal: {type(error).__name__}",
    )
    try:
        sending.settle(Verdict(), following)
    except Fenced:
        log.warning("batch_taken_over", batch=sending.batch["id"], connection=sending.sink.connection)


def _failed(sending: _Sending) -> int:
    return int(sending.batch["failures"]) + 1
