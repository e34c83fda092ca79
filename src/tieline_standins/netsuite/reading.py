"""A record as GET shows it: references with refName, enums, sublists closed or expanded (fact sheet section 4)."""

from dataclasses import dataclass
from typing import Any

from tieline_standins.core.http import Json, Request
from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.errors import bad_parameter
from tieline_standins.netsuite.schema import Field, Sublist
from tieline_standins.netsuite.store import Record, Values
from tieline_standins.netsuite.values import hours_text

RECORD_PATH = "/services/rest/record/v1"


@dataclass(frozen=True, slots=True)
class View:
    """What the query of a GET asks for."""

    base: str
    expand: bool = False
    fields: frozenset[str] | None = None
    simple_enums: bool = False


def view_of(request: Request) -> View:
    if not request.query_string:
        return View(request.base_url + RECORD_PATH)
    fields = request.param("fields")
    return View(
        base=request.base_url + RECORD_PATH,
        expand=_flag(request, "expandSubResources"),
        fields=frozenset(fields.split(",")) if fields else None,
        simple_enums=_flag(request, "simpleEnumFormat"),
    )


def _flag(request: Request, name: str) -> bool:
    value = (request.param(name) or "false").lower()
    if value not in ("true", "false"):
        raise bad_parameter(name, f"Invalid query parameter value '{value}'.")
    return value == "true"


def show(books: Books, record: Record, view: View) -> Json:
    """The record as JSON."""
    here = f"{view.base}/{record.type.name}/{record.id}"
    wanted = view.fields
    shown: dict[str, Json] = {"links": [{"rel": "self", "href": here}], "id": str(record.id)}
    if record.external_id is not None:
        shown["externalId"] = record.external_id
    values = books.shown(record)
    for name, field in record.type.fields.items():
        if wanted is not None and name not in wanted:
            continue
        value = _stamp_of(record, name) or values.get(name)
        if value is not None:
            shown[name] = _cell(books, field, value, view, here)
    for name, sublist in record.type.sublists.items():
        if wanted is None or name in wanted:
            shown[name] = show_lines(books, record, sublist, view) if view.expand else _closed(f"{here}/{name}")
    return shown


def _stamp_of(record: Record, name: str) -> str | None:
    if name == "lastModifiedDate":
        return record.modified
    return record.created if name in ("createdDate", "dateCreated") else None


def show_lines(books: Books, record: Record, sublist: Sublist, view: View) -> Json:
    """A sublist with its lines."""
    here = f"{view.base}/{record.type.name}/{record.id}/{sublist.name}"
    lines = record.lines.get(sublist.name, [])
    items = [_line(books, sublist, line, view, here) for line in lines]
    count = len(items)
    links = [{"rel": "self", "href": here}]
    return {"links": links, "count": count, "hasMore": False, "items": items, "offset": 0, "totalResults": count}


def _line(books: Books, sublist: Sublist, line: Values, view: View, here: str) -> Json:
    key = line.get(sublist.key, "")
    at = f"{here}/{key}"
    shown: dict[str, Json] = {"links": [{"rel": "self", "href": at}]}
    if sublist.key == "id":
        shown["id"] = key
    for name, field in sublist.fields.items():
        if name in line:
            shown[name] = _cell(books, field, line[name], view, at)
    return shown


def _closed(href: str) -> Json:
    return {"links": [{"rel": "self", "href": href}]}


def _cell(books: Books, field: Field, value: Any, view: View, here: str) -> Json:
    match field.kind:
        case "ref":
            return _reference(books, field, value, view)
        case "enum":
            return value if view.simple_enums else {"id": value, "refName": field.choices.get(value, value)}
        case "duration":
            return hours_text(value, books.settings)
        case "sub":
            return _subrecord(books, field, value, view, here)
    return value


def _reference(books: Books, field: Field, value: int, view: View) -> Json:
    target = books.store.find(field.targets, value)
    if target is None:  # what it named was deleted since
        return {"links": [], "id": str(value)}
    href = f"{view.base}/{target.type.name}/{target.id}"
    return {"links": [{"rel": "self", "href": href}], "id": str(value), "refName": target.name}


def _subrecord(books: Books, field: Field, value: Values, view: View, here: str) -> Json:
    at = f"{here}/{field.name}"
    if not view.expand:
        return _closed(at)
    parts = {name: _cell(books, field.parts[name], part, view, at) for name, part in value.items() if part is not None}
    return {"links": [{"rel": "self", "href": at}], **parts}
