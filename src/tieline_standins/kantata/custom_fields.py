"""Custom fields, their choices and their values on records (fact sheet, section 4)."""

from tieline_standins.core.http import Json
from tieline_standins.kantata import filters
from tieline_standins.kantata.errors import invalid, system
from tieline_standins.kantata.fields import Field, anything, day, flag, idents, number, one_of, text, whole
from tieline_standins.kantata.resource import Association, Change, Resource, Session, Target
from tieline_standins.kantata.world import Record, World

_TYPES = ("string", "date", "number", "currency", "single", "multi")


def check(world: World, resource: Resource, change: Change) -> None:
    """Refuse wrong inline `custom_fields` before their subject is written. Raises ApiError."""
    given = change.raw.get("custom_fields")
    if given is None or "custom_field_values" not in resource.associations:
        return
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise invalid("custom_fields", "Custom fields must be a list of objects")
    for entry in given:
        definition = _definition(world, entry.get("custom_field_id"), resource.subject)
        _value(world, definition, entry.get("value"))


def write(world: World, change: Change) -> None:
    """Set the inline `custom_fields` of a request on the record just written."""
    record, given = change.record, change.raw.get("custom_fields")
    if record is None or not given or "custom_field_values" not in record.resource.associations:
        return
    for entry in given:
        _set(world, record, _definition(world, entry["custom_field_id"], record.resource.subject), entry["value"])


def _definition(world: World, sid: Json, subject: Json) -> Record:
    definition = world.get("custom_fields", sid)
    if definition is None or definition.data["subject_type"] != subject:
        raise invalid("custom_field_id", f"Custom field {sid} does not exist for {subject}")
    return definition


def _value(world: World, definition: Record, value: Json) -> Json:
    """The value in the form of its field type. Raises ApiError."""
    if value is None:
        return None
    try:
        match definition.data["value_type"]:
            case "date":
                return day(value)
            case "number":
                return number(value)
            case "currency":
                return _currency(value)
            case "single" | "multi":
                return _choices(world, definition, value)
        return text(value)
    except ValueError as error:
        raise invalid("value", f"Value of {definition.data['name']} {error}") from error


def _currency(value: Json) -> Json:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], str):
        raise ValueError("must be [cents, currency]")
    return [whole(value[0]), value[1]]


def _choices(world: World, definition: Record, value: Json) -> Json:
    chosen = idents(value)
    choices = [world.get("custom_field_choices", sid) for sid in chosen]
    if not all(choice and choice.links["custom_field"] == definition.sid for choice in choices):
        raise ValueError("is not one of the choices")
    if definition.data["value_type"] == "single" and len(chosen) > 1:
        raise ValueError("takes one choice")
    return [int(sid) for sid in chosen]


def _display(world: World, definition: Record, value: Json) -> Json:
    if value is None:
        return None
    match definition.data["value_type"]:
        case "single" | "multi":
            choices = [world.get("custom_field_choices", sid) for sid in value]
            return ", ".join(choice.data["label"] for choice in choices if choice)
        case "currency":
            return f"{value[1]} {value[0] // 100}.{value[0] % 100:02d}"
    return str(value)


def _set(world: World, subject: Record, definition: Record, value: Json) -> Record:
    """One value for each custom field of a subject."""
    parsed = _value(world, definition, value)
    data = {"value": parsed, "display_value": _display(world, definition, parsed), "can_edit": True}
    found = (world.get("custom_field_values", sid) for sid in subject.links["custom_field_values"])
    for existing in found:
        if existing and existing.links["custom_field"] == definition.sid:
            world.edit(existing, data)
            return existing
    copied = {"custom_field_name": definition.data["name"], "type": definition.data["value_type"]}
    identity = {"subject_type": subject.resource.subject, "subject_id": subject.id}
    record = world.insert("custom_field_values", data | copied | identity, {"custom_field": definition.sid})
    subject.links["custom_field_values"].append(record.sid)
    world.refresh(subject)
    return record


def _prepare_value(world: World, change: Change) -> None:
    """Rules of POST and PUT /custom_field_values."""
    if change.record:
        definition = world.linked("custom_fields", change.record, "custom_field")
        assert definition is not None
    else:
        definition = _definition(world, change.links["custom_field"], change.data["subject_type"])
        resource = world.by_subject.get(change.data["subject_type"])
        subject = world.get(resource.plural, change.data["subject_id"]) if resource else None
        if subject is None or "custom_field_values" not in subject.links:
            raise invalid("subject_id", "Subject is invalid")
        values = (world.get("custom_field_values", sid) for sid in subject.links["custom_field_values"])
        if any(value and value.links["custom_field"] == definition.sid for value in values):
            raise invalid("custom_field_id", "Custom field has already been taken")
        change.data |= {"custom_field_name": definition.data["name"], "type": definition.data["value_type"]}
    value = _value(world, definition, change.raw.get("value"))
    change.data |= {"value": value, "display_value": _display(world, definition, value), "can_edit": True}


def _value_subject(world: World, value: Record) -> Record | None:
    resource = world.by_subject.get(value.data["subject_type"])
    return world.get(resource.plural, value.data["subject_id"]) if resource else None


def _value_written(world: World, change: Change) -> None:
    assert change.record is not None
    subject = _value_subject(world, change.record)
    if subject and change.record.sid not in subject.links["custom_field_values"]:
        subject.links["custom_field_values"].append(change.record.sid)
        world.refresh(subject)


def _value_deleted(world: World, value: Record, _session: Session) -> None:
    subject = _value_subject(world, value)
    if subject and value.sid in subject.links["custom_field_values"]:
        subject.links["custom_field_values"].remove(value.sid)
        world.refresh(subject)


def _choices_of(world: World, definition: Record) -> list[Target]:
    choices = world.all("custom_field_choices")
    return [(c.resource.plural, c.sid) for c in choices if c.links["custom_field"] == definition.sid]


def require_subject_type(params: dict[str, str]) -> None:
    """Listing values needs `subject_type`. Raises ApiError."""
    if not params.get("subject_type") and "only" not in params:
        raise system(400, "subject_type is required")


_ADMIN = frozenset({"create", "update", "delete"})
_SUBJECTS = ("Workspace", "Story", "User", "WorkspaceGroup", "WorkspaceResource", "Estimate")

CUSTOM_FIELDS = Resource(
    "custom_fields",
    "custom_field",
    {
        "name": Field(text, required="Name can't be blank"),
        "value_type": Field(one_of(*_TYPES), required="Value type can't be blank", create_only=True),
        "subject_type": Field(one_of(*_SUBJECTS), required="Subject type can't be blank", create_only=True),
        "default_value": Field(anything),
        "required": Field(flag, default=False),
        "api_visible": Field(flag, default=True),
    },
    {"choices": Association("custom_field_choices", "choice_ids", many=True, find=_choices_of)},
    filters={"subject_type": filters.equals("subject_type"), "value_type": filters.equals("value_type")},
    admin=_ADMIN,
)

CUSTOM_FIELD_CHOICES = Resource(
    "custom_field_choices",
    "custom_field_choice",
    {
        "label": Field(text, required="Label can't be blank"),
        "color": Field(text),
        "position": Field(whole, default=0),
        "active": Field(flag, default=True),
    },
    {
        "custom_field": Association(
            "custom_fields", "custom_field_id", writable=True, required="Custom field can't be blank"
        )
    },
    filters={"for_custom_fields": filters.link_in("custom_field"), "active": filters.is_true("active")},
    admin=_ADMIN,
)

CUSTOM_FIELD_VALUES = Resource(
    "custom_field_values",
    "custom_field_value",
    {
        "subject_type": Field(one_of(*_SUBJECTS), required="Subject type can't be blank", create_only=True),
        "subject_id": Field(whole, required="Subject can't be blank", create_only=True),
        "custom_field_name": Field(text, writable=False),
        "type": Field(text, writable=False),
        "value": Field(anything),
        "display_value": Field(text, writable=False),
        "can_edit": Field(flag, default=True, writable=False),
    },
    {
        "custom_field": Association(
            "custom_fields", "custom_field_id", writable=True, required="Custom field can't be blank"
        )
    },
    filters={
        "subject_type": filters.equals("subject_type"),
        "subject_id": filters.matches(whole, lambda record: record.data["subject_id"]),
        "with_subject_ids": filters.is_in("subject_id", whole),
        "custom_field_id": filters.link("custom_field"),
    },
    prepare=_prepare_value,
    written=_value_written,
    deleted=_value_deleted,
)
