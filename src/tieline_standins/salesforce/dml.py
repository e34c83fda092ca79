"""Create, update, upsert, delete, undelete and merge of records, with the checks the platform makes."""

from collections.abc import Container
from dataclasses import dataclass

from tieline_standins.core.http import Json
from tieline_standins.salesforce.api_error import ApiError, ManyMatchesError, bad_json, not_found
from tieline_standins.salesforce.duplicate_rule import check_duplicate
from tieline_standins.salesforce.ids import normal_id
from tieline_standins.salesforce.rules import after_save, before_save
from tieline_standins.salesforce.schema import Field, SObject
from tieline_standins.salesforce.store import Row, Table, index_key
from tieline_standins.salesforce.transaction import Transaction
from tieline_standins.salesforce.values import accept, label


@dataclass(frozen=True, slots=True)
class Saved:
    """What an upsert did."""

    id: str
    created: bool


def find_object(work: Transaction, name: str) -> SObject:
    """The object of a path or of `attributes.type`. Raises ApiError."""
    found = work.org.schema.find(name)
    if found is None:
        raise not_found()
    return found


def find_row(work: Transaction, sobject: SObject, record_id: str) -> Row:
    """The living row of an id in any form. Raises ApiError."""
    full = normal_id(record_id)
    if full is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {record_id}", ["Id"])
    row = work.store.table(sobject.name).rows.get(full)
    if row is None:
        raise not_found()
    if row["IsDeleted"]:
        raise entity_is_deleted(work)
    return row


def entity_is_deleted(work: Transaction) -> ApiError:
    return ApiError(work.org.settings.deleted_status, "ENTITY_IS_DELETED", "entity is deleted", [])


def create(work: Transaction, sobject: SObject, body: Json) -> str:
    """Make a record; returns its id. Raises ApiError."""
    _writable(sobject)
    given = _accept_body(work, sobject, body, creating=True)
    return _insert(work, sobject, given, body)


def update(work: Transaction, sobject: SObject, record_id: str, body: Json) -> None:
    """Change the given fields of a record. Raises ApiError."""
    _writable(sobject)
    before = find_row(work, sobject, record_id)
    given = _accept_body(work, sobject, body, creating=False)
    _change(work, sobject, before, given, body)


def upsert(
    work: Transaction, sobject: SObject, key: Field, value: Json, body: Json, *, update_only: bool = False
) -> Saved:
    """Change the one living record that carries the key, or make it. Raises ApiError, ManyMatchesError."""
    _writable(sobject)
    found = by_key(work, sobject, key, value)
    if len(found) > 1:
        raise ManyMatchesError(sobject.name, [row["Id"] for row in found])
    given = _accept_body(work, sobject, body, creating=not found)
    if found:
        _change(work, sobject, found[0], given, body)
        return Saved(found[0]["Id"], created=False)
    if update_only or key.name == "Id":
        raise not_found()
    given[key.name] = accept(key, value)
    return Saved(_insert(work, sobject, given, body), created=True)


def key_field(sobject: SObject, name: str) -> Field:
    """A field that may serve as upsert key. Raises ApiError."""
    found = sobject.find(name)
    if found is None or not found.key:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return found


def by_key(work: Transaction, sobject: SObject, key: Field, value: Json) -> list[Row]:
    """Living records with this key."""
    if key.name == "Id":
        return [find_row(work, sobject, str(value))]
    return list(work.store.table(sobject.name).with_value(key.name, accept(key, value)))


def delete(work: Transaction, sobject: SObject, record_id: str) -> None:
    """Put a record into the recycle bin, with its details. Raises ApiError."""
    if not sobject.deletable:
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", f"entity type {sobject.name} does not support delete")
    row = find_row(work, sobject, record_id)
    _remove(work, sobject, row)
    work.written(f"{sobject.name}.delete", row, None, _external_key(sobject, row))


def undelete(work: Transaction, record_id: str) -> None:
    """Take a record out of the recycle bin (an administrator does this; the REST API cannot)."""
    full = normal_id(record_id) or ""
    sobject, row = work.org.schema.of_id(full), work.store.find(full)
    if sobject is None or row is None or not row["IsDeleted"]:
        raise not_found()
    work.put(work.store.table(sobject.name), "UNDELETE", {**row, "IsDeleted": False, **work.touched()})
    work.written(f"{sobject.name}.undelete", row, None, _external_key(sobject, row))


def merge(work: Transaction, master_id: str, merged_ids: list[str]) -> None:
    """Merge accounts or contacts as a user does: the others are deleted, their children move to the master."""
    sobject = work.org.schema.of_id(normal_id(master_id) or "")
    if sobject is None or sobject.name not in ("Account", "Contact"):
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", "only accounts and contacts can be merged")
    master = find_row(work, sobject, master_id)
    for merged_id in merged_ids:
        row = find_row(work, sobject, merged_id)
        for child, reference in work.org.schema.children(sobject.name):
            table = work.store.table(child.name)
            for each in list(table.with_value(reference.name, row["Id"])):
                work.put(table, "UPDATE", {**each, reference.name: master["Id"], **work.touched()})
        gone = {**row, "IsDeleted": True, **work.touched()}
        if "MasterRecordId" in sobject.fields:
            gone["MasterRecordId"] = master["Id"]
        work.put(work.store.table(sobject.name), "DELETE", gone)
        work.written(f"{sobject.name}.merge", row, {"master": master["Id"]}, _external_key(sobject, row))


def _insert(work: Transaction, sobject: SObject, given: Row, body: Json) -> str:
    table = work.store.table(sobject.name)
    row: Row = {
        name: False if each.type == "boolean" and each.default is None else each.default
        for name, each in sobject.fields.items()
    }
    row.update(given)
    row["Id"] = work.store.new_id(sobject)
    row.update(work.touched(), CreatedDate=work.stamp, CreatedById=work.user, IsDeleted=False)
    if "OwnerId" in sobject.fields and row["OwnerId"] is None:
        row["OwnerId"] = work.user
    before_save(work, sobject, None, row, given)
    _require(sobject, row, sobject.fields)
    _check_unique(table, row)
    check_duplicate(work, table, row)
    work.put(table, "CREATE", row)
    after_save(work, sobject, None, row)
    work.written(f"{sobject.name}.create", row, body, _external_key(sobject, row))
    return str(row["Id"])


def _change(work: Transaction, sobject: SObject, before: Row, given: Row, body: Json) -> None:
    table = work.store.table(sobject.name)
    row = {**before, **given, **work.touched()}
    before_save(work, sobject, before, row, given)
    _require(sobject, row, given)
    _check_unique(table, row)
    work.put(table, "UPDATE", row)
    after_save(work, sobject, before, row)
    work.written(f"{sobject.name}.update", row, body, _external_key(sobject, row))


def _remove(work: Transaction, sobject: SObject, row: Row) -> None:
    """Delete a row: its details go with it, look-ups to it are cleared, a protected use refuses."""
    current = work.store.table(sobject.name).rows[row["Id"]]
    if current["IsDeleted"]:
        return
    work.put(work.store.table(sobject.name), "DELETE", {**current, "IsDeleted": True, **work.touched()})
    for child, reference in work.org.schema.children(sobject.name):
        table = work.store.table(child.name)
        for each in list(table.with_value(reference.name, row["Id"])):
            if reference.on_delete == "cascade":
                _remove(work, child, each)
            elif reference.on_delete == "restrict":
                message = f"Your attempt to delete {row.get('Name') or row['Id']} could not be completed because it is "
                raise ApiError(400, "DELETE_FAILED", message + f"associated with the following {child.plural}", [])
            else:
                work.put(table, "UPDATE", {**each, reference.name: None, **work.touched()})
    after_save(work, sobject, row, None)


def _accept_body(work: Transaction, sobject: SObject, body: Json, *, creating: bool) -> Row:
    """The stored values of what a caller sent. Raises ApiError for the first field that is wrong."""
    if not isinstance(body, dict):
        raise bad_json("The HTTP entity body must be a JSON object")
    given: Row = {}
    refused: list[str] = []
    for name, value in body.items():
        if name == "attributes":
            continue
        found = sobject.find(name)
        if found is None:
            reference, target = _by_relationship(work, sobject, name, value)
            given[reference.name] = target
            continue
        if found.name == "Id":
            raise ApiError(
                400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", ["Id"]
            )  # fmt: skip
        if found.read_only or (found.create_only and not creating):
            refused.append(found.name)
            continue
        given[found.name] = accept(found, value)
        if found.type == "reference" and given[found.name] is not None:
            given[found.name] = _reference(work, found, given[found.name])
    if refused:
        raise ApiError(
            400,
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(refused)}. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set.",
            refused,
        )
    return given


def _reference(work: Transaction, field: Field, value: str) -> str:
    full = normal_id(value)
    target = work.org.schema.of_id(full) if full else None
    if full is None or (target is not None and target.name not in field.refers_to):
        message = f"{label(field)}: id value of incorrect type: {value}"
        raise ApiError(400, "MALFORMED_ID" if full is None else "FIELD_INTEGRITY_EXCEPTION", message, [field.name])
    row = work.store.find(full)
    if row is None:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
    if row["IsDeleted"]:
        raise ApiError(400, "ENTITY_IS_DELETED", "entity is deleted", [field.name])
    return full


def _by_relationship(work: Transaction, sobject: SObject, name: str, value: Json) -> tuple[Field, str | None]:
    """`"Account": {"Ext_Id__c": "E1"}` sets AccountId to the record with that key."""
    reference = sobject.parent(name)
    if reference is None or reference.read_only:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
    if value is None:
        return reference, None
    parent = work.org.schema.find(reference.refers_to[0])
    keys = [each for each in value if each != "attributes"] if isinstance(value, dict) else []
    if len(keys) != 1 or parent is None:
        raise bad_json(f"The relationship {name} takes an object with exactly one external id field")
    key = parent.find(keys[0])
    if key is None or not key.key:
        message = f"Field name provided, {keys[0]} is not an External ID or indexed field for {parent.name}"
        raise ApiError(400, "INVALID_FIELD", message, [])
    found = by_key(work, parent, key, value[keys[0]])
    if len(found) != 1:
        told = "not found" if not found else "matches more than one record"
        message = f"Foreign key external ID: {value[keys[0]]} {told} for field {key.name} in entity {parent.name}"
        raise ApiError(400, "INVALID_FIELD", message, [])
    return reference, str(found[0]["Id"])


def _writable(sobject: SObject) -> None:
    if not sobject.writable:
        raise ApiError(
            400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {sobject.label}", []
        )


def _require(sobject: SObject, row: Row, names: Container[str]) -> None:
    missing = [name for name, each in sobject.fields.items() if each.required and row[name] is None and name in names]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise ApiError(400, "REQUIRED_FIELD_MISSING", message, missing)


def _check_unique(table: Table, row: Row) -> None:
    for name, each in table.sobject.fields.items():
        if not each.unique or row.get(name) is None:
            continue
        for other in table.with_value(name, index_key(each, row[name])):
            if other["Id"] != row["Id"]:
                message = f"duplicate value found: {name} duplicates value on record with id: {other['Id'][:15]}"
                raise ApiError(400, "DUPLICATE_VALUE", message, [])


def _external_key(sobject: SObject, row: Row) -> str | None:
    """The first external id the record carries."""
    for name, each in sobject.fields.items():
        if each.external_id and row.get(name) is not None:
            return str(row[name])
    return None
