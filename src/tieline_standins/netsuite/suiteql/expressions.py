"""Turns expressions into Python functions over a row environment."""

import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from tieline_standins.netsuite.suiteql.compiled import (
    Compiled,
    Eval,
    Scope,
    as_number,
    as_text,
    constant,
    same_kind,
    unified,
)
from tieline_standins.netsuite.suiteql.functions import compile_call, shift_days
from tieline_standins.netsuite.suiteql.syntax import (
    Binary,
    Call,
    Case,
    Column,
    InList,
    IsNull,
    Literal,
    Node,
    Not,
    Star,
    refused,
)

_COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_expression(node: Node, scope: Scope) -> Compiled:
    """Raises RefusalError for anything the query language does not have."""
    match node:
        case Literal(value):
            return _literal(value)
        case Column():
            return _column(node, scope)
        case Binary():
            return _binary(node, scope)
        case Not(operand):
            run = truth(operand, scope).run
            return Compiled("truth", lambda env: None if (value := run(env)) is None else not value)
        case IsNull(operand):
            run = compile_expression(operand, scope).run
            return Compiled("truth", lambda env: run(env) is None)
        case InList():
            return _in_list(node, scope)
        case Case():
            return _case(node, scope)
        case Call():
            return compile_call(node, scope, compile_expression)
        case Star():
            raise refused("'*' is not an expression")


def truth(node: Node, scope: Scope) -> Compiled:
    compiled = compile_expression(node, scope)
    if compiled.kind != "truth":
        raise refused("A condition was expected")
    return compiled


def _literal(value: Any) -> Compiled:
    return constant(value, "number" if isinstance(value, int | Decimal) else "text")


def _column(node: Column, scope: Scope) -> Compiled:
    position, column = scope.column(node)
    get = column.get
    if len(scope.tables) == 1:
        return Compiled(column.kind, lambda env: get(env[0]))
    return Compiled(column.kind, lambda env: None if (row := env[position]) is None else get(row))


def _binary(node: Binary, scope: Scope) -> Compiled:
    name = node.operator
    if name in ("AND", "OR"):
        return _logic(name, truth(node.left, scope).run, truth(node.right, scope).run)
    left, right = compile_expression(node.left, scope), compile_expression(node.right, scope)
    if name in _COMPARE:
        return _comparison(_COMPARE[name], *same_kind(left, right, scope))
    if name == "LIKE":
        return _like(as_text(left), as_text(right))
    if name == "||":
        first, second = as_text(left).run, as_text(right).run
        return Compiled("text", lambda env: (first(env) or "") + (second(env) or ""), left.constant and right.constant)
    return _arithmetic(name, left, right)


def _logic(name: str, left: Eval, right: Eval) -> Compiled:
    """Three-valued: unknown AND false is false, unknown OR true is true."""
    decided = name == "OR"

    def run(env: Any) -> Any:
        one = left(env)
        if one is decided:
            return decided
        other = right(env)
        if other is decided:
            return decided
        return None if one is None or other is None else not decided

    return Compiled("truth", run)


def _comparison(compare: Callable[[Any, Any], Any], left: Compiled, right: Compiled) -> Compiled:
    first, second = left.run, right.run
    if right.constant:
        fixed = second(None)
        if fixed is None:
            return Compiled("truth", lambda _: None)
        return Compiled("truth", lambda env: None if (value := first(env)) is None else compare(value, fixed))

    def run(env: Any) -> Any:
        one, other = first(env), second(env)
        return None if one is None or other is None else compare(one, other)

    return Compiled("truth", run)


def _like(left: Compiled, right: Compiled) -> Compiled:
    if not right.constant:
        raise refused("LIKE takes a fixed pattern")
    parts = re.split(r"([%_])", right.run(None) or "")
    expression = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts)
    matches, run = re.compile(expression, re.DOTALL).fullmatch, left.run
    return Compiled("truth", lambda env: None if (value := run(env)) is None else matches(value) is not None)


def _arithmetic(name: str, left: Compiled, right: Compiled) -> Compiled:
    if left.kind == "date" and right.kind == "number" and name in "+-":
        return shift_days(left, right, 1 if name == "+" else -1)
    numbers = [as_number(side) for side in (left, right)]
    first, second = numbers[0].run, numbers[1].run

    def run(env: Any) -> Any:
        one, other = first(env), second(env)
        if one is None or other is None:
            return None
        try:
            return _calculate(name, Decimal(one), Decimal(other))
        except ArithmeticError as error:
            raise refused("Numeric overflow or divisor equal to zero") from error

    return Compiled("number", run, left.constant and right.constant)


def _calculate(name: str, one: Decimal, other: Decimal) -> Decimal:
    match name:
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
    return one / other


def _in_list(node: InList, scope: Scope) -> Compiled:
    operand = compile_expression(node.operand, scope)
    values = in_values(operand, node.items, scope)
    run = operand.run
    return Compiled("truth", lambda env: None if (value := run(env)) is None else value in values)


def in_values(operand: Compiled, items: Sequence[Node], scope: Scope) -> frozenset[Any]:
    """The constants of an IN list, in the kind of its operand."""
    values = set()
    for item in items:
        compiled = compile_expression(item, scope)
        if not compiled.constant:
            raise refused("IN takes fixed values")
        if operand.kind == "text" and compiled.kind == "number":
            compiled = as_text(compiled)
        values.add(same_kind(operand, compiled, scope)[1].run(None))
    return frozenset(values - {None})


def _case(node: Case, scope: Scope) -> Compiled:
    tests = [truth(test, scope).run for test, _ in node.branches]
    values = [compile_expression(value, scope) for _, value in node.branches]
    kind, runs = unified([*values, compile_expression(node.otherwise, scope)])

    def run(env: Any) -> Any:
        for test, value in zip(tests, runs, strict=False):
            if test(env):
                return value(env)
        return runs[-1](env)

    return Compiled(kind, run)
