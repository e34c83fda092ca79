"""Create, update and delete of any resource: check everything first, then write all or nothing."""

from collections.abc import Callable

from tieline_standins.core.http import Json
from tieline_standins.kantata import custom_fields, references
from tieline_standins.kantata.errors import ApiError, forbidden, not_found, system
from tieline_standins.kantata.resource import Change, Resource, Session
from tieline_standins.kantata.world import Record, World

# Reported for each record written: operation suffix, record, the part of the body about it.
Committed = Callable[[str, Record, Json], None]
_INLINE = {"external_reference", "custom_fields"}


def create(
    world: World, resource: Resource, session: Session, bodies: list[dict[str, Json]], committed: Committed
) -> list[Record]:
    """Create one or several records. Raises ApiError before anything is written."""
    changes = [_checked(world, resource, session, raw, None) for raw in bodies]
    created = []
    for change in changes:
        change.record = world.insert(resource.plural, change.data, change.links, session.user_id)
        _follow(world, resource, change)
        committed("create", change.record, change.raw)
        created.append(change.record)
    return created


def update(
    world: World, resource: Resource, session: Session, record: Record, raw: dict[str, Json], committed: Committed
) -> None:
    """Change one record. Raises ApiError before anything is written."""
    change = _checked(world, resource, session, raw, record)
    world.edit(record, change.data, change.links, user_id=session.user_id)
    _follow(world, resource, change)
    committed("update", record, raw)


def delete(world: World, resource: Resource, session: Session, records: list[Record], committed: Committed) -> None:
    """Delete records, all or none. Raises ApiError."""
    for record in records:
        resource.may_delete(world, record, session)
    for record in records:
        world.remove(record, session.user_id)
        references.forget(world, record)
        resource.deleted(world, record, session)
        committed("delete", record, None)


def many(world: World, resource: Resource, ids: list[str]) -> list[Record]:
    """The records of a bulk delete. Raises ApiError."""
    if not ids or len(ids) > resource.bulk_delete:
        raise system(400, f"ids must name 1 to {resource.bulk_delete} {resource.plural}")
    records = [world.get(resource.plural, sid) for sid in dict.fromkeys(ids)]
    found = [record for record in records if record]
    if len(found) < len(records):
        raise not_found()
    return found


def allow(resource: Resource, verb: str, session: Session) -> None:
    """Raises 404 where the endpoint does not exist and 403 where it takes an account administrator."""
    if verb not in resource.verbs:
        raise not_found()
    if verb in resource.admin and not session.admin:
        raise forbidden()


def _checked(world: World, resource: Resource, session: Session, raw: dict[str, Json], record: Record | None) -> Change:
    """Parse and check the object of a request; all validation errors at once. Raises ApiError."""
    errors: list[dict[str, Json]] = []
    change = Change(session, raw, {}, {}, record)
    _read_fields(resource, change, errors)
    _read_links(world, resource, change, errors)
    if world.settings.unknown_attributes == "refuse":
        known = resource.fields.keys() | {a.field for a in resource.associations.values()} | _INLINE
        errors += [_error(name, "is unknown") for name in sorted(raw.keys() - known)]
    if errors:
        raise ApiError(422, *errors)
    references.check(world, resource, change)
    custom_fields.check(world, resource, change)
    resource.prepare(world, change)
    return change


def _read_fields(resource: Resource, change: Change, errors: list[dict[str, Json]]) -> None:
    for name, field in resource.fields.items():
        value = change.raw.get(name)
        if field.required and (value in (None, "") if name in change.raw else change.creating):
            errors.append({"type": "validation", "message": field.required, "field": name})
        elif name in change.raw and field.writable and (change.creating or not field.create_only):
            try:
                change.data[name] = None if value is None else field.parse(value)
            except ValueError as error:
                errors.append(_error(name, str(error)))


def _read_links(world: World, resource: Resource, change: Change, errors: list[dict[str, Json]]) -> None:
    for name, association in resource.associations.items():
        value = change.raw.get(association.field)
        given = association.field in change.raw
        if association.required and (value in (None, "", []) if given else change.creating):
            errors.append({"type": "validation", "message": association.required, "field": association.field})
        elif given and association.writable:
            try:
                change.links[name] = _linked(world, association.target, value, many=association.many)
            except ValueError as error:
                errors.append(_error(association.field, str(error)))


def _linked(world: World, target: str, value: Json, *, many: bool) -> Json:
    """Ids as stored, every one of them existing. Raises ValueError."""
    found = [] if value in (None, "") else references.ids_of(value, many=many)
    if any(world.get(target, sid) is None for sid in found):
        raise ValueError("is invalid")
    return found if many else (found[0] if found else None)


def _follow(world: World, resource: Resource, change: Change) -> None:
    references.write(world, change)
    custom_fields.write(world, change)
    resource.written(world, change)


def _error(name: str, message: str) -> dict[str, Json]:
    label = name.removesuffix("_id").replace("_", " ").capitalize()
    return {"type": "validation", "message": f"{label} {message}", "field": name}
