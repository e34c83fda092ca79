"""Sending: one claimed batch is sent, asked for or looked up; what came of it is told, and settled by the caller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from tieline.engine.retry_policy import back_off
from tieline.lane.outbound import Outbound
from tieline.lane.settle import End, Next, Verdict
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import NotSent, Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.lines import LineSink, Settled
from tieline.sdk.operation import Accepted, WriteSafety

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)
REST = timedelta(seconds=60)
"""Until a batch is tried again after our own bug or missing rights."""
MOST_SENDINGS = 8
"""Sendings that ended without a word on some line, before a person decides."""
FIRST_LOOK = timedelta(seconds=0.25)
"""Until an accepted batch is first asked for; then twice as long each time, up to what the sink wishes."""


@dataclass(slots=True)
class Sending:
    """One claimed batch on its way."""

    sink: LineSink
    batch: Mapping[str, Any]
    lines: Sequence[Outbound]
    found: Mapping[str, str]
    """Of an accepted batch or one in doubt: the references the ERP holds, looked up after the claim."""
    unclear: bool = False
    """The vendor left us without an answer: no further batches now."""

    @property
    def key(self) -> str:
        """The create key of this sending; a new generation only when the former is known to be over.

        Numbers of batches come again when an older database is restored, moments do not.
        """
        made = self.batch["created_at"].astimezone(UTC).isoformat()
        return f"batch:{self.batch['id']}:{self.batch['generation']}:{made}"

    @property
    def next_generation(self) -> int:
        return int(self.batch["generation"]) + 1

    @property
    def failed(self) -> int:
        """Failures in a row, with this one."""
        return int(self.batch["failures"]) + 1

    @property
    def is_new(self) -> bool:
        """Whether nothing of the batch can be there yet."""
        return self.batch["handle"] is None and self.batch["was"] == "ready"

    @property
    def is_settled(self) -> bool:
        """Whether all of it is there, so that the vendor need not be asked anything more."""
        return all(self.found.get(one.reference) for one in self.lines)

    @property
    def is_sure(self) -> bool:
        """Whether no earlier sending can still arrive, so that a refusal now is the end of it."""
        return self.batch["was"] == "ready" or bool(self.batch["quarantine_over"])

    def end(self, verdict: Verdict, following: Next) -> End:
        return End(self.batch, self.lines, verdict, following)

    def backoff(self, wish: timedelta | None) -> timedelta:
        """How long to wait, after so many failures in a row."""
        usual = timedelta(seconds=back_off(int(self.batch["failures"])))
        return min(max(wish or SHORTEST, usual, SHORTEST), LONGEST)

    def carry_out(self) -> End:
        """Do what the batch needs. Raises the three errors when nothing came of it."""
        if self.is_settled:
            return self.end(self._known(), Next(state="done"))
        if self.batch["handle"] is not None:
            wanted = [one.line for one in self.lines if one.line is not None]
            return self._take(self.lines, self.sink.poll(self.batch["handle"], wanted))
        if self.is_new:
            return self._send([one for one in self.lines if not self.found.get(one.reference)], self._known())
        return self._look_up()

    def _known(self) -> Verdict:
        return Verdict(ids={one.id: self.found[one.reference] for one in self.lines if self.found.get(one.reference)})

    def _send(self, lines: Sequence[Outbound], verdict: Verdict) -> End:
        """Send lines of the batch; `verdict` is what is known of the others already."""
        wanted = [one for one in lines if one.line is not None]
        if len(wanted) < len(lines) and not self.is_sure:
            return self._wait_out(verdict)
        for one in lines:
            if one.problem is not None:
                verdict.refused[one.id] = one.problem
        if not wanted:
            return self.end(verdict, Next(state="done"))
        if verdict.ids or verdict.refused or verdict.absent:
            # What is known is safe before the call; the rest goes out when the batch is claimed again.
            state = "ready" if self.is_sure else "in_doubt"
            return self.end(verdict, Next(state=state, generation=self.next_generation))
        try:
            answer = self.sink.post([one.line for one in wanted if one.line is not None], self.key)
        except Rejected as error:
            if not self.is_sure:
                return self._wait_out(verdict)
            return self.end(Verdict(refused={one.id: error for one in wanted}), Next(state="done"))
        except NotSent:
            raise
        except Unclear as error:
            self.unclear = True
            following = Next(
                state="in_doubt",
                after=self.backoff(error.retry_after),
                quarantine=self.sink.quarantine,
                failures=self.failed,
                problem=str(error)[:500],
            )
            return self.end(Verdict(), following)
        return self._take(wanted, answer)

    def _take(self, lines: Sequence[Outbound], answer: Settled | Accepted) -> End:
        """Note an answer of `post` or `poll`. A line it does not name is in doubt and looked up."""
        crash_point("batch.answered")
        if isinstance(answer, Accepted):
            growing = FIRST_LOOK * 2 ** min(int(self.batch["attempts"]) - 1, 12)
            after = min(max(answer.check_in, timedelta(0)), growing, LONGEST)
            return self.end(Verdict(), Next(state="accepted", handle=answer.handle, after=after))
        verdict = Verdict()
        for one in lines:
            if answer.ids.get(one.reference):
                verdict.ids[one.id] = answer.ids[one.reference]
            elif one.reference in answer.refused:
                verdict.refused[one.id] = answer.refused[one.reference]
        is_named = len(verdict.ids) + len(verdict.refused) == len(lines)
        if verdict.refused and not self.is_sure:
            verdict.refused = {}
            if is_named:
                return self._wait_out(verdict)
        if is_named:
            return self.end(verdict, Next(state="done"))
        # The sending is over, so a line it left out goes out under a new key if the look-up does not find it.
        following = Next(
            state="in_doubt",
            after=self.backoff(None) if self.batch["failures"] else timedelta(0),
            quarantine=self.sink.quarantine,
            generation=self.next_generation,
            failures=self.failed,
        )
        return self.end(verdict, following)

    def _look_up(self) -> End:
        """In doubt: what is there is posted; what is not is sent again when it can no longer arrive late."""
        verdict = self._known()
        missing = [one for one in self.lines if one.id not in verdict.ids]
        over, safety = bool(self.batch["quarantine_over"]), self.sink.safety
        superseded = [one.id for one in missing if one.superseded]
        if over and (safety == WriteSafety.NEVER_RETRY or self.batch["generation"] >= MOST_SENDINGS):
            verdict.refused = {one.id: _undecided(self.sink, one) for one in missing}
            return self.end(verdict, Next(state="done"))
        if over:
            verdict.absent = superseded
            going = [one for one in missing if not one.superseded]
            if going and not self._unchanged():  # a key stands for the lines that went out under it first
                return self.end(verdict, Next(state="ready", generation=self.next_generation))
            return self._send(going, verdict)
        if safety == WriteSafety.UPSERT and not superseded:
            return self._send(missing, verdict)
        if safety == WriteSafety.NATIVE_KEY and len(missing) == len(self.lines) and self._unchanged():
            return self._send(missing, verdict)
        return self._wait_out(verdict)

    def _unchanged(self) -> bool:
        """Whether what would go out under the key is what went out before."""
        same = len(self.lines) == len(self.batch["line_ids"])
        return same and not any(one.superseded or one.line is None for one in self.lines)

    def _wait_out(self, verdict: Verdict) -> End:
        """Look again when the quarantine is over."""
        wait = max(self.sink.quarantine / 4, SHORTEST)
        return self.end(verdict, Next(state="in_doubt", after=wait, failures=self.failed))

    def untouched(self) -> End:
        """Nothing was tried: as it was before the claim."""
        handle, problem = self.batch["handle"], self.batch["problem"]
        failures = int(self.batch["failures"])
        return self.end(Verdict(), Next(state=self._before(), handle=handle, failures=failures, problem=problem))

    def put_back(self, error: Unavailable | Unauthorized) -> End:
        """Nothing happened: a send is ready again, a poll or look-up is due later."""
        wait = REST if isinstance(error, Unauthorized) else self.backoff(error.retry_after)
        problem, handle = str(error)[:500], self.batch["handle"]
        following = Next(state=self._before(), after=wait, handle=handle, failures=self.failed, problem=problem)
        return self.end(Verdict(), following)

    def give_up(self, error: Exception) -> End:
        """Our own bug: nobody knows how far it came, so the batch is in doubt and free for others."""
        handle = self.batch["handle"]
        following = Next(
            state="in_doubt" if handle is None else "accepted",
            after=REST,
            handle=handle,
            quarantine=self.sink.quarantine,
            failures=self.failed,
            problem=f"internal: {type(error).__name__}",
        )
        return self.end(Verdict(), following)

    def _before(self) -> str:
        if self.batch["handle"] is not None:
            return "accepted"
        return "in_doubt" if self.batch["was"] == "sending" else str(self.batch["was"])


def _undecided(sink: LineSink, one: Outbound) -> Rejected:
    return Rejected(
        sink.connection,
        f"It is unclear whether {sink.system} holds {one.reference}; look it up there and decide",
        kind="in_doubt",
        field="time",
        key=one.reference,
        owner="finance",
    )
