"""What an administrator does in Setup: custom objects and fields, settings, connected apps, people."""

import re
from dataclasses import fields as dataclass_fields

from tieline_standins.core.http import Json
from tieline_standins.core.vendor import ControlError
from tieline_standins.salesforce.oauth import public_key
from tieline_standins.salesforce.schema import NUMBER_TYPES, TYPES, Field, SObject, system_fields
from tieline_standins.salesforce.seed import add_currencies, currency_field, remove_currencies
from tieline_standins.salesforce.settings import ConnectedApp
from tieline_standins.salesforce.store import Table
from tieline_standins.salesforce.transaction import Org

_NAME = re.compile(r"[A-Za-z]\w*__c")
_FIELD_KEYS = {
    "object": str, "name": str, "label": str, "type": str, "length": int, "precision": int, "scale": int,
    "required": bool, "externalId": bool, "unique": bool, "caseSensitive": bool, "picklist": list, "restricted": bool,
    "referenceTo": (str, list), "relationshipName": str, "childRelationshipName": str, "onDelete": str,
    "default": object,
}  # fmt: skip
_LENGTHS = {
    "textarea": 32_768,
    "string": 255,
    "picklist": 255,
    "multipicklist": 4099,
    "phone": 40,
    "email": 80,
    "url": 255,
}
_DELETES = ("clear", "cascade", "restrict")
_MEMBERS = {"objects", "fields", "deletedFields", "settings", "connectedApps", "users"}


def customize(org: Org, change: Json) -> Json:
    """Apply a change; an object or field that is already there must be the same. Raises ControlError."""
    if not isinstance(change, dict) or set(change) - _MEMBERS:
        raise ControlError(f"a customization is an object with {', '.join(sorted(_MEMBERS))}")
    was_multi_currency = org.settings.multi_currency
    org.settings.change(change.get("settings", {}))
    if was_multi_currency != org.settings.multi_currency:
        if was_multi_currency:
            remove_currencies(org.schema)
        else:
            add_currencies(org.schema, org.context.firm)
    made = [_app(org, each) for each in _objects(change, "connectedApps")]
    made += [_object(org, each) for each in _objects(change, "objects")]
    made += [_add_field(org, _object_named(org, each), each) for each in _objects(change, "fields")]
    made += [_delete_field(org, each) for each in _objects(change, "deletedFields")]
    made += [_password(org, each) for each in _objects(change, "users")]
    org.schema_changed = org.stamp()
    return {"applied": made, "settings": {each.name: getattr(org.settings, each.name)
                                          for each in dataclass_fields(org.settings)}}  # fmt: skip


def _objects(change: Json, name: str) -> list[dict[str, Json]]:
    listed = change.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ControlError(f"`{name}` is a list of objects")
    return listed


def _object(org: Org, wanted: dict[str, Json]) -> str:
    name = wanted.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ControlError(f"{name!r} is no name of a custom object; it ends with __c")
    sobject = org.schema.find(name)
    if sobject is None:
        label = str(wanted.get("label") or name.removesuffix("__c").replace("_", " "))
        base = [*system_fields(owned=True), Field("Name", "string", length=80, label=f"{label} Name", required=True)]
        if org.settings.multi_currency:
            base.append(currency_field(org.context.firm))
        number = sum(each.custom for each in org.schema.objects.values())
        prefix = "a0" + _digit(number)
        sobject = SObject(name, prefix, label, str(wanted.get("plural") or label + "s"), {f.name: f for f in base})
        org.schema.add(sobject)
        org.store.tables[name] = Table(sobject)
    for each in _objects(wanted, "fields"):
        _add_field(org, sobject, each)
    return name


def _digit(number: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    if number >= len(digits):
        raise ControlError(f"a stand-in holds at most {len(digits)} custom objects")
    return digits[number]


def _object_named(org: Org, wanted: dict[str, Json]) -> SObject:
    sobject = org.schema.find(str(wanted.get("object")))
    if sobject is None:
        raise ControlError(f"there is no object {wanted.get('object')!r}")
    return sobject


def _add_field(org: Org, sobject: SObject, wanted: dict[str, Json]) -> str:
    added = _field(org, wanted)
    existing = sobject.find(added.name)
    if existing is not None and existing != added:
        raise ControlError(f"{sobject.name}.{added.name} exists already and is another field")
    if existing is None:
        sobject.add(added)
        org.store.table(sobject.name).index(added)
    return f"{sobject.name}.{added.name}"


def _delete_field(org: Org, wanted: dict[str, Json]) -> str:
    """Delete a custom field; who adds it again finds its values, as after an undelete in Setup."""
    sobject, name = _object_named(org, wanted), str(wanted.get("name"))
    found = sobject.find(name)
    if found is None or not _NAME.fullmatch(found.name):
        raise ControlError(f"{sobject.name} has no custom field {name!r}")
    sobject.remove(found.name)
    return f"{sobject.name}.{found.name}"


def _field(org: Org, wanted: dict[str, Json]) -> Field:
    for key, value in wanted.items():
        if key not in _FIELD_KEYS or not isinstance(value, _FIELD_KEYS[key]):  # type: ignore[arg-type]
            raise ControlError(f"{key!r} with {value!r} is no property of a field; known: {', '.join(_FIELD_KEYS)}")
    name, kind = str(wanted.get("name")), str(wanted.get("type", "string"))
    if not _NAME.fullmatch(name):
        raise ControlError(f"{name!r} is no name of a custom field; it ends with __c")
    if kind not in TYPES or kind in ("id", "base64"):
        raise ControlError(f"{name}: there is no field type {kind!r}")
    refers_to = wanted.get("referenceTo", [])
    refers_to = (refers_to,) if isinstance(refers_to, str) else tuple(refers_to)
    if (kind == "reference") != bool(refers_to) or any(org.schema.find(str(each)) is None for each in refers_to):
        raise ControlError(f"{name}: a reference, and nothing else, names existing objects in `referenceTo`")
    on_delete = wanted.get("onDelete", "clear")
    if on_delete not in _DELETES:
        raise ControlError(f"{name}: `onDelete` is one of {', '.join(_DELETES)}")
    base = name.removesuffix("__c")
    default_length = 18 if kind == "reference" else _LENGTHS.get(kind, 255)
    return Field(
        name=name,
        type=kind,
        label=wanted.get("label", ""),
        length=wanted.get("length", default_length),
        precision=wanted.get("precision", 18),
        scale=wanted.get("scale", 2 if kind in NUMBER_TYPES else 0),
        required=wanted.get("required", False),
        default=wanted.get("default"),
        external_id=wanted.get("externalId", False),
        unique=wanted.get("unique", False),
        case_sensitive=wanted.get("caseSensitive", False),
        picklist=tuple(str(each) for each in wanted.get("picklist", [])),
        restricted=wanted.get("restricted", kind in ("picklist", "multipicklist") and "picklist" in wanted),
        refers_to=refers_to,
        relationship=(wanted.get("relationshipName") or f"{base}__r") if refers_to else None,
        children=wanted.get("childRelationshipName") if refers_to else None,
        on_delete=on_delete,
    )


def _app(org: Org, wanted: dict[str, Json]) -> str:
    """Change or add an External Client App; members that are not given keep their value."""
    known = {"consumerKey", "consumerSecret", "runAs", "certificate", "preauthorized"}
    key = wanted.get("consumerKey")
    if set(wanted) - known or not isinstance(key, str):
        raise ControlError(f"a connected app has `consumerKey` and may have {', '.join(sorted(known))}")
    app = org.access.apps.get(key) or ConnectedApp(key, "", run_as=None)
    if wanted.get("certificate"):
        try:
            public_key(str(wanted["certificate"]))
        except ValueError as error:
            raise ControlError(f"`certificate` is no PEM certificate or public key with an RSA key: {error}") from error
    app.consumer_secret = wanted.get("consumerSecret", app.consumer_secret)
    app.run_as = wanted.get("runAs", app.run_as)
    app.certificate = wanted.get("certificate", app.certificate)
    app.preauthorized = wanted.get("preauthorized", app.preauthorized)
    org.access.apps[key] = app
    return key


def _password(org: Org, wanted: dict[str, Json]) -> str:
    """Set the password (with security token) of a user who exists as a record."""
    username, password = wanted.get("username"), wanted.get("password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise ControlError("a user has the texts `username` and `password` (password followed by security token)")
    if not any(org.store.table("User").with_value("Username", username)):
        raise ControlError(f"there is no user {username!r}")
    org.access.passwords[username] = password
    return username
