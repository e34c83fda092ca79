"""`/sobjects/…`: single records, descriptions and the windows of changed and deleted records (fact sheet section 3)."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from tieline_standins.core.http import Json
from tieline_standins.salesforce import dml
from tieline_standins.salesforce.api_error import ApiError, ManyMatchesError, not_found
from tieline_standins.salesforce.call import ROOT, Answer, Call, method_not_allowed
from tieline_standins.salesforce.describe import describe_global, describe_object, object_summary
from tieline_standins.salesforce.schema import SObject
from tieline_standins.salesforce.store import Row
from tieline_standins.salesforce.values import as_text

_WINDOW = timedelta(days=30)


def sobjects(call: Call) -> Answer:
    """Everything below /sobjects. Raises ApiError, ManyMatchesError."""
    rest = call.target.segments[1:]
    if not rest:
        return _described(call, describe_global(call.org, call.version))
    sobject = dml.find_object(call.work, rest[0])
    if len(rest) == 1:
        return _collection(call, sobject)
    if len(rest) == 2:
        return _one(call, sobject, rest[1])
    if len(rest) == 3 and (key := sobject.find(rest[1])) is not None and key.name != "Id":
        return _by_key(call, sobject, rest[1], rest[2])
    if len(rest) == 3 and rest[1].lower() == "id":
        return _by_id(call, sobject, rest[2])
    if len(rest) == 3:
        return _file(call, sobject, rest[1], rest[2])
    raise not_found()


def _collection(call: Call, sobject: SObject) -> Answer:
    if call.method == "POST":
        return _created(call, sobject)
    if call.method != "GET":
        raise method_not_allowed(call, "GET", "POST")
    return Answer(200, {"objectDescribe": object_summary(call.org, sobject, call.version), "recentItems": []})


def _one(call: Call, sobject: SObject, name: str) -> Answer:
    if name == "describe" and call.method == "GET":
        return _described(call, describe_object(call.org, sobject, call.version))
    if name in ("updated", "deleted") and call.method == "GET":
        return _window(call, sobject, deleted=name == "deleted")
    if name.lower() == "id" and call.method == "POST":
        return _created(call, sobject)
    return _by_id(call, sobject, name)


def _by_id(call: Call, sobject: SObject, record_id: str) -> Answer:
    match call.method:
        case "GET" | "HEAD":
            return _read(call, sobject, dml.find_row(call.work, sobject, record_id))
        case "PATCH":
            dml.update(call.work, sobject, record_id, call.body)
            return Answer(204)
        case "DELETE":
            dml.delete(call.work, sobject, record_id)
            return Answer(204)
    raise method_not_allowed(call, "GET", "PATCH", "DELETE", "HEAD")


def _by_key(call: Call, sobject: SObject, name: str, value: str) -> Answer:
    key = dml.key_field(sobject, name)
    if call.method == "PATCH":
        body = call.object_body()
        if any(each.lower() == key.name.lower() for each in body):
            message = f"The {key.name} field should not be specified in the sobject data."
            raise ApiError(400, "INVALID_FIELD", message, [key.name])
        saved = dml.upsert(call.work, sobject, key, value, body, update_only=call.target.flag("updateOnly"))
        return upsert_answer(call, sobject, saved)
    found = dml.by_key(call.work, sobject, key, value)
    if not found:
        raise not_found()
    if len(found) > 1:
        raise ManyMatchesError(sobject.name, [row["Id"] for row in found])
    return _by_id(call, sobject, found[0]["Id"])


def upsert_answer(call: Call, sobject: SObject, saved: dml.Saved) -> Answer:
    """201 when created; an update answers a body only since version 46."""
    if not saved.created and float(call.version) < 46:
        return Answer(204)
    body = {"id": saved.id, "success": True, "errors": [], "created": saved.created}
    location = (("Location", call.url(sobject.name, saved.id)),) if saved.created else ()
    return Answer(201 if saved.created else 200, body, location)


def _created(call: Call, sobject: SObject) -> Answer:
    record_id = dml.create(call.work, sobject, call.body)
    body = {"id": record_id, "success": True, "errors": []}
    return Answer(201, body, (("Location", call.url(sobject.name, record_id)),))


def _read(call: Call, sobject: SObject, row: Row) -> Answer:
    modified = datetime.fromisoformat(row["SystemModstamp"])
    if _unchanged_since(call, modified):
        return Answer(304)
    chosen = call.target.param("fields")
    names = [name.strip() for name in chosen.split(",")] if chosen else list(sobject.fields)
    return Answer(200, rendered(call, sobject, row, names), (("Last-Modified", _http_date(modified)),))


def rendered(call: Call, sobject: SObject, row: Row, names: list[str]) -> Json:
    """A record as a read answers it; the content of a file is answered as its address."""
    answer: dict[str, Json] = {"attributes": {"type": sobject.name, "url": call.url(sobject.name, row["Id"])}}
    for name in names:
        found = sobject.find(name)
        if found is None:
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
        value = row.get(found.name)
        if found.type == "base64" and value is not None:
            value = f"{call.url(sobject.name, row['Id'])}/{found.name}"
        answer[found.name] = value
    return answer


def _file(call: Call, sobject: SObject, record_id: str, name: str) -> Answer:
    found = sobject.find(name)
    if found is None:
        message = f"Provided external ID field does not exist or is not accessible: {record_id}"
        raise not_found(message)
    row = dml.find_row(call.work, sobject, record_id)
    if found.type != "base64" or row.get(found.name) is None:
        raise not_found()
    return Answer(200, b64decode(row[found.name]), (("Content-Type", "application/octetstream"),))


def _described(call: Call, body: Json) -> Answer:
    modified = call.org.schema_changed
    if _unchanged_since(call, modified):
        return Answer(304)
    return Answer(200, body, (("Last-Modified", _http_date(modified)),))


def _unchanged_since(call: Call, modified: datetime) -> bool:
    header = call.headers.get("if-modified-since")
    try:
        return header is not None and modified.replace(microsecond=0) <= parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return False


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _window(call: Call, sobject: SObject, *, deleted: bool) -> Answer:
    """Ids changed (or deleted) between two instants; seconds are dropped, as replication works by the minute [K]."""
    start, end = (_instant(call, name).replace(second=0, microsecond=0) for name in ("start", "end"))
    now = call.org.stamp()
    if end <= start:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    if now - start > _WINDOW:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
    first, last = as_text(start), as_text(end)
    table = call.work.store.table(sobject.name)
    rows = [row for row in table.rows.values() if row["IsDeleted"] is deleted and first <= row["SystemModstamp"] < last]
    covered = as_text(min(end, now))
    if not deleted:
        return Answer(200, {"ids": [row["Id"] for row in rows], "latestDateCovered": covered})
    records = [{"id": row["Id"], "deletedDate": row["SystemModstamp"]} for row in rows]
    earliest = as_text(now - _WINDOW)
    return Answer(200, {"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": covered})


def _instant(call: Call, name: str) -> datetime:
    text = call.target.param(name)
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError as error:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name} is not a date-time: {text}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def many_matches(call: Call, error: ManyMatchesError) -> Answer:
    return Answer(300, [call.url(error.kind, each) for each in error.ids])


def versions(newest: int, oldest: int) -> Json:
    """The list of versions alive, as `GET /services/data` answers it without a token."""
    seasons = ("Spring", "Summer", "Winter")
    listed = []
    for number in range(oldest, newest + 1):
        # v66 is Spring '26, v67 Summer '26, v68 Winter '27: three releases a year
        year, season = divmod(number - 66, 3)
        label = f"{seasons[season]} '{(26 + year + (season == 2)) % 100:02}"
        listed.append({"label": label, "url": f"{ROOT}v{number}.0", "version": f"{number}.0"})
    return listed
