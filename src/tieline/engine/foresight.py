"""Foresight: what a round would send now, compared with what its target last confirmed. Nothing is sent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tieline.engine.attempt import existing
from tieline.engine.decide import Create, Poll, Replay, Update
from tieline.engine.effect import Effect, read_effects
from tieline.engine.link import SHADOW_ID, Link
from tieline.engine.step import content_hash
from tieline.mapping.problems import MappingFailed
from tieline.model.money import Money
from tieline.model.record import Record
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.operation import Operation, Payload
from tieline.store.database import Connection

if TYPE_CHECKING:
    from tieline.engine.round import Demand, Round

R = TypeVar("R", bound=Record)
What = Literal["create", "update", "withdraw"]
HIDDEN = "(not shown: cost or margin)"
"""Stands for values of class C3."""
MOST_CHANGES = 200
"""Changed fields that are told of one record."""


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """A field of the vendor's record that would hold something else. None: it is not there."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """A write that would be made."""

    what: What
    label: str
    connection: str
    target: str
    subject: str
    external_id: str | None
    effect_id: int | None
    why: str | None
    known: bool
    """Whether we know what the target holds now; else `changes` shows all that would be sent."""
    changes: tuple[FieldChange, ...]


@dataclass
class Foresight:
    """What one run would do; its presence keeps the run from sending anything."""

    writes: list[Foreseen] = field(default_factory=list)

    def withdraw(self, label: str, operation: Operation[Any], effect: Effect) -> None:
        """A record would be closed or cancelled in its target."""
        self.writes.append(
            Foreseen(
                what="withdraw",
                label=label,
                connection=operation.connection,
                target=operation.target,
                subject=effect.subject,
                external_id=effect.external_id,
                effect_id=effect.id,
                why="it is no longer demanded",
                known=True,
                changes=(),
            )
        )


def foresee(around: "Round", demands: "Sequence[Demand]", links: Mapping[str, str]) -> None:
    """Decide as a run does, and note what it would send. May read from the vendor."""
    run, operation = around.run, around.operation
    assert run.foresight is not None
    subjects = [demand.record.subject for demand in demands]
    effects = read_effects(run.db, operation.connection, operation.target, subjects, run.author.engagement)
    for demand in demands:
        effect = effects.get(demand.record.subject)
        decision = around.judge(demand, effect)
        if not isinstance(decision, Create | Update | Replay | Poll):
            continue
        try:
            external_id, why = _target_of(operation, demand, effect, decision)
        except Rejected as error:
            around.refuse(demand.record, error)
            continue
        seen = _foreseen(run.db, around.label, operation, demand, effect, external_id, why, links)
        run.foresight.writes.append(seen)
        around.note(demand.record, "shadow", external_id=external_id, detail=f"would be {seen.what}d")
        known = external_id is not None
        around.links[demand.record.id] = Link(
            around.label, "known" if known else "shadow", external_id if known else SHADOW_ID
        )


def _target_of(
    operation: Operation[Any], demand: "Demand", effect: Effect | None, decision: Create | Update | Replay | Poll
) -> tuple[str | None, str | None]:
    """The vendor's id of what would be written (None: it would be made), and what to say about it."""
    match decision:
        case Update(external_id):
            again = effect is not None and effect.content_hash == demand.content_hash
            why = "the last writing of it has not been confirmed" if again else None
            withdrawn = effect is not None and effect.state == "withdrawn"
            return external_id, "it was withdrawn and is demanded again" if withdrawn else why
        case Create(first):
            try:
                return existing(operation, demand.payload, demand.record.subject, first=first), None
            except (Unavailable, Unauthorized) as error:
                return None, f"whether it is there already could not be asked: {error.message}"
        case Replay():
            return effect.external_id if effect else None, "first its unclear writing is repeated under the same key"
    return effect.external_id if effect else None, "first the vendor is asked how far it has come with it"


_CONFIRMED = "select confirmed_content as content, confirmed_hash as hash from effect where id = %s"


def _foreseen(
    db: Connection,
    label: str,
    operation: Operation[Any],
    demand: "Demand",
    effect: Effect | None,
    external_id: str | None,
    why: str | None,
    links: Mapping[str, str],
) -> Foreseen:
    old = _held(db, operation, effect, external_id) if external_id is not None else {}
    shown = _shown(operation, demand, links)
    changes = [
        FieldChange(field=path, old=before if shown(path) else HIDDEN, new=after if shown(path) else HIDDEN)
        for path, before, after in differences(old or {}, demand.payload)
    ]
    return Foreseen(
        what="create" if external_id is None else "update",
        label=label,
        connection=operation.connection,
        target=operation.target,
        subject=demand.record.subject,
        external_id=external_id,
        effect_id=effect.id if effect else None,
        why=why,
        known=old is not None,
        changes=tuple(changes[:MOST_CHANGES]),
    )


def _held(db: Connection, operation: Operation[Any], effect: Effect | None, external_id: str) -> Payload | None:
    """What the target last confirmed; if that was not kept, what it says it holds; else None."""
    row = db.execute(_CONFIRMED, [effect.id]).fetchone() if effect is not None else None
    if row is not None and row["content"] is not None and row["hash"] in (None, content_hash(row["content"])):
        kept: Payload = row["content"]
        return kept
    if operation.read_back is None:
        return None
    try:
        return operation.read_back(external_id)
    except (Unavailable, Unauthorized, Rejected):
        return None


def differences(old: Payload, new: Payload) -> list[tuple[str, Any, Any]]:
    """(path, old, new) of every leaf that differs, in the order of the new content."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    paths = [*after, *(path for path in before if path not in after)]
    return [(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for place, item in enumerate(value, 1):
            yield from _leaves(item, f"{path} {place}")
    elif path:
        yield path, value


def _shown(operation: Operation[Any], demand: "Demand", links: Mapping[str, str]) -> Callable[[str], bool]:
    """Which fields of the payload may be shown: not those that follow from cost or margin (class C3).

    Mappings rename fields freely, so it is tried out: what another cost would change is not shown.
    """
    costs = list(_costs(demand.record))
    if not costs:
        return lambda path: True
    mine = dict(_leaves(demand.payload))
    try:
        other = dict(_leaves(operation.render(_with_other(demand.record), links)))
    except (MappingFailed, Rejected):
        return lambda path: False
    # What is in neither was there before: it may be a cost that is not known any more.
    return lambda path: mine.get(path) == other.get(path) and (path in mine or None not in costs)


def _costs(record: Record) -> Iterator[Any]:
    """The values of class C3, also of the records it holds."""
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, Record):
            yield from _costs(value)
        elif type(record).owner_of(name).field_class == "C3":
            yield value


def _with_other(record: R) -> R:
    """The record with other costs."""
    changed: dict[str, Any] = {}
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, Record):
            changed[name] = _with_other(value)
        elif value is not None and type(record).owner_of(name).field_class == "C3":
            more = Money(amount=value.amount + 1, currency=value.currency) if isinstance(value, Money) else value + 1
            changed[name] = more
    return record.model_copy(update=changed)
