"""`/composite/sobjects`: up to 200 records in one call; the answer is 200 with one result for each (section 5)."""

from collections.abc import Callable

from tieline_standins.core.http import Json
from tieline_standins.salesforce import dml
from tieline_standins.salesforce.api_error import ApiError, ManyMatchesError, bad_json
from tieline_standins.salesforce.call import Answer, Call, method_not_allowed
from tieline_standins.salesforce.ids import normal_id
from tieline_standins.salesforce.rest_rows import rendered
from tieline_standins.salesforce.schema import SObject

_MOST = 200
_ROLLED_BACK = "Record rolled back because not all records were valid and the request was using AllOrNone header"
_MEMBERS = frozenset({"allOrNone", "records"})


def collections(call: Call) -> Answer:
    """Everything below /composite/sobjects. Raises ApiError."""
    rest = call.target.segments[2:]
    if not rest:
        return _write(call)
    sobject = dml.find_object(call.work, rest[0])
    if len(rest) == 2 and call.method == "PATCH":
        return _upsert(call, sobject, rest[1])
    if len(rest) == 1 and call.method in ("GET", "POST"):
        return _read(call, sobject)
    raise method_not_allowed(call, "GET", "POST", "PATCH")


def _write(call: Call) -> Answer:
    if call.method == "DELETE":
        ids = (call.target.param("ids") or "").split(",")
        _limit(ids)
        return _each(call, ids, lambda each: _deleted(call, each), all_or_none=call.target.flag("allOrNone"))
    if call.method not in ("POST", "PATCH"):
        raise method_not_allowed(call, "POST", "PATCH", "DELETE")
    records, all_or_none = _records(call)
    save = _created if call.method == "POST" else _updated
    return _each(call, records, lambda each: save(call, each), all_or_none=all_or_none)


def _records(call: Call) -> tuple[list[Json], bool]:
    body = call.object_body(_MEMBERS)
    records = body.get("records")
    if not isinstance(records, list):
        raise bad_json("The member records must be a list")
    _limit(records)
    for each in records:
        # Members are read in order: the platform must know the type before it reads a field.
        if not isinstance(each, dict) or next(iter(each), None) not in ("attributes", "id", "Id", *_own_keys(call)):
            raise _attributes_first()
        if not isinstance(each.get("attributes"), dict):
            raise _attributes_first()
    return records, body.get("allOrNone") is True


def _own_keys(call: Call) -> tuple[str, ...]:
    """jsforce sends the key of an upsert before the attributes; the address already names the object there."""
    return call.target.segments[3:4]


def _attributes_first() -> ApiError:
    return bad_json("Nested object for polymorphic foreign key must have an attributes field before any other fields.")


def _limit(records: list[Json]) -> None:
    if len(records) > _MOST:
        message = f"record limit exceeded. expected up to {_MOST} records, received {len(records)}"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)


def _each(call: Call, items: list[Json], save: Callable[[Json], Json], *, all_or_none: bool) -> Answer:
    """Save one after another; with all_or_none one failure takes everything back."""
    work = call.work
    start, results, failed = work.mark(), [], False
    for each in items:
        mark = work.mark()
        try:
            results.append(save(each))
        except (ApiError, ManyMatchesError) as error:
            work.rollback(mark)
            failed = True
            results.append({"success": False, "errors": [_row_error(error)]})
    if failed and all_or_none:
        work.rollback(start)
        rolled_back = {"statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "message": _ROLLED_BACK, "fields": []}
        results = [
            {"success": False, "errors": [rolled_back]} if result["success"] else result for result in results
        ]  # fmt: skip
    return Answer(200, results)


def _row_error(error: ApiError | ManyMatchesError) -> Json:
    if isinstance(error, ApiError):
        return error.row()
    message = "External ID value has duplicate matches: " + ", ".join(each[:15] for each in error.ids)
    return {"statusCode": "DUPLICATE_VALUE", "message": message, "fields": []}


def _type_of(call: Call, record: Json) -> SObject:
    found = call.org.schema.find(str(record["attributes"].get("type")))
    if found is None:
        message = f"sObject type '{record['attributes'].get('type')}' is not supported."
        raise ApiError(400, "INVALID_TYPE", message)
    return found


def _fields(record: Json, *left_out: str) -> Json:
    return {name: value for name, value in record.items() if name.lower() not in ("attributes", *left_out)}


def _created(call: Call, record: Json) -> Json:
    record_id = dml.create(call.work, _type_of(call, record), _fields(record))
    return {"id": record_id, "success": True, "errors": []}


def _updated(call: Call, record: Json) -> Json:
    sobject = _type_of(call, record)
    record_id = record.get("id", record.get("Id"))
    if not record_id:
        raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call")
    row = _row(call, sobject, record_id)
    dml.update(call.work, sobject, row, _fields(record, "id"))
    return {"id": row, "success": True, "errors": []}


def _deleted(call: Call, record_id: str) -> Json:
    full = normal_id(record_id)
    sobject = call.org.schema.of_id(full) if full else None
    if full is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {record_id}")
    if sobject is None:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    dml.delete(call.work, sobject, _row(call, sobject, full))
    return {"id": full, "success": True, "errors": []}


def _row(call: Call, sobject: SObject, record_id: str) -> str:
    """The full id of a living record; in collections an unknown id is an invalid cross reference."""
    full = normal_id(record_id)
    if full is not None and full not in call.work.store.table(sobject.name).rows:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return str(dml.find_row(call.work, sobject, str(record_id))["Id"])


def _upsert(call: Call, sobject: SObject, name: str) -> Answer:
    key = dml.key_field(sobject, name)
    records, all_or_none = _records(call)

    def save(record: Json) -> Json:
        given = _fields(record, key.name.lower(), "id")
        value = next((value for each, value in record.items() if each.lower() == key.name.lower()), None)
        if value in (None, ""):
            raise ApiError(400, "MISSING_ARGUMENT", f"{key.name} not specified", [key.name])
        saved = dml.upsert(call.work, sobject, key, value, given)
        return {"id": saved.id, "success": True, "errors": [], "created": saved.created}

    return _each(call, records, save, all_or_none=all_or_none)


def _read(call: Call, sobject: SObject) -> Answer:
    """Several records by id; one that is not there is null in the answer."""
    if call.method == "POST":
        body = call.object_body(frozenset({"ids", "fields"}))
        ids, names = body.get("ids"), body.get("fields")
    else:
        ids, names = ((call.target.param(name) or "").split(",") for name in ("ids", "fields"))
    if not isinstance(ids, list) or not isinstance(names, list):
        raise bad_json("The members ids and fields must be lists")
    answer = []
    for each in ids:
        row = call.work.store.table(sobject.name).rows.get(normal_id(each) or "")
        answer.append(
            None if row is None or row["IsDeleted"] else rendered(call, sobject, row, [str(n) for n in names])
        )
    return Answer(200, answer)
