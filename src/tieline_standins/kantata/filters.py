"""Filters: those all endpoints share, and the pieces resources build theirs from."""

from collections.abc import Callable, Iterable

from tieline_standins.core.http import Json
from tieline_standins.kantata.fields import flag, ident, idents, moment, text
from tieline_standins.kantata.resource import MakeFilter, Predicate, Resource
from tieline_standins.kantata.world import Record, World


def everything(_world: World, _value: str) -> Predicate:
    """A parameter that narrows nothing here."""
    return lambda _record: True


def is_true(name: str) -> MakeFilter:
    """Compares a boolean field with `true` or `false`."""

    def make(_world: World, value: str) -> Predicate:
        wanted = flag(value)
        return lambda record: bool(record.data.get(name)) is wanted

    return make


def present(accepts: Predicate) -> MakeFilter:
    """Presence alone switches it on; the value is ignored (fact sheet, section 4, TimeEntry)."""
    return lambda _world, _value: accepts


def only_if_true(accepts: Predicate) -> MakeFilter:
    """Narrows when the value is true, and does nothing when it is false."""
    return lambda _world, value: accepts if flag(value) else lambda _record: True


def link(name: str) -> MakeFilter:
    """The association holds the id given."""

    def make(_world: World, value: str) -> Predicate:
        wanted = ident(value)
        return lambda record: record.links[name] == wanted

    return make


def link_in(name: str) -> MakeFilter:
    """The association holds one of the ids given, separated by commas."""

    def make(_world: World, value: str) -> Predicate:
        wanted = frozenset(idents(value))
        return lambda record: record.links[name] in wanted

    return make


def has_link(name: str) -> MakeFilter:
    """The association (to many) contains the id given."""

    def make(_world: World, value: str) -> Predicate:
        wanted = ident(value)
        return lambda record: wanted in record.links[name]

    return make


def equals(name: str) -> MakeFilter:
    return lambda _world, value: lambda record: record.data.get(name) == value


def is_in(name: str, parse: Callable[[Json], Json] = text) -> MakeFilter:
    """The field holds one of the values given, separated by commas."""

    def make(_world: World, value: str) -> Predicate:
        wanted = frozenset(parse(part.strip()) for part in value.split(","))
        return lambda record: record.data.get(name) in wanted

    return make


def after(name: str, *, inclusive: bool = False) -> MakeFilter:
    def make(_world: World, value: str) -> Predicate:
        bound = _bound(value)
        return lambda record: (record.data[name] or "") > bound or (inclusive and record.data[name] == bound)

    return make


def before(name: str) -> MakeFilter:
    def make(_world: World, value: str) -> Predicate:
        bound = _bound(value)
        return lambda record: "" < (record.data[name] or "") < bound

    return make


def matches(parse: Callable[[Json], Json], read: Callable[[Record], Json]) -> MakeFilter:
    """What `read` finds in a record equals the parsed value."""

    def make(_world: World, value: str) -> Predicate:
        wanted = parse(value)
        return lambda record: bool(read(record) == wanted)

    return make


def between(name: str) -> MakeFilter:
    """`2026-06-01:2026-06-30`, both ends included."""

    def make(_world: World, value: str) -> Predicate:
        low, colon, high = value.partition(":")
        if not colon:
            raise ValueError("must be two dates separated by a colon")
        return lambda record: low <= (record.data[name] or "") <= high

    return make


def not_archived() -> MakeFilter:
    """For records of a project: unless true, those of archived projects are hidden."""

    def make(world: World, value: str) -> Predicate:
        if flag(value):
            return lambda _record: True

        def accepts(record: Record) -> bool:
            workspace = world.linked("workspaces", record, "workspace")
            return workspace is None or not workspace.data["archived"]

        return accepts

    return make


def _bound(value: str) -> str:
    return value if len(value) == 10 and value.count("-") == 2 else str(moment(value))


def _references(world: World, record: Record) -> list[dict[str, Json]]:
    found = (world.get("external_references", sid) for sid in record.links["external_references"])
    return [reference.data for reference in found if reference]


def _reference(name: str) -> MakeFilter:
    """Some external reference of the record has this value."""
    return lambda world, value: lambda record: any(data[name] == value for data in _references(world, record))


def _reference_ref(world: World, value: str) -> Predicate:
    if not value.isdecimal() and world.settings.text_in_integer_ref_filter == "refuse":
        raise ValueError("must be an integer")
    return lambda record: any(data["service_model_ref"] == value for data in _references(world, record))


def _reference_refs(world: World, value: str) -> Predicate:
    wanted = frozenset(part.strip() for part in value.split(","))
    if len(wanted) > 200:
        raise ValueError("takes up to 200 ids")
    return lambda record: any(data["service_model_ref"] in wanted for data in _references(world, record))


def _has_references(_world: World, value: str) -> Predicate:
    wanted = flag(value)
    return lambda record: bool(record.links["external_references"]) is wanted


def _without_service(world: World, value: str) -> Predicate:
    return lambda record: all(data["service_name"] != value for data in _references(world, record))


REFERENCE_FILTERS: dict[str, MakeFilter] = {
    "external_reference_service_name": _reference("service_name"),
    "external_reference_service_model": _reference("service_model"),
    "external_reference_service_model_ref": _reference_ref,
    "external_reference_service_model_refs": _reference_refs,
    "external_reference_status": _reference("status"),
    "external_reference_external_status": _reference("external_status"),
    "external_reference_external_message": _reference("external_message"),
    "has_external_references": _has_references,
    "without_external_reference_service_name": _without_service,
}

# Filters that look at other records in a way no change of the record itself shows: never answered from a kept view.
VOLATILE = frozenset({"has_participant", "participant_in", "pending_requests_only"})

COMMON: dict[str, MakeFilter] = {
    "created_after": after("created_at"),
    "created_before": before("created_at"),
    "updated_after": after("updated_at"),
    "updated_before": before("updated_at"),
    **REFERENCE_FILTERS,
}


def referenced(world: World, resource: Resource, refs: Iterable[str]) -> list[Record | None]:
    """The records of a resource that carry one of these external ids, found by index."""
    found: dict[str, Record | None] = {}
    for ref in refs:
        for number in world.references.get(ref.strip(), ()):
            reference = world.tables["external_references"].records[number]
            if reference.data["subject_type"] == resource.subject:
                sid = str(reference.data["subject_id"])
                found[sid] = world.get(resource.plural, sid)
    return list(found.values())
