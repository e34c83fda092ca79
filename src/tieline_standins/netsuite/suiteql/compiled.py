"""Compiled expressions, the scope they live in, and Oracle's implicit conversions between their kinds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tieline_standins.netsuite.dates import read_date
from tieline_standins.netsuite.suiteql.syntax import Column, refused
from tieline_standins.netsuite.suiteql.tables import Table, TableColumn

# One row of each table of the query; None where a LEFT JOIN found nothing.
_MAX_EXPONENT = 126  # Oracle's NUMBER ends at 10^126
Env = tuple[Any, ...]
Eval = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """`kind`: number, text, date (ISO text) or truth; `constant` says that no row is needed to work it out."""

    kind: str
    run: Eval
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The tables of the query under their aliases, and what the account's settings say about dates."""

    tables: Mapping[str, tuple[int, Table]]
    date_format: str
    now: str

    def column(self, node: Column) -> tuple[int, TableColumn]:
        """Position of the table and the column. Raises RefusalError."""
        if node.table is not None:
            if node.table not in self.tables:
                raise refused(f"Unknown identifier '{node.table}'. Available identifiers are: {', '.join(self.tables)}")
            candidates = [self.tables[node.table]]
        else:
            candidates = [entry for entry in self.tables.values() if node.name in entry[1].columns]
        found = [(position, table.columns[node.name]) for position, table in candidates if node.name in table.columns]
        if not found:
            raise refused(f"Field '{node.name}' was not found")
        if len(found) > 1:
            raise refused(f"Field '{node.name}' is ambiguous")
        return found[0]


def constant(value: Any, kind: str) -> Compiled:
    return Compiled(kind, lambda _: value, constant=True)


def same_kind(left: Compiled, right: Compiled, scope: Scope) -> tuple[Compiled, Compiled]:
    """Oracle converts text to the kind of the other side."""
    if left.kind == right.kind:
        return left, right
    if left.kind == "text":
        return _converted(left, right.kind, scope), right
    if right.kind == "text":
        return left, _converted(right, left.kind, scope)
    raise refused(f"Inconsistent data types: {left.kind} and {right.kind}")


def unified(parts: Sequence[Compiled]) -> tuple[str, list[Eval]]:
    """One kind for alternatives such as the branches of a CASE: theirs if they agree, else text."""
    kinds = {part.kind for part in parts if not (part.constant and part.run(None) is None)}
    if len(kinds) <= 1:
        return next(iter(kinds), "text"), [part.run for part in parts]
    return "text", [as_text(part).run for part in parts]


def _converted(text: Compiled, kind: str, scope: Scope) -> Compiled:
    if kind == "truth":
        raise refused("Inconsistent data types")
    convert: Callable[[str], Any] = to_number if kind == "number" else lambda value: _to_date(value, scope.date_format)
    run = text.run
    if text.constant:
        value = run(None)
        return constant(None if value is None else convert(value), kind)
    return Compiled(kind, lambda env: None if (value := run(env)) is None else convert(value))


def to_number(text: str) -> Decimal | int:
    try:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 40 else Decimal(text.strip())
    except ArithmeticError as error:
        raise refused(f"Invalid number: '{text[:50]}'") from error
    if isinstance(number, Decimal) and not (number.is_finite() and abs(number.adjusted()) < _MAX_EXPONENT):
        raise refused(f"Invalid number: '{text[:50]}'")
    return number


def _to_date(text: str, date_format: str) -> str:
    read = read_date(text, date_format)
    if read is None:
        raise refused(f"'{text[:50]}' is not a date in the format {date_format}")
    return read[0]


def as_text(compiled: Compiled) -> Compiled:
    """Numbers become text; dates have to be converted by TO_CHAR."""
    if compiled.kind == "text":
        return compiled
    if compiled.kind != "number":
        raise refused(f"A text was expected, not a {compiled.kind}")
    run = compiled.run
    return Compiled("text", lambda env: None if (value := run(env)) is None else number_text(value), compiled.constant)


def number_text(value: Any) -> str:
    """Plain digits, no trailing zeros."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def as_number(compiled: Compiled) -> Compiled:
    if compiled.kind == "number":
        return compiled
    if compiled.kind != "text":
        raise refused(f"A number was expected, not a {compiled.kind}")
    run = compiled.run
    return Compiled("number", lambda env: None if (v := run(env)) is None else to_number(v), compiled.constant)
