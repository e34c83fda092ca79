"""GROUP BY and aggregates: expressions over groups of rows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tieline_standins.netsuite.suiteql.compiled import Compiled, Env, Scope
from tieline_standins.netsuite.suiteql.expressions import compile_expression
from tieline_standins.netsuite.suiteql.functions import AGGREGATES, compile_aggregate
from tieline_standins.netsuite.suiteql.syntax import (
    Binary,
    Call,
    Case,
    Column,
    InList,
    IsNull,
    Node,
    Not,
    Select,
    refused,
)
from tieline_standins.netsuite.suiteql.tables import Table, TableColumn


def groups(select: Select, scope: Scope, rows: list[Env]) -> list[Any]:
    """Each group is the list of its rows; without GROUP BY all rows are one group, even when there are none."""
    if not select.groups:
        return [rows]
    keys = [compile_expression(node, scope).run for node in select.groups]
    found: dict[tuple[Any, ...], list[Env]] = {}
    for env in rows:
        found.setdefault(tuple(key(env) for key in keys), []).append(env)
    return list(found.values())


def group_compiler(select: Select, scope: Scope) -> Callable[[Node], Compiled]:
    """Compiles expressions over groups: aggregates, grouped expressions, and what is made of them."""

    def compile_group(node: Node) -> Compiled:
        if isinstance(node, Call) and node.name in AGGREGATES:
            return compile_aggregate(node, lambda inner: compile_expression(inner, scope))
        if node in select.groups or not has_aggregate(node):
            if has_column(node) and not any(_contains(group, node) for group in select.groups):
                raise refused("Not a GROUP BY expression")
            inner = compile_expression(node, scope)
            run = inner.run
            return Compiled(inner.kind, lambda group: run(group[0]) if group else None)
        return _over_aggregates(node, compile_group, scope)

    return compile_group


def _over_aggregates(node: Node, compile_group: Callable[[Node], Compiled], scope: Scope) -> Compiled:
    """`SUM(a) / COUNT(*)`, `SUM(a) > 5`, `ROUND(SUM(a), 2)`: the aggregates become columns of a row of their own."""
    parts: list[Compiled] = []

    def lift(inner: Node) -> Node:
        if (isinstance(inner, Call) and inner.name in AGGREGATES) or isinstance(inner, Column):
            parts.append(compile_group(inner))
            return Column("lifted", f"c{len(parts) - 1}")
        return _rebuilt(inner, lift)

    lifted = lift(node)
    columns = {f"c{n}": _lifted_column(part.kind, n) for n, part in enumerate(parts)}
    inner_scope = replace(scope, tables={"lifted": (0, Table(columns, tuple))})
    compiled = compile_expression(lifted, inner_scope)
    runs, outer = [part.run for part in parts], compiled.run
    return Compiled(compiled.kind, lambda group: outer((tuple(run(group) for run in runs),)))


def _lifted_column(kind: str, n: int) -> TableColumn:
    return TableColumn(kind, lambda row: row[n])


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Binary(_, left, right):
            return (left, right)
        case Not(operand) | IsNull(operand):
            return (operand,)
        case InList(operand, items):
            return (operand, *items)
        case Call(_, arguments):
            return arguments
        case Case(branches, otherwise):
            return (*(node for branch in branches for node in branch), otherwise)
    return ()


def _rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    match node:
        case Binary(name, left, right):
            return Binary(name, change(left), change(right))
        case Not(operand):
            return Not(change(operand))
        case IsNull(operand):
            return IsNull(change(operand))
        case InList(operand, items):
            return InList(change(operand), items)
        case Call(name, arguments):
            return Call(name, tuple(change(argument) for argument in arguments))
        case Case(branches, otherwise):
            return Case(tuple((change(test), change(value)) for test, value in branches), change(otherwise))
    return node


def has_aggregate(node: Node) -> bool:
    if isinstance(node, Call) and node.name in AGGREGATES:
        return True
    return any(has_aggregate(child) for child in _children(node))


def has_column(node: Node) -> bool:
    return isinstance(node, Column) or any(has_column(child) for child in _children(node))


def _contains(group: Node, node: Node) -> bool:
    """Whether an output follows from what is grouped by: the same expression, or a function of the same field."""
    if group == node or (isinstance(group, Column) and isinstance(node, Column) and group.name == node.name):
        return True
    return any(_contains(group, child) for child in _children(node))
