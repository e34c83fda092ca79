"""Lays a request body over a record: field by field, sublist lines merged by key (fact sheet section 4)."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from tieline_standins.core.http import Json, Request
from tieline_standins.netsuite.errors import RefusalError, bad_parameter, malformed
from tieline_standins.netsuite.schema import Field, Sublist
from tieline_standins.netsuite.store import Record, Values
from tieline_standins.netsuite.values import BadValueError, Parser

_MODES = ("error", "warning", "ignore")
# Read back in every record, so a client that sends them again is not mistaken.
_NOT_FIELDS = frozenset({"id", "externalId", "links", "refName", "customForm"})


@dataclass(slots=True)
class Strictness:
    """What the two validation headers ask for, and what was let pass: sent back as x-netsuite-propertyvalidation."""

    names: str = "warning"
    values: str = "error"
    warnings: list[str] = field(default_factory=list)

    def unknown_name(self, path: str) -> None:
        text = f"Unknown property name '{path}'."
        if self.names == "error":
            raise RefusalError("INVALID_CONTENT", f"Error while accessing a resource. {text}", path=path)
        if self.names == "warning":
            self.warnings.append(text)

    def bad_value(self, error: BadValueError, name: str, path: str) -> None:
        refusal = error.refusal(name, path)
        if self.values == "error":
            raise refusal from error
        if self.values == "warning":
            self.warnings.append(refusal.detail)


def strictness_of(request: Request) -> Strictness:
    return Strictness(
        names=_mode(request, "x-netsuite-propertynamevalidation", "warning"),
        values=_mode(request, "x-netsuite-propertyvaluevalidation", "error"),
    )


def _mode(request: Request, header: str, default: str) -> str:
    mode = request.headers.get(header)
    if mode is None:
        return default
    if mode.lower() not in _MODES:
        raise RefusalError("INVALID_PARAMETER", f"{header} is Error, Warning or Ignore.", header=header)
    return mode.lower()


def replaced_parts(request: Request, record: Record) -> frozenset[str]:
    """What `?replace=` names: sublists to empty before they are written; with `replaceSelectedFields=true` fields too,
    which are cleared unless the body sends them."""
    if not request.query_string:
        return frozenset()
    names = frozenset(filter(None, (request.param("replace") or "").split(",")))
    fields_too = (request.param("replaceSelectedFields") or "").lower() == "true"
    for name in sorted(names):
        if name not in record.type.sublists and not (fields_too and name in record.type.fields):
            raise bad_parameter("replace", f"Invalid query parameter value '{name}'.")
    return names


def lay_over(draft: Record, body: Json, parser: Parser, strictness: Strictness, replaced: Set[str]) -> None:
    """Change the draft as the body says. Omitted stays, null clears. Raises RefusalError."""
    if not isinstance(body, dict):
        raise malformed()
    fields, sublists = draft.type.fields, draft.type.sublists
    for name in replaced:
        draft.values.pop(name, None)
        draft.lines.pop(name, None)
    for name, value in body.items():
        known = fields.get(name)
        if known is not None:
            if not known.readonly:
                _set(draft.values, known, value, parser, strictness, name)
        elif name in sublists:
            _lay_lines(draft, sublists[name], value, parser, strictness)
        elif name not in _NOT_FIELDS:
            strictness.unknown_name(name)


def _set(values: Values, known: Field, value: Json, parser: Parser, strictness: Strictness, path: str) -> None:
    try:
        parsed = parser.parse(known, value)
    except BadValueError as error:
        strictness.bad_value(error, known.name, path)
        return
    if parsed is None:
        values.pop(known.name, None)
    else:
        values[known.name] = parsed


def _lay_lines(draft: Record, sublist: Sublist, value: Json, parser: Parser, strictness: Strictness) -> None:
    rows = value.get("items") if isinstance(value, dict) else None
    if value is None:
        rows = []
        draft.lines.pop(sublist.name, None)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise malformed(sublist.name)
    lines = draft.lines.get(sublist.name, [])
    by_key = {line[sublist.key]: line for line in lines if sublist.key in line}
    for index, row in enumerate(rows):
        path = f"{sublist.name}.items[{index}]"
        sent = _row(sublist, row, parser, strictness, path)
        line = by_key.get(sent.get(sublist.key))
        if line is None:
            line = {sublist.key: _next_key(lines, sublist)} if sublist.key in ("line", "id") else {}
            lines.append(line)
        _merge(line, sent)
        if sublist.key in line:
            by_key[line[sublist.key]] = line
    draft.lines[sublist.name] = lines


def _row(sublist: Sublist, row: Mapping[str, Json], parser: Parser, strictness: Strictness, path: str) -> Values:
    """The parsed cells of one line; a cell sent as null is kept as None, so that it clears the line's value."""
    sent: Values = {}
    for name, value in row.items():
        known = sublist.fields.get(name)
        if known is None:
            if name == "id" and sublist.key == "id" and isinstance(value, int | str):
                sent["id"] = int(value) if str(value).isdecimal() else value
            elif name not in _NOT_FIELDS:
                strictness.unknown_name(f"{path}.{name}")
        elif not known.readonly:
            cell: Values = {}
            _set(cell, known, value, parser, strictness, f"{path}.{name}")
            if name in cell or value is None:
                sent[name] = cell.get(name)
    return sent


def _merge(line: Values, sent: Values) -> None:
    """An amount follows quantity and rate, unless it is sent with them."""
    if "amount" not in sent and not sent.keys().isdisjoint(("quantity", "rate")) and "rate" in line | sent:
        line.pop("amount", None)
    if "amount" in sent and "rate" not in sent:
        line.pop("rate", None)
    for name, value in sent.items():
        if value is None:
            line.pop(name, None)
        elif isinstance(value, dict) and isinstance(line.get(name), dict):
            line[name] = {k: v for k, v in (line[name] | value).items() if v is not None}
        else:
            line[name] = value


def _next_key(lines: list[Values], sublist: Sublist) -> int:
    keys: list[Any] = [line.get(sublist.key) for line in lines]
    return max((key for key in keys if isinstance(key, int)), default=0) + 1
