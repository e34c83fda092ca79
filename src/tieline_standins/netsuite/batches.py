"""Collection requests: up to 100 records of one type in one request, always asynchronous (fact sheet section 4)."""

from collections.abc import Mapping

from tieline_standins.core.http import BadJsonError, Json, Request, Response
from tieline_standins.netsuite.errors import RefusalError, bad_parameter, malformed
from tieline_standins.netsuite.jobs import Work
from tieline_standins.netsuite.reading import show, view_of
from tieline_standins.netsuite.record_service import RECORD_TYPE, RecordService
from tieline_standins.netsuite.schema import RecordType

MAX_RECORDS = 100


def is_batch(request: Request) -> bool:
    """By content type for writes, by `ids` for reads and deletes."""
    if request.method in ("POST", "PATCH", "PUT"):
        return "type=collection" in request.headers.get("content-type", "")
    return bool(request.query_string) and request.param("ids") is not None


def works_of(request: Request, service: RecordService, type_name: str) -> list[Work]:
    """One task for each record. Raises RefusalError for a request that is not accepted at all."""
    record_type = service.record_type(type_name, "view" if request.method == "GET" else "full")
    if request.method in ("GET", "DELETE"):
        keys = (request.param("ids") or "").split(",")
        _check_count("ids", len(keys))
        return [_keyed_work(request, service, record_type, key.strip()) for key in keys]
    items = _items(request)
    return [_item_work(request, service, record_type, item) for item in items]


def _items(request: Request) -> list[dict[str, Json]]:
    try:
        body = request.json()
    except BadJsonError as error:
        raise malformed() from error
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise malformed("items")
    _check_count("items", len(items))
    return items


def _check_count(name: str, count: int) -> None:
    if not 1 <= count <= MAX_RECORDS:
        raise bad_parameter(name, f"A collection request takes 1 to {MAX_RECORDS} records, not {count}.")


def _item_work(request: Request, service: RecordService, record_type: RecordType, item: Mapping[str, Json]) -> Work:
    match request.method:
        case "POST":
            return lambda: service.create_from(request, record_type, item)
        case "PUT":
            return lambda: _upsert(request, service, record_type, item)
    return lambda: _update(request, service, record_type, item)


def _upsert(request: Request, service: RecordService, record_type: RecordType, item: Mapping[str, Json]) -> Response:
    external_id = item.get("externalId")
    if not isinstance(external_id, str) or not external_id:
        raise RefusalError("INVALID_REQUEST", "An upsert needs externalId in every item.", path="externalId")
    return service.upsert_from(request, record_type, external_id, item)


def _update(request: Request, service: RecordService, record_type: RecordType, item: Mapping[str, Json]) -> Response:
    key = str(item["id"]) if "id" in item else f"eid:{item.get('externalId', '')}"
    return service.update_from(request, service.find(record_type, key), item)


def _keyed_work(request: Request, service: RecordService, record_type: RecordType, key: str) -> Work:
    if request.method == "DELETE":
        return lambda: service.delete_found(request, service.find(record_type, key))
    return lambda: _read(request, service, record_type, key)


def _read(request: Request, service: RecordService, record_type: RecordType, key: str) -> Response:
    return Response(200, show(service.books, service.find(record_type, key), view_of(request)), [RECORD_TYPE])
