"""Runs a query: finds the rows by an index where there is one, joins, groups, sorts, and shows one page."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tieline_standins.core.http import Json
from tieline_standins.netsuite.dates import show_date
from tieline_standins.netsuite.suiteql.compiled import Compiled, Env, Scope, number_text, same_kind
from tieline_standins.netsuite.suiteql.expressions import compile_expression, in_values, truth
from tieline_standins.netsuite.suiteql.grouping import group_compiler, groups, has_aggregate
from tieline_standins.netsuite.suiteql.syntax import (
    Binary,
    Column,
    InList,
    Join,
    Literal,
    Node,
    Order,
    Output,
    Select,
    Star,
    refused,
)
from tieline_standins.netsuite.suiteql.tables import Table

_MAX_WORK = 5_000_000  # rows a query may look at


@dataclass(frozen=True, slots=True)
class Result:
    """All rows found, not yet shown."""

    names: tuple[str, ...]
    columns: tuple[Compiled, ...]
    rows: list[Any]
    date_format: str
    omit_nulls: bool

    def show(self, rows: Iterable[Any]) -> list[dict[str, Json]]:
        """Values as text, names in lower case, nulls left out (fact sheet section 4)."""
        return [self._show(row) for row in rows]

    def _show(self, row: Any) -> dict[str, Json]:
        shown: dict[str, Json] = {"links": []}
        for name, column in zip(self.names, self.columns, strict=True):
            value = column.run(row)
            if value is not None:
                shown[name] = self._text(column.kind, value)
            elif not self.omit_nulls:
                shown[name] = None
        return shown

    def _text(self, kind: str, value: Any) -> str:
        if kind == "number":
            return number_text(value)
        return show_date(value, self.date_format) if kind == "date" else str(value)


def run_query(select: Select, tables: Mapping[str, Table], *, date_format: str, now: str, omit_nulls: bool) -> Result:
    """Raises RefusalError."""
    scope = _scope(select, tables, date_format, now)
    envs: Iterable[Env] = _base_rows(select, scope)
    for position, join in enumerate(select.joins, start=1):
        envs = _joined(envs, join, scope, position, 1 + len(select.joins))
    if select.where is not None:
        keep = truth(select.where, scope).run
        envs = (env for env in envs if keep(env))
    outputs = _spread(select, scope)
    grouped = bool(select.groups) or any(has_aggregate(output.expression) for output in outputs)
    compiler = group_compiler(select, scope) if grouped else lambda node: compile_expression(node, scope)
    rows = groups(select, scope, _bounded(envs)) if grouped else _bounded(envs)
    if select.having is not None:
        holds = compiler(select.having).run
        rows = [row for row in rows if holds(row)]
    columns = tuple(compiler(output.expression) for output in outputs)
    if any(column.kind == "truth" for column in columns):
        raise refused("A condition cannot be selected")
    rows = _sorted(rows, _orders(select, outputs), compiler)
    if select.distinct:
        rows = list({tuple(column.run(row) for column in columns): row for row in reversed(rows)}.values())[::-1]
    return Result(_names(outputs), columns, rows[: select.limit], date_format, omit_nulls)


def _scope(select: Select, tables: Mapping[str, Table], date_format: str, now: str) -> Scope:
    found: dict[str, tuple[int, Table]] = {}
    for position, source in enumerate((select.source, *(join.source for join in select.joins))):
        if source.table not in tables:
            raise refused(f"Record '{source.table}' was not found")
        if source.alias in found:
            raise refused(f"The alias '{source.alias}' is used twice")
        found[source.alias] = (position, tables[source.table])
    return Scope(found, date_format, now)


def _conjuncts(node: Node | None) -> Iterator[Node]:
    if isinstance(node, Binary) and node.operator == "AND":
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    elif node is not None:
        yield node


def _base_rows(select: Select, scope: Scope) -> Iterator[Env]:
    """Rows of the first table; an index is used when a condition allows it."""
    table = scope.tables[select.source.alias][1]
    rest = (None,) * len(select.joins)
    rows = _indexed(select, table, scope)
    return ((row, *rest) for row in (table.rows() if rows is None else rows))


def _indexed(select: Select, table: Table, scope: Scope) -> Iterable[Any] | None:
    """Rows by id or external id if they are asked for, else by their last change, else None."""
    since: Iterable[Any] | None = None
    for part in _conjuncts(select.where):
        name = _own_column(part, select.source.alias, scope)
        if name in table.by:
            values = _fixed_values(part, scope)
            if values is not None:
                look_up = table.by[name]
                return [row for value in values for row in look_up(value)]
        elif name == "lastmodifieddate" and table.since is not None and isinstance(part, Binary):
            start = _lower_bound(part, scope)
            since = table.since(start) if start is not None else since
    return since


def _lower_bound(part: Binary, scope: Scope) -> str | None:
    if part.operator not in (">", ">="):
        return None
    sides = compile_expression(part.left, scope), compile_expression(part.right, scope)
    column, bound = same_kind(*sides, scope)
    return bound.run(None) if bound.constant and column.kind == "date" else None


def _own_column(part: Node, alias: str, scope: Scope) -> str:
    """The column of the first table a condition is about, or nothing."""
    column = part.left if isinstance(part, Binary) else part.operand if isinstance(part, InList) else None
    if not isinstance(column, Column) or scope.column(column)[0] != 0 or column.table not in (None, alias):
        return ""
    return column.name


def _fixed_values(part: Node, scope: Scope) -> list[Any] | None:
    if isinstance(part, InList):
        operand = compile_expression(part.operand, scope)
        return sorted(in_values(operand, part.items, scope))
    if isinstance(part, Binary) and part.operator == "=":
        _, right = same_kind(compile_expression(part.left, scope), compile_expression(part.right, scope), scope)
        if right.constant:
            value = right.run(None)
            return [] if value is None else [value]
    return None


def _joined(envs: Iterable[Env], join: Join, scope: Scope, position: int, width: int) -> Iterator[Env]:
    """Add the rows of one more table; equality of one of its columns is looked up in a hash or an index."""
    table = scope.tables[join.source.alias][1]
    pair = _equality(join, scope, position)
    condition = truth(join.condition, scope).run
    candidates = _candidates(table, pair)
    rest = (None,) * (width - position - 1)
    for env in envs:
        matched = False
        for row in candidates(env):
            extended = (*env[:position], row, *rest)
            if condition(extended):
                matched = True
                yield extended
        if join.left and not matched:
            yield (*env[:position], None, *rest)


def _equality(join: Join, scope: Scope, position: int) -> tuple[str, Compiled] | None:
    """A column of the new table and what of the earlier tables it must equal, if the kinds agree."""
    for part in _conjuncts(join.condition):
        if not isinstance(part, Binary) or part.operator != "=":
            continue
        for mine, other in ((part.left, part.right), (part.right, part.left)):
            if isinstance(mine, Column) and scope.column(mine)[0] == position and _before(other, scope, position):
                value = compile_expression(other, scope)
                if compile_expression(mine, scope).kind == value.kind:
                    return mine.name, value
    return None


def _before(node: Node, scope: Scope, position: int) -> bool:
    """Whether an expression needs rows of earlier tables only."""
    if isinstance(node, Column):
        return scope.column(node)[0] < position
    return isinstance(node, Literal)


def _candidates(table: Table, pair: tuple[str, Compiled] | None) -> Callable[[Env], Iterable[Any]]:
    if pair is None:
        rows = list(table.rows())
        return lambda _: rows
    name, value = pair
    if name in table.by:
        look_up = table.by[name]
        return lambda env: () if (wanted := value.run(env)) is None else look_up(wanted)
    get = table.columns[name].get
    found: dict[Any, list[Any]] = {}
    for row in table.rows():
        found.setdefault(get(row), []).append(row)
    return lambda env: found.get(value.run(env), ())


def _bounded(envs: Iterable[Env]) -> list[Any]:
    rows = []
    for env in envs:
        rows.append(env)
        if len(rows) > _MAX_WORK:
            raise refused("The query finds too many rows")
    return rows


def _spread(select: Select, scope: Scope) -> list[Output]:
    """`*` and `t.*` become columns."""
    outputs: list[Output] = []
    for output in select.outputs:
        if isinstance(output.expression, Star):
            for alias, (_, table) in scope.tables.items():
                if output.expression.table in (None, alias):
                    outputs += [Output(Column(alias, name), name) for name in table.columns]
        else:
            outputs.append(output)
    return outputs


def _names(outputs: list[Output]) -> tuple[str, ...]:
    numbered = iter(range(1, len(outputs) + 1))
    return tuple(output.name or f"expr{next(numbered)}" for output in outputs)


def _orders(select: Select, outputs: list[Output]) -> list[Order]:
    """ORDER BY may name an output by its alias or its number."""
    aliases = {output.name: output.expression for output in outputs if output.name}
    found = []
    for order in select.orders:
        node = order.expression
        if isinstance(node, Literal) and isinstance(node.value, int) and 1 <= node.value <= len(outputs):
            node = outputs[node.value - 1].expression
        elif isinstance(node, Column) and node.table is None and node.name in aliases:
            node = aliases[node.name]
        found.append(replace(order, expression=node))
    return found


def _sorted(rows: list[Any], orders: list[Order], compiler: Callable[[Node], Compiled]) -> list[Any]:
    """Stable sorts from the last key to the first."""
    for order in reversed(orders):
        run = compiler(order.expression).run
        known = [(value, row) for row in rows if (value := run(row)) is not None]
        nulls = [row for row in rows if run(row) is None] if len(known) < len(rows) else []
        known.sort(key=lambda pair: pair[0], reverse=order.descending)
        ordered = [row for _, row in known]
        rows = [*nulls, *ordered] if order.nulls_first else [*ordered, *nulls]
    return rows
