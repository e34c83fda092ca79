"""What to do about an effect: pure rules on the row as read and the content that is demanded now.

The rules are those of the design's engine page: skip only what is confirmed, resolve before you send, and hold back
different content while an unclear write may still land.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tieline.engine.effect import Effect
from tieline.sdk.http import SEND_WINDOW
from tieline.sdk.operation import Operation, WriteSafety

WOKEN_BY_PERSON_OR_EVENT = frozenset({"event", "decision", "operator"})


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Confirmed with this very content."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Create:
    """Send a create. `first`: nothing was ever sent, so look for records made before us."""

    first: bool


@dataclass(frozen=True, slots=True)
class Update:
    """Send the content to a known record. `take_up`: it may be closed there (it was withdrawn, or made by others)."""

    external_id: str
    take_up: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """Send the stored content again under its old create key, which the vendor knows."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask whether the unclear create happened; if not, wait until the quarantine is over."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Poll:
    """Ask for the state of a long vendor job."""

    handle: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be sent before `until`."""

    until: datetime
    why: str
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The same content was refused before, and nobody has changed anything since."""

    problem: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AskPerson:
    """The write is unclear and must never be repeated: a person says whether it happened."""


Decision = Unchanged | Create | Update | Replay | LookUp | Poll | Wait | Refused | AskPerson


def decide(effect: Effect | None, content_hash: bytes, operation: Operation[Any], reasons: Collection[str]) -> Decision:
    """What this effect needs. `reasons`: why the run was woken."""
    if effect is None:
        return Create(first=True)
    if effect.still_running:
        return Wait(effect.now + timedelta(seconds=1), "another engagement is writing it just now")
    same = content_hash == effect.content_hash
    match effect.state:
        case "confirmed" if effect.confirmed_hash == content_hash and effect.external_id is not None:
            return Unchanged(effect.external_id)
        case "accepted" if effect.handle:
            return Poll(effect.handle)
        case "intended" | "in_doubt" | "accepted":
            return _resolve(effect, same, operation)
        case "rejected" if same and not _may_retry(effect, reasons):
            return Refused(effect.problem or {})
        case "refused_for_now" if effect.retry_at and effect.now < effect.retry_at and "operator" not in reasons:
            return Wait(effect.retry_at, "is tried again by itself")
    if not same and effect.quarantine_until and effect.now < effect.quarantine_until:
        return Wait(effect.quarantine_until, "an earlier write may still land", in_doubt=True)
    if effect.external_id is not None:
        return _update(effect.external_id, effect)
    return Create(first=effect.state != "released")


def _may_retry(effect: Effect, reasons: Collection[str]) -> bool:
    if WOKEN_BY_PERSON_OR_EVENT.intersection(reasons):
        return True
    return effect.retry_at is not None and effect.now >= effect.retry_at


def quarantine_end(effect: Effect, operation: Operation[Any]) -> datetime:
    """Until when an unclear write may still land."""
    if effect.quarantine_until is not None:
        return effect.quarantine_until
    sent = effect.sent_at or effect.now
    return sent + timedelta(seconds=SEND_WINDOW) + operation.quarantine


def _resolve(effect: Effect, same: bool, operation: Operation[Any]) -> Decision:
    until = quarantine_end(effect, operation)
    over = effect.now >= until
    safety = operation.updates if effect.external_id is not None else operation.creates
    if safety is WriteSafety.NEVER_RETRY:
        return AskPerson()
    if effect.external_id is None and safety is WriteSafety.NATIVE_KEY:
        return Replay()
    if effect.external_id is None and safety is WriteSafety.LOOKUP:
        return Create(first=False) if over else LookUp(until)
    if not same and not over:
        return Wait(until, "an earlier write may still land", in_doubt=True)
    return Create(first=False) if effect.external_id is None else _update(effect.external_id, effect)


def _update(external_id: str, effect: Effect) -> Update:
    """Until an update is confirmed nobody knows that the record is open; taking it up twice does no harm."""
    return Update(external_id, take_up=effect.confirmed_hash is None)
