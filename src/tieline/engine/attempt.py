"""One attempt to write: the vendor call, and what its end means for the effect."""

from dataclasses import dataclass
from typing import Any

from tieline.engine.decide import Create, Decision, Poll, Replay, Update
from tieline.engine.effect import EffectState, Intent, Outcome
from tieline.engine.problem import stored_form
from tieline.engine.retry_policy import FIRST_REFUSAL, LONGEST_BACK_OFF, LONGEST_REFUSAL, back_off
from tieline.sdk.errors import NotSent, Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.http import Renewal, send_window
from tieline.sdk.operation import Accepted, Answer, Operation, Payload, WriteSafety, Written


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended, before it is written to the effect row."""

    state: EffectState
    external_id: str | None = None
    handle: str | None = None
    wait_seconds: float | None = None
    quarantine_seconds: float | None = None
    rejected: Rejected | None = None
    unauthorized: Unauthorized | None = None
    why: str | None = None
    tries: int = 0
    """That failed in a row, with this one."""


def attempt(operation: Operation[Any], decision: Decision, intent: Intent, intended_at: float, renew: Renewal) -> Ended:
    """Make the call the decision asks for; never raises one of the three errors. `renew`: see `send_window`."""
    failures = intent.before.failures if intent.before else 0
    try:
        with send_window(intended_at, renew=renew):
            answer = _call(operation, decision, intent)
    except NotSent as error:
        return Ended("refused_for_now", wait_seconds=back_off(failures), why=error.message, tries=failures + 1)
    except Unclear as error:
        return Ended(
            "in_doubt",
            wait_seconds=_wait(error, failures),
            quarantine_seconds=operation.quarantine.total_seconds(),
            why=error.message,
            tries=failures + 1,
        )
    except Unavailable as error:
        return Ended("refused_for_now", wait_seconds=_wait(error, failures), why=error.message, tries=failures + 1)
    except Unauthorized as error:
        return Ended("refused_for_now", wait_seconds=LONGEST_BACK_OFF, unauthorized=error, why=error.message)
    except Rejected as error:
        again = back_off(failures, FIRST_REFUSAL, LONGEST_REFUSAL)
        return Ended("rejected", wait_seconds=again, rejected=error, why=error.message)
    if isinstance(answer, Accepted):
        return Ended("accepted", handle=answer.handle, wait_seconds=answer.check_in.total_seconds())
    return Ended("confirmed", external_id=answer.external_id)


def outcome_of(intent: Intent, effect_id: int, number: int, ended: Ended) -> Outcome:
    """What is stored of the end of an attempt, which was the effect's `number`th."""
    problem = stored_form(ended.rejected) if ended.rejected else None
    if problem is None and ended.why:
        problem = {"message": ended.why}
    return Outcome(
        effect_id=effect_id,
        attempt=number,
        state=ended.state,
        intent=intent,
        external_id=ended.external_id,
        handle=ended.handle,
        wait_seconds=ended.wait_seconds,
        quarantine_seconds=ended.quarantine_seconds,
        problem=problem,
    )


def _wait(error: Unavailable, failures: int) -> float:
    """Seconds: the back-off, or longer when the vendor wishes it."""
    return max(error.wish.total_seconds() if error.wish else 0.0, back_off(failures))


def _call(operation: Operation[Any], decision: Decision, intent: Intent) -> Answer:
    payload = intent.content
    match decision:
        case Update(external_id, take_up):
            if take_up and operation.take_up is not None:
                operation.take_up(external_id)
            return _update(operation, external_id, payload)
        case Replay():
            answer = operation.create(payload, intent.create_key)
            if isinstance(answer, Written) and answer.replayed:
                return _update(operation, answer.external_id, payload)
            return answer
        case Poll(handle) if operation.poll is not None:
            return operation.poll(handle)
        case Create(first):
            return _create(operation, payload, intent, first)
    raise AssertionError(f"{decision} is no call")


def _create(operation: Operation[Any], payload: Payload, intent: Intent, first: bool) -> Answer:
    found = existing(operation, payload, intent.subject, first=first)
    return operation.create(payload, intent.create_key) if found is None else _update(operation, found, payload)


def existing(operation: Operation[Any], payload: Payload, subject: str, *, first: bool) -> str | None:
    """The vendor's id of what is there under our reference. Raises Rejected when it may be one a person made."""
    if operation.creates is WriteSafety.LOOKUP and operation.find is not None:
        found = find_one(operation, payload)
        if found is not None:
            return found
    if first and operation.candidates is not None:
        candidates = operation.candidates(payload)
        if candidates and operation.find is not None and operation.creates is not WriteSafety.LOOKUP:
            found = find_one(operation, payload)  # made by us, before an older database was restored
            if found is not None:
                return found
        if candidates:
            names = ", ".join(f"'{item.label}' (id {item.external_id})" for item in candidates[:5])
            raise Rejected(
                operation.connection,
                f"{operation.system} already has {names}; is it the same {operation.target}?"
                " Link it, or create a new one",
                kind="duplicate",
                field=operation.target,
                key=subject,
                owner="finance",
            )
    return None


def find_one(operation: Operation[Any], payload: Payload) -> str | None:
    """The vendor's record with our reference, or None. Two of them are a person's matter, never the first one."""
    assert operation.find is not None
    found = operation.find(payload)
    if len(found) > 1:
        names = ", ".join(f"'{item.label}' (id {item.external_id})" for item in found[:5])
        raise Rejected(
            operation.connection,
            f"{operation.system} holds more than one record with our reference: {names}",
            kind="duplicate",
            field=operation.target,
            key=found[0].external_id,
        )
    return found[0].external_id if found else None


def _update(operation: Operation[Any], external_id: str, payload: Payload) -> Answer:
    if operation.update is None:
        return Written(external_id)
    return operation.update(external_id, payload)
