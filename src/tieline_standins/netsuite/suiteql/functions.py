"""The functions of a query: dates, text, numbers, BUILTIN.DF and the aggregates."""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tieline_standins.netsuite.dates import later
from tieline_standins.netsuite.suiteql.compiled import Compiled, Scope, as_text, constant, to_number, unified
from tieline_standins.netsuite.suiteql.formats import read_model, write_date
from tieline_standins.netsuite.suiteql.syntax import Call, Column, Node, Star, refused

AGGREGATES = ("COUNT", "SUM", "MAX", "MIN", "AVG")


def compile_call(node: Call, scope: Scope, compile_one: Callable[[Node, Scope], Compiled]) -> Compiled:
    """Raises RefusalError for an unknown function or wrong arguments."""
    if node.name in AGGREGATES:
        raise refused(f"{node.name} is not allowed here")
    if node.name == "BUILTIN.DF":
        return _display(node, scope)
    if node.name in ("SYSDATE", "CURRENT_DATE", "CURRENT_TIMESTAMP"):
        return constant(scope.now, "date")
    arguments = [compile_one(argument, scope) for argument in node.arguments]
    if node.name in ("NVL", "COALESCE", "IFNULL"):
        return _first_known(arguments)
    if node.name in ("TO_DATE", "TO_TIMESTAMP"):
        return _read_date(node.name, arguments)
    if node.name == "TO_CHAR":
        return _write(arguments)
    if node.name == "TRUNC" and arguments and arguments[0].kind == "date":
        return _applied("date", arguments[0], lambda value: f"{value[:10]}T00:00:00Z")
    return _plain(node.name, arguments)


def _applied(kind: str, argument: Compiled, function: Callable[[Any], Any]) -> Compiled:
    run = argument.run
    return Compiled(kind, lambda env: None if (value := run(env)) is None else function(value), argument.constant)


def _display(node: Call, scope: Scope) -> Compiled:
    """BUILTIN.DF: the name behind a reference or a code."""
    column = node.arguments[0] if len(node.arguments) == 1 else None
    if not isinstance(column, Column):
        raise refused("BUILTIN.DF takes a field")
    position, found = scope.column(column)
    show = found.display or found.get
    return Compiled("text", lambda env: None if (row := env[position]) is None else show(row))


def _first_known(arguments: Sequence[Compiled]) -> Compiled:
    if not arguments:
        raise refused("NVL and COALESCE take arguments")
    kind, runs = unified(arguments)
    return Compiled(kind, lambda env: next((value for run in runs if (value := run(env)) is not None), None))


def _read_date(name: str, arguments: Sequence[Compiled]) -> Compiled:
    if len(arguments) != 2 or not all(one.constant and one.kind == "text" for one in arguments):
        raise refused(f"{name} takes a text and a format")
    text, model = (one.run(None) for one in arguments)
    return constant(None if text is None or model is None else read_model(text, model), "date")


def _write(arguments: Sequence[Compiled]) -> Compiled:
    if len(arguments) == 2 and arguments[0].kind == "date" and arguments[1].constant:
        model = arguments[1].run(None)
        if not isinstance(model, str):
            raise refused("TO_CHAR takes a text as the format")
        return _applied("text", arguments[0], lambda value: write_date(value, model))
    if len(arguments) == 1 and arguments[0].kind in ("number", "text"):
        return as_text(arguments[0])
    raise refused("TO_CHAR takes a date and a format, or a number")


def _plain(name: str, arguments: Sequence[Compiled]) -> Compiled:
    texts: dict[str, Callable[..., str | None]] = {
        "UPPER": lambda text: text.upper(),
        "LOWER": lambda text: text.lower(),
        "TRIM": lambda text: text.strip(),
        "CONCAT": lambda one, other: one + other,
        "REPLACE": lambda text, old, new="": text.replace(old, new),
        "SUBSTR": _part_of,
    }
    numbers: dict[str, Callable[..., Decimal | int]] = {
        "ABS": lambda number: abs(_number(number)),
        "ROUND": lambda number, digits=0: _rounded(number, digits),
        "TRUNC": lambda number: int(_number(number)),
        "LENGTH": lambda text: len(str(text)),
        "TO_NUMBER": lambda text: _number(text),
    }
    if name in texts:
        runs = [arguments[0], *arguments[1:]] if name == "SUBSTR" else [as_text(one) for one in arguments]
        return _call("text", name, texts[name], runs)
    if name in numbers:
        return _call("number", name, numbers[name], arguments)
    raise refused(f"Unknown function '{name}'")


def _call(kind: str, name: str, function: Callable[..., Any], arguments: Sequence[Compiled]) -> Compiled:
    runs = [one.run for one in arguments]

    def run(env: Any) -> Any:
        values = [one(env) for one in runs]
        if any(value is None for value in values):
            return None
        try:
            return function(*values)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise refused(f"Invalid arguments of {name}") from error

    return Compiled(kind, run, all(one.constant for one in arguments))


def _number(value: Any) -> Decimal:
    return Decimal(to_number(value) if isinstance(value, str) else value)


def _rounded(value: Any, digits: Any) -> Decimal:
    return Decimal(_number(value)).quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP)


def _part_of(text: Any, start: Any, length: Any = None) -> str:
    first = max(int(start), 1) - 1
    return str(text)[first:] if length is None else str(text)[first : first + int(length)]


def shift_days(date: Compiled, days: Compiled, sign: int) -> Compiled:
    """A date plus or minus a number of days."""
    first, second = date.run, days.run

    def run(env: Any) -> Any:
        one, other = first(env), second(env)
        if one is None or other is None:
            return None
        try:
            return later(one, days=sign * float(other))
        except OverflowError as error:
            raise refused("Date out of range") from error

    return Compiled("date", run, date.constant and days.constant)


def compile_aggregate(node: Call, compile_inner: Callable[[Node], Compiled]) -> Compiled:
    """A function over the rows of a group."""
    if len(node.arguments) != 1:
        raise refused(f"{node.name} takes one argument")
    if isinstance(node.arguments[0], Star):
        if node.name != "COUNT":
            raise refused(f"{node.name} takes a field")
        return Compiled("number", len)
    inner = compile_inner(node.arguments[0])
    run, distinct = inner.run, node.distinct

    def values(group: Any) -> list[Any]:
        found = [value for env in group if (value := run(env)) is not None]
        return list(dict.fromkeys(found)) if distinct else found

    match node.name:
        case "COUNT":
            return Compiled("number", lambda group: len(values(group)))
        case "MAX":
            return Compiled(inner.kind, lambda group: max(values(group), default=None))
        case "MIN":
            return Compiled(inner.kind, lambda group: min(values(group), default=None))
    if inner.kind != "number":
        raise refused(f"{node.name} takes a number")
    if node.name == "SUM":
        return Compiled("number", lambda group: sum(found) if (found := values(group)) else None)
    return Compiled("number", lambda group: Decimal(sum(found)) / len(found) if (found := values(group)) else None)
