"""The record service: /services/rest/record/v1/{type}[/{id}|/eid:{externalId}] (fact sheet section 4)."""

from tieline_standins.core.http import BadJsonError, Json, Request, Response
from tieline_standins.core.ledger import Ledger
from tieline_standins.netsuite.auth import Gate
from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.drafting import Strictness, replaced_parts, strictness_of
from tieline_standins.netsuite.errors import RefusalError, malformed, no_such_record
from tieline_standins.netsuite.filters import compile_filter
from tieline_standins.netsuite.paging import list_response, page_of
from tieline_standins.netsuite.reading import RECORD_PATH, show, show_lines, view_of
from tieline_standins.netsuite.schema import RecordType
from tieline_standins.netsuite.store import Record
from tieline_standins.netsuite.transforms import transform
from tieline_standins.netsuite.values import record_id

RECORD_TYPE = ("content-type", "application/vnd.oracle.resource+json; type=singular")


class RecordService:
    """Answers requests about records. Every write that is kept leaves one ledger entry."""

    def __init__(self, books: Books, ledger: Ledger, gate: Gate) -> None:
        self.books = books
        self._ledger = ledger
        self._gate = gate
        self._last_filter: tuple[object, list[int]] | None = None

    def record_type(self, name: str, level: str) -> RecordType:
        """Raises RefusalError for a type that does not exist or that the role may not use."""
        found = self.books.schema.records.get(name)
        if found is None:
            raise RefusalError("NONEXISTENT_ID", f"Record type '{name[:50]}' does not exist.", status=404)
        self._gate.allow(name, level)
        return found

    def find(self, record_type: RecordType, key: str) -> Record:
        """`key` is an internal id or `eid:` with an external id. Raises RefusalError."""
        record = self.look_up(record_type, key)
        if record is None:
            raise no_such_record()
        return record

    def look_up(self, record_type: RecordType, key: str) -> Record | None:
        if key.startswith("eid:"):
            return self.books.store.by_external_id(record_type.name, key[4:])
        number = record_id(key)
        return self.books.store.get(record_type.name, number) if number is not None else None

    def create(self, request: Request, name: str) -> Response:
        record_type = self.record_type(name, "full")
        return self.create_from(request, record_type, _json(request))

    def create_from(self, request: Request, record_type: RecordType, body: Json) -> Response:
        strictness = strictness_of(request)
        record = self.books.create(record_type.name, body, strictness)
        return self._written(request, record, "create", body, strictness)

    def update(self, request: Request, name: str, key: str) -> Response:
        record = self.find(self.record_type(name, "full"), key)
        return self.update_from(request, record, _json(request))

    def update_from(self, request: Request, record: Record, body: Json) -> Response:
        strictness = strictness_of(request)
        changed = self.books.update(record, body, strictness, replaced_parts(request, record))
        return self._written(request, changed, "update", body, strictness)

    def upsert(self, request: Request, name: str, key: str) -> Response:
        """PUT is allowed with an external id only."""
        record_type = self.record_type(name, "full")
        if not key.startswith("eid:") or not key[4:]:
            text = "The PUT method is supported only with an external ID: use eid: and the external ID in the path."
            raise RefusalError("INVALID_REQUEST", text)
        return self.upsert_from(request, record_type, key[4:], _json(request))

    def upsert_from(self, request: Request, record_type: RecordType, external_id: str, body: Json) -> Response:
        strictness = strictness_of(request)
        record = self.books.store.by_external_id(record_type.name, external_id)
        if record is None:
            record = self.books.create(record_type.name, body, strictness, external_id)
        else:
            record = self.books.update(record, body, strictness, replaced_parts(request, record))
        return self._written(request, record, "upsert", body, strictness)

    def delete(self, request: Request, name: str, key: str) -> Response:
        return self.delete_found(request, self.find(self.record_type(name, "full"), key))

    def delete_found(self, request: Request, record: Record) -> Response:
        self.books.delete(record)
        operation = f"{record.type.name}.delete"
        self._ledger.commit(request, operation, str(record.id), None, external_key=record.external_id)
        return Response(204)

    def transform(self, request: Request, name: str, key: str, target: str) -> Response:
        source = self.find(self.record_type(name, "view"), key)
        self.record_type(target, "full")
        body = _json(request) if request.body.strip() else {}
        strictness = strictness_of(request)
        made = transform(self.books, source, target, body, strictness)
        return self._written(request, made, "transform", body, strictness)

    def read(self, request: Request, name: str, key: str) -> Response:
        record = self.find(self.record_type(name, "view"), key)
        return Response(200, show(self.books, record, view_of(request)), [RECORD_TYPE])

    def read_sublist(self, request: Request, name: str, key: str, sublist_name: str) -> Response:
        record = self.find(self.record_type(name, "view"), key)
        sublist = record.type.sublists.get(sublist_name)
        if sublist is None:
            raise no_such_record()
        return Response(200, show_lines(self.books, record, sublist, view_of(request)), [RECORD_TYPE])

    def list_ids(self, request: Request, name: str) -> Response:
        """Ids only; `q` filters."""
        record_type = self.record_type(name, "view")
        page = page_of(request)
        numbers = self._matching(record_type, request.param("q"))
        here = f"{request.base_url}{RECORD_PATH}/{name}"
        items = [{"links": [{"rel": "self", "href": f"{here}/{n}"}], "id": str(n)} for n in page.of(numbers)]
        return list_response(request, page, len(numbers), items)

    def _matching(self, record_type: RecordType, q: str | None) -> list[int]:
        """The ids a filter finds; paging through one result works it out once, until something is written."""
        key = (record_type.name, q, self.books.store.version, self.books.today())
        if self._last_filter is None or self._last_filter[0] != key:
            records = self.books.store.all(record_type.name)
            if q:
                test = compile_filter(self.books, record_type, q)
                records = [record for record in records if test(record)]
            self._last_filter = (key, [record.id for record in records])
        return self._last_filter[1]

    def _written(self, request: Request, record: Record, verb: str, body: Json, strictness: Strictness) -> Response:
        entry = self._ledger.commit(
            request, f"{record.type.name}.{verb}", str(record.id), body, external_key=record.external_id
        )
        location = f"{request.base_url}{RECORD_PATH}/{record.type.name}/{record.id}"
        headers = [("location", location), ("x-n-operationid", f"{entry.n:08x}-0000-4000-8000-000000000000")]
        if strictness.warnings:
            headers.append(("x-netsuite-propertyvalidation", _header_text(strictness.warnings)))
        return Response(204, headers=headers)


def _json(request: Request) -> Json:
    try:
        return request.json()
    except BadJsonError as error:
        raise malformed() from error


def _header_text(warnings: list[str]) -> str:
    text = " ".join(warnings)[:1000]
    return text.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
