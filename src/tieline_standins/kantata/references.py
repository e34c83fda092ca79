"""External references: the link table to other systems (fact sheet, section 5)."""

from tieline_standins.core.http import Json
from tieline_standins.kantata import filters
from tieline_standins.kantata.errors import invalid, system
from tieline_standins.kantata.fields import Field, flag, ident, idents, moment, one_of, text, whole
from tieline_standins.kantata.resource import Association, Change, Resource, Session, Target
from tieline_standins.kantata.world import Record, World

_GIVEN: tuple[str, ...] = (
    "service_name",
    "service_model",
    "service_model_ref",
    "status",
    "external_message",
    "external_link",
)
_GIVEN += ("external_status", "locked")


def ids_of(value: Json, *, many: bool) -> list[str]:
    """Ids of a request as stored. Raises ValueError."""
    return idents(value) if many else [ident(value)]


def check(world: World, resource: Resource, change: Change) -> None:
    """Refuse a wrong inline `external_reference` before its subject is written. Raises ApiError."""
    raw = change.raw.get("external_reference")
    if raw is None or not resource.has_references:
        return
    if not isinstance(raw, dict):
        raise invalid("external_reference", "External reference must be an object")
    data = _parsed(raw)
    if change.record and _of_service(world, change.record, data["service_name"]):
        raise invalid("service_name", "Service name has already been taken")


def write(world: World, change: Change) -> None:
    """Attach the inline `external_reference` of a request to the record just written."""
    raw = change.raw.get("external_reference")
    if change.record and change.record.resource.has_references and isinstance(raw, dict):
        _attach(world, change.record, _parsed(raw))


def forget(world: World, subject: Record) -> None:
    """The references of a deleted record go with it."""
    for sid in list(subject.links.get("external_references", ())):
        reference = world.get("external_references", sid)
        if reference:
            world.remove(reference)
            _detached(world, reference, None)


def subject_of(world: World, reference: Record) -> Record | None:
    resource = world.by_subject.get(reference.data["subject_type"])
    return world.get(resource.plural, reference.data["subject_id"]) if resource else None


def create_or_update(world: World, raw: dict[str, Json]) -> Record:
    """The upsert: one reference for each service name of a subject. Raises ApiError."""
    subject, data = _subject(world, raw), _parsed(raw)
    existing = _of_service(world, subject, data["service_name"])
    if existing is None:
        return _attach(world, subject, data)
    _reindex(world, existing, data["service_model_ref"])
    world.edit(existing, data | {"last_synced_at": world.now()})
    world.refresh(subject)
    return existing


def _parsed(raw: dict[str, Json]) -> dict[str, Json]:
    data = {}
    for name in _GIVEN:
        field = _FIELDS[name]
        value = raw.get(name)
        if field.required and value in (None, ""):
            raise invalid(name, field.required)
        if name in raw:
            try:
                data[name] = None if value is None else field.parse(value)
            except ValueError as error:
                raise invalid(name, f"{name.replace('_', ' ').capitalize()} {error}") from error
    return data


def _subject(world: World, raw: dict[str, Json]) -> Record:
    resource = world.by_subject.get(str(raw.get("subject_type")))
    if resource is None:
        raise invalid("subject_type", "Subject type is not included in the list")
    subject = world.get(resource.plural, raw.get("subject_id"))
    if subject is None or "external_references" not in subject.links:
        raise invalid("subject_id", "Subject is invalid")
    return subject


def _of_service(world: World, subject: Record, service_name: str) -> Record | None:
    """A subject has at most one reference for each service name."""
    found = (world.get("external_references", sid) for sid in subject.links["external_references"])
    return next((record for record in found if record and record.data["service_name"] == service_name), None)


def _attach(world: World, subject: Record, data: dict[str, Json]) -> Record:
    identity = {"subject_type": subject.resource.subject, "subject_id": subject.id, "last_synced_at": world.now()}
    reference = world.insert("external_references", data | identity)
    _attached(world, reference, subject)
    return reference


def _attached(world: World, reference: Record, subject: Record) -> None:
    world.references[reference.data["service_model_ref"]].add(reference.id)
    subject.links["external_references"].append(reference.sid)
    world.refresh(subject)


def _reindex(world: World, reference: Record, ref: str) -> None:
    world.references[reference.data["service_model_ref"]].discard(reference.id)
    world.references[ref].add(reference.id)


def _prepare(world: World, change: Change) -> None:
    """Rules of POST and PUT /external_references."""
    if change.record is None:
        subject = _subject(world, change.raw)
        if _of_service(world, subject, change.data["service_name"]):
            raise invalid("service_name", "Service name has already been taken")
        change.data |= {"subject_id": subject.id, "last_synced_at": world.now()}
    elif "service_model_ref" in change.data:
        _reindex(world, change.record, change.data["service_model_ref"])


def _written(world: World, change: Change) -> None:
    assert change.record is not None
    subject = subject_of(world, change.record)
    if subject is None:
        return
    if change.record.sid in subject.links["external_references"]:
        world.refresh(subject)
    else:
        _attached(world, change.record, subject)


def _detached(world: World, reference: Record, _session: Session | None) -> None:
    world.references[reference.data["service_model_ref"]].discard(reference.id)
    subject = subject_of(world, reference)
    if subject and reference.sid in subject.links["external_references"]:
        subject.links["external_references"].remove(reference.sid)
        world.refresh(subject)


def require_subject_type(params: dict[str, str]) -> None:
    """The index route does not work without `subject_type`. Raises ApiError."""
    if not params.get("subject_type") and "only" not in params:
        raise system(400, "subject_type is required")


def _find_subject(world: World, reference: Record) -> list[Target]:
    subject = subject_of(world, reference)
    return [(subject.resource.plural, subject.sid)] if subject else []


_FIELDS = {
    "subject_type": Field(text, required="Subject type can't be blank", create_only=True),
    "subject_id": Field(whole, required="Subject can't be blank", create_only=True),
    "service_name": Field(text, required="Service name can't be blank"),
    "service_model": Field(text, required="Service model can't be blank"),
    "service_model_ref": Field(text, required="Service model ref can't be blank"),
    "status": Field(one_of("successful", "pending", "failed"), default="pending"),
    "external_message": Field(text),
    "external_link": Field(text),
    "external_status": Field(text),
    "locked": Field(flag, default=False),
    "last_synced_at": Field(moment, writable=False),
}

EXTERNAL_REFERENCES = Resource(
    "external_references",
    "external_reference",
    _FIELDS,
    {"subject": Association("", "subject_ref", ref=True, find=_find_subject)},
    orders={"created_at": "created_at", "last_synced_at": "last_synced_at"},
    filters={
        "subject_type": filters.equals("subject_type"),
        "service_name": filters.equals("service_name"),
        "service_model": filters.equals("service_model"),
        "service_model_ref": filters.equals("service_model_ref"),
        "status": filters.equals("status"),
        "last_synced_after": filters.after("last_synced_at"),
    },
    prepare=_prepare,
    written=_written,
    deleted=_detached,
)
