"""Turns the conditions of a query into Python functions over rows."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tieline_standins.core.http import Json
from tieline_standins.salesforce.api_error import ApiError
from tieline_standins.salesforce.ids import normal_id
from tieline_standins.salesforce.schema import NUMBER_TYPES, Field, SObject
from tieline_standins.salesforce.soql.dates import date_range
from tieline_standins.salesforce.soql.lexer import query_error
from tieline_standins.salesforce.soql.syntax import Comparison, Condition, Literal, Logic, Membership, Path, Query
from tieline_standins.salesforce.store import Row, Store
from tieline_standins.salesforce.values import as_text

Test = Callable[[Row], bool]
Getter = Callable[[Row], Json]


@dataclass(frozen=True)
class Scope:
    """Where names of one query mean something; `values_of` runs a sub-query for IN."""

    text: str
    store: Store
    sobject: SObject
    alias: str | None
    now: datetime
    values_of: Callable[[Query], set[Json]]

    def resolve(self, path: Path) -> tuple[Field, Getter, tuple[str, ...]]:
        """The field behind a path, how to read it from a row, and its canonical name parts. Raises ApiError."""
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() in (self.sobject.name.lower(), (self.alias or "").lower()):
            parts = parts[1:]
        sobject, references, names = self.sobject, [], []
        for relationship in parts[:-1]:
            reference = sobject.parent(relationship)
            if reference is None or reference.relationship is None:
                raise self.unknown(path, f"Didn't understand relationship '{relationship}' in field path. If you are "
                                   "attempting to use a custom relationship, be sure to append the '__r' after the "
                                   "custom relationship name.")  # fmt: skip
            references.append(reference.name)
            names.append(reference.relationship)
            sobject = self.store.schema.objects[reference.refers_to[0]]
        found = sobject.find(parts[-1])
        if found is None:
            raise self.unknown(path, f"No such column '{parts[-1]}' on entity '{sobject.name}'. If you are attempting "
                               "to use a custom field, be sure to append the '__c' after the custom field name. Please "
                               "reference your WSDL or the describe call for the appropriate names.")  # fmt: skip
        return found, self._getter(references, found.name), (*names, found.name)

    def unknown(self, path: Path, message: str) -> ApiError:
        return query_error(self.text, path.at, "INVALID_FIELD", message)

    def _getter(self, references: list[str], name: str) -> Getter:
        if not references:
            return lambda row: row.get(name)
        find = self.store.find

        def through(row: Row) -> Json:
            current: Row | None = row
            for reference in references:
                target = current.get(reference) if current else None
                current = find(target) if target else None
            return current.get(name) if current else None

        return through


def test_of(scope: Scope, condition: Condition) -> Test:
    """The condition as a function. Raises ApiError for unknown fields and literals of the wrong type."""
    if isinstance(condition, Logic):
        parts = [test_of(scope, each) for each in condition.parts]
        if condition.operator == "NOT":
            return lambda row: not parts[0](row)
        if condition.operator == "AND":
            return lambda row: all(part(row) for part in parts)
        return lambda row: any(part(row) for part in parts)
    if isinstance(condition, Membership):
        return _membership(scope, condition)
    return _comparison(scope, condition)


def _comparison(scope: Scope, condition: Comparison) -> Test:
    field, get, _ = scope.resolve(condition.path)
    operator, literal = condition.operator, condition.literal
    if literal.kind == "range":
        return _range_test(scope, field, get, condition)
    value = _literal_value(scope, field, literal)
    if operator == "LIKE":
        if literal.kind != "string":
            raise _wrong_type(scope, field, literal)
        pattern = _like(str(literal.value))
        return lambda row: (found := get(row)) is not None and pattern.fullmatch(str(found)) is not None
    fold = _fold(field)
    value = fold(value)
    if operator == "=":
        return lambda row: fold(get(row)) == value
    if operator == "!=":
        return lambda row: fold(get(row)) != value
    compare = _COMPARE[operator]
    return lambda row: (found := get(row)) is not None and value is not None and compare(fold(found), value)


def _range_test(scope: Scope, field: Field, get: Getter, condition: Comparison) -> Test:
    literal, operator = condition.literal, condition.operator
    if field.type not in ("date", "datetime"):
        raise _wrong_type(scope, field, literal)
    try:
        days = date_range(str(literal.value), literal.count, scope.now)
    except OverflowError as error:
        raise query_error(scope.text, literal.at, "MALFORMED_QUERY", str(error)) from error
    suffix = "T00:00:00.000+0000" if field.type == "datetime" else ""
    first, end = (day.isoformat() + suffix for day in days)
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda found: first <= found < end,
        "!=": lambda found: not first <= found < end,
        "<": lambda found: found < first,
        "<=": lambda found: found < end,
        ">": lambda found: found >= end,
        ">=": lambda found: found >= first,
    }
    if operator not in tests:
        raise _wrong_type(scope, field, literal)
    test = tests[operator]
    return lambda row: (found := get(row)) is not None and test(found)


def _membership(scope: Scope, condition: Membership) -> Test:
    field, get, _ = scope.resolve(condition.path)
    fold = _fold(field)
    if isinstance(condition.among, Query):
        values = scope.values_of(condition.among)
    else:
        values = {_literal_value(scope, field, each) for each in condition.among}
    among = {fold(value) for value in values}
    match condition.operator:
        case "IN":
            return lambda row: fold(get(row)) in among
        case "NOT IN":
            return lambda row: fold(get(row)) not in among
        case "INCLUDES":
            return lambda row: _includes(fold(get(row)), among)
    return lambda row: not _includes(fold(get(row)), among)


def _includes(value: Json, among: set[Json]) -> bool:
    chosen = set(value.split(";")) if isinstance(value, str) else set()
    return any(set(str(wanted).split(";")) <= chosen for wanted in among if wanted is not None)


def _literal_value(scope: Scope, field: Field, literal: Literal) -> Json:
    """The literal as the field stores its values; the wrong kind of literal is refused."""
    if literal.kind == "null":
        return None
    if literal.kind in ("date", "datetime"):
        if literal.kind != field.type:
            raise _wrong_type(scope, field, literal)
        try:
            moment = datetime.fromisoformat(str(literal.value).upper())
        except ValueError as error:
            raise query_error(scope.text, literal.at, "MALFORMED_QUERY", f"invalid date: {literal.value}") from error
        return moment.date().isoformat() if literal.kind == "date" else as_text(moment)
    wanted = "number" if field.type in NUMBER_TYPES or field.type == "int" else "string"
    wanted = "boolean" if field.type == "boolean" else wanted
    if literal.kind != wanted or field.type in ("date", "datetime"):
        raise _wrong_type(scope, field, literal)
    if field.type in ("id", "reference") and literal.value:
        full = normal_id(literal.value)
        if full is None:
            message = f"invalid ID field: {literal.value}"
            raise query_error(scope.text, literal.at, "INVALID_QUERY_FILTER_OPERATOR", message)
        return full
    if literal.kind == "string":
        return plain_text(literal) or None
    return literal.value


def plain_text(literal: Literal) -> str:
    """The text of a string literal outside LIKE."""
    return re.sub(r"\\([%_])", r"\1", str(literal.value))


def _wrong_type(scope: Scope, field: Field, literal: Literal) -> ApiError:
    quotes = " and should not be enclosed in quotes" if literal.kind == "string" else ""
    kind = {"currency": "double", "percent": "double", "datetime": "dateTime"}.get(field.type, field.type)
    if kind not in ("double", "int", "date", "dateTime", "boolean"):
        kind, quotes = "string", " and should be enclosed in quotes"
    message = f"value of filter criterion for field '{field.name}' must be of type {kind}{quotes}"
    return query_error(scope.text, literal.at, "INVALID_FIELD", message)


def _fold(field: Field) -> Callable[[Json], Json]:
    """Texts compare without case, ids exactly."""
    if field.type in ("id", "reference") or field.case_sensitive:
        return lambda value: value
    return lambda value: value.casefold() if isinstance(value, str) else value


def _like(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\[%_]|%|_|[^\\%_]+|\\", pattern)
    wild = {"%": ".*", "_": "."}
    return re.compile(
        "".join(wild.get(part) or re.escape(part.removeprefix("\\") or part) for part in parts), re.I | re.S
    )


_COMPARE: dict[str, Callable[[Json, Json], bool]] = {
    "<": lambda left, right: bool(left < right),
    ">": lambda left, right: bool(left > right),
    "<=": lambda left, right: bool(left <= right),
    ">=": lambda left, right: bool(left >= right),
}
