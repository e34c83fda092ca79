"""The `q` parameter of lists: conditions by field type, AND before OR, parentheses (fact sheet section 4)."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.dates import later, read_date
from tieline_standins.netsuite.errors import RefusalError, bad_parameter
from tieline_standins.netsuite.schema import Field, RecordType
from tieline_standins.netsuite.store import Record
from tieline_standins.netsuite.values import hours_number

Test = Callable[[Record], bool]
_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([()\[\],])|([^\s()\[\],"]+))')
_MAX_DEPTH = 50
_NUMBER_KINDS = ("integer", "number", "currency", "duration", "ref", "id")
_NUMBER = frozenset({"ANY_OF", "BETWEEN", "EQUAL", "GREATER", "GREATER_OR_EQUAL", "LESS", "LESS_OR_EQUAL", "WITHIN"})
_TEXT = frozenset({"CONTAIN", "IS", "START_WITH", "END_WITH"})
_DATE = frozenset({"AFTER", "BEFORE", "ON", "ON_OR_AFTER", "ON_OR_BEFORE"})
_ID = Field("id", "id", "Internal ID")
_EXTERNAL_ID = Field("externalId", "string", "External ID")


def compile_filter(books: Books, record_type: RecordType, text: str) -> Test:
    """A predicate for `q`. Raises RefusalError (INVALID_PARAMETER) for anything that is not in the language."""
    reader = _Reader(books, record_type, _tokens(text))
    test = reader.alternatives(0)
    if not reader.done:
        raise _refused(f"unexpected '{reader.next()[1]}'")
    return test


def _refused(why: str) -> RefusalError:
    return bad_parameter("q", f"Invalid query parameter value of 'q': {why[:300]}.")


def _tokens(text: str) -> list[tuple[str, str]]:
    """Pairs of kind (text, mark, word) and content."""
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _refused(f"cannot read '{text[position : position + 30]}'")
        quoted, mark, word = match.groups()
        if quoted is not None:
            found.append(("text", re.sub(r"\\(.)", r"\1", quoted)))
        else:
            found.append(("mark", mark) if mark else ("word", word))
        position = match.end()
    return found


class _Reader:
    def __init__(self, books: Books, record_type: RecordType, tokens: list[tuple[str, str]]) -> None:
        self._books = books
        self._type = record_type
        self._tokens = tokens
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._tokens)

    def next(self) -> tuple[str, str]:
        if self.done:
            raise _refused("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, kind: str, content: str) -> bool:
        if self.done or self._tokens[self._at][0] != kind or self._tokens[self._at][1].upper() != content:
            return False
        self._at += 1
        return True

    def alternatives(self, depth: int) -> Test:
        if depth > _MAX_DEPTH:
            raise _refused("nested too deeply")
        tests = [self._conjunction(depth)]
        while self._accept("word", "OR"):
            tests.append(self._conjunction(depth))
        return tests[0] if len(tests) == 1 else lambda record: any(test(record) for test in tests)

    def _conjunction(self, depth: int) -> Test:
        tests = [self._condition(depth)]
        while self._accept("word", "AND"):
            tests.append(self._condition(depth))
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _condition(self, depth: int) -> Test:
        if self._accept("mark", "("):
            test = self.alternatives(depth + 1)
            if not self._accept("mark", ")"):
                raise _refused("a parenthesis is not closed")
            return test
        field = self._field(self.next()[1])
        operator = self.next()[1].upper()
        value_of = _getter(self._books, field)
        if operator in ("EMPTY", "EMPTY_NOT"):
            empty = operator == "EMPTY"
            return lambda record: (value_of(record) in (None, "")) is empty
        negated = operator.endswith("_NOT")
        test = self._test(field, operator.removesuffix("_NOT"))
        return lambda record: (value := value_of(record)) is not None and test(value) is not negated

    def _field(self, name: str) -> Field:
        known = {"id": _ID, "externalId": _EXTERNAL_ID}.get(name) or self._type.fields.get(name)
        if known is None or known.kind in ("sub", "any"):
            raise _refused(f"'{name}' is not a field of {self._type.name} that can be filtered")
        return known

    def _values(self) -> list[str]:
        kind, content = self.next()
        if (kind, content) != ("mark", "["):
            if kind == "mark":
                raise _refused(f"unexpected '{content}'")
            return [content]
        values = [self.next()[1]]
        while self._accept("mark", ","):
            values.append(self.next()[1])
        if not self._accept("mark", "]"):
            raise _refused("a list is not closed")
        return values

    def _test(self, field: Field, operator: str) -> Callable[[Any], bool]:
        values = self._values()
        if field.kind == "boolean" and operator == "IS":
            return _boolean_test(values)
        if field.kind in _NUMBER_KINDS and operator in _NUMBER:
            return _number_test(operator, [_decimal(value) for value in values])
        if field.kind == "enum" and operator in ("ANY_OF", "IS"):
            return lambda value: value in values
        if field.kind in ("string", "text") and operator in _TEXT:
            return _text_test(operator, values[0].casefold())
        if field.kind in ("date", "datetime") and operator in _DATE:
            return _date_test(operator, values[0], self._books.settings.date_format)
        raise _refused(f"operator {operator} cannot be used with field {field.name}")


def _getter(books: Books, field: Field) -> Callable[[Record], Any]:
    name = field.name
    if field is _ID:
        return lambda record: record.id
    if field is _EXTERNAL_ID:
        return lambda record: record.external_id
    if name == "lastModifiedDate":
        return lambda record: record.modified
    if name in ("createdDate", "dateCreated"):
        return lambda record: record.created
    if field.readonly:
        return lambda record: books.shown(record).get(name)
    if field.kind == "duration":
        return lambda record: None if name not in record.values else hours_number(record.values[name])
    return lambda record: record.values.get(name)


def _boolean_test(values: list[str]) -> Callable[[Any], bool]:
    if values[0].lower() not in ("true", "false"):
        raise _refused(f"'{values[0]}' is not true or false")
    wanted = values[0].lower() == "true"
    return lambda value: value is wanted


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError as error:
        raise _refused(f"'{text}' is not a number") from error
    if not number.is_finite():
        raise _refused(f"'{text}' is not a number")
    return number


def _number_test(operator: str, numbers: list[Decimal]) -> Callable[[Any], bool]:
    first = numbers[0]
    match operator:
        case "EQUAL":
            return lambda value: bool(value == first)
        case "GREATER":
            return lambda value: bool(value > first)
        case "GREATER_OR_EQUAL":
            return lambda value: bool(value >= first)
        case "LESS":
            return lambda value: bool(value < first)
        case "LESS_OR_EQUAL":
            return lambda value: bool(value <= first)
        case "ANY_OF":
            wanted = frozenset(numbers)
            return lambda value: value in wanted
    if len(numbers) != 2:
        raise _refused(f"{operator} takes a list of two numbers")
    return lambda value: bool(first <= value <= numbers[1])


def _text_test(operator: str, wanted: str) -> Callable[[Any], bool]:
    match operator:
        case "CONTAIN":
            return lambda value: wanted in value.casefold()
        case "START_WITH":
            return lambda value: bool(value.casefold().startswith(wanted))
        case "END_WITH":
            return lambda value: bool(value.casefold().endswith(wanted))
    return lambda value: bool(value.casefold() == wanted)


def _date_test(operator: str, text: str, date_format: str) -> Callable[[Any], bool]:
    """A date stands for the whole day, a date with a time for the whole minute."""
    read = read_date(text, date_format)
    if read is None:
        raise _refused(f"'{text}' is not a date in the format {date_format}")
    start, has_time = read
    try:
        end = later(start, minutes=1) if has_time else later(start, days=1)
    except OverflowError as error:
        raise _refused(f"'{text}' is out of range") from error
    match operator:
        case "AFTER":
            return lambda value: _instant(value) >= end
        case "BEFORE":
            return lambda value: _instant(value) < start
        case "ON_OR_AFTER":
            return lambda value: _instant(value) >= start
        case "ON_OR_BEFORE":
            return lambda value: _instant(value) < end
    return lambda value: start <= _instant(value) < end


def _instant(value: str) -> str:
    return value if len(value) > 10 else f"{value}T00:00:00Z"
