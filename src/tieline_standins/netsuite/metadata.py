"""The metadata catalog: JSON schema of every record type, custom fields included (fact sheet section 1)."""

from tieline_standins.core.http import Json, Request, Response
from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.errors import RefusalError, bad_parameter
from tieline_standins.netsuite.reading import RECORD_PATH
from tieline_standins.netsuite.schema import Field, RecordType

CATALOG = f"{RECORD_PATH}/metadata-catalog"
_JSON_SCHEMA = "application/schema+json"
_OPENAPI = "application/swagger+json"
_TYPES: dict[str, dict[str, Json]] = {
    "string": {"type": "string"},
    "text": {"type": "string"},
    "any": {"type": "object", "x-ns-type": "nsResource"},
    "integer": {"type": "integer", "format": "int64"},
    "number": {"type": "number", "format": "double"},
    "currency": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "duration": {"type": "string"},
}
_UNFILTERABLE = ("sub", "any")


def answer(books: Books, request: Request, name: str | None) -> Response:
    """The list of types, or the schema of one or of those in `select`. Raises RefusalError."""
    wanted = [name] if name else [part for part in (request.param("select") or "").split(",") if part]
    for one in wanted:
        if one not in books.schema.records:
            if name is None:
                raise bad_parameter("select", f"Invalid query parameter value '{one[:50]}'.")
            raise RefusalError("NONEXISTENT_ID", f"Record type '{one[:50]}' does not exist.", status=404)
    accept = request.headers.get("accept", "")
    types = [books.schema.records[one] for one in wanted or books.schema.records]
    if _OPENAPI in accept:
        return Response(200, _openapi(request, types), [("content-type", _OPENAPI)])
    if name is not None:
        return Response(200, _schema(types[0]), [("content-type", _JSON_SCHEMA)])
    if _JSON_SCHEMA in accept and wanted:
        return Response(200, {"items": [_schema(one) for one in types]}, [("content-type", _JSON_SCHEMA)])
    return Response(200, {"items": [_entry(request, one) for one in types]})


def _entry(request: Request, record_type: RecordType) -> Json:
    here = f"{request.base_url}{CATALOG}/{record_type.name}"
    links = [
        {"rel": "canonical", "href": here, "mediaType": "application/json"},
        {"rel": "alternate", "href": here, "mediaType": _OPENAPI},
        {"rel": "alternate", "href": here, "mediaType": _JSON_SCHEMA},
    ]
    return {"name": record_type.name, "links": links}


def _schema(record_type: RecordType) -> Json:
    properties = {
        "id": {"title": "Internal ID", "type": "string", "nullable": True, "x-ns-filterable": True},
        "externalId": {"title": "External ID", "type": "string", "nullable": True, "x-ns-filterable": True},
        "refName": {"title": "Reference Name", "type": "string", "nullable": True},
    }
    properties |= {name: _property(known) for name, known in record_type.fields.items()}
    for name, sublist in record_type.sublists.items():
        line = {"type": "object", "properties": {key: _property(known) for key, known in sublist.fields.items()}}
        properties[name] = {
            "title": name,
            "type": "object",
            "properties": {"items": {"type": "array", "items": line}, "totalResults": {"type": "integer"}},
        }
    return {"type": "object", "title": record_type.label, "properties": properties, "x-ns-filterable": True}


def _property(known: Field) -> Json:
    made: dict[str, Json] = {"title": known.label, "nullable": True}
    match known.kind:
        case "ref":
            made |= {"type": "object", "x-ns-type": "nsResource"}
            made["properties"] = {name: {"type": "string"} for name in ("id", "externalId", "refName")}
        case "enum":
            made |= {"type": "object", "properties": {"id": {"type": "string", "enum": list(known.choices)}}}
            made["properties"]["refName"] = {"type": "string"}
        case "sub":
            parts = {name: _property(part) for name, part in known.parts.items()}
            made |= {"type": "object", "properties": parts}
        case _:
            made |= _TYPES[known.kind]
    if known.kind not in _UNFILTERABLE:
        made["x-ns-filterable"] = True
    if known.readonly:
        made["readOnly"] = True
    if known.custom:
        made["x-ns-custom-field"] = True
    return made


def _openapi(request: Request, types: list[RecordType]) -> Json:
    paths: dict[str, Json] = {}
    for record_type in types:
        done = {"204": {"description": "No content"}}
        paths[f"/{record_type.name}"] = {
            "get": {"responses": {"200": {"description": "List of records"}}},
            "post": {"responses": done},
        }
        paths[f"/{record_type.name}/{{id}}"] = {
            "get": {"responses": {"200": {"description": "Record"}}},
            **{method: {"responses": done} for method in ("patch", "put", "delete")},
        }
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "servers": [{"url": f"{request.base_url}{RECORD_PATH}"}],
        "paths": paths,
        "components": {"schemas": {record_type.name: _schema(record_type) for record_type in types}},
    }
