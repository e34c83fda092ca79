"""Runs a parsed query: finds the rows, orders them, and renders them as the REST API answers them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import groupby

from tieline_standins.core.http import Json
from tieline_standins.salesforce.api_error import ApiError
from tieline_standins.salesforce.ids import normal_id
from tieline_standins.salesforce.schema import Field, SObject
from tieline_standins.salesforce.soql.conditions import Getter, Scope, plain_text, test_of
from tieline_standins.salesforce.soql.lexer import query_error
from tieline_standins.salesforce.soql.parser import parse
from tieline_standins.salesforce.soql.syntax import Call, Comparison, Condition, Logic, Membership, Path, Query
from tieline_standins.salesforce.store import Row, Store

_MAX_OFFSET = 2000
_AGGREGATES = ("COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX")
_GROUPS: dict[str, Callable[[Field], bool]] = {
    "ALL": lambda field: True,
    "CUSTOM": lambda field: field.custom,
    "STANDARD": lambda field: not field.custom,
}

Render = Callable[[Row], Json]


@dataclass(frozen=True)
class Found:
    """The result of a query: rows not yet rendered, so that a page costs what it holds."""

    total: int
    rows: list[Row]
    render: Render
    columns: tuple[tuple[str, ...], ...]

    def values(self, row: Row) -> list[Json]:
        """The row as one line of a table, by `columns`."""
        rendered = self.render(row)
        line = []
        for names in self.columns:
            value = rendered
            for name in names:
                value = value.get(name) if isinstance(value, dict) else None
            line.append(value)
        return line


def run(text: str, store: Store, now: datetime, version: str, *, deleted: bool) -> Found:
    """Parse and run a query; `deleted` looks into the recycle bin too. Raises ApiError."""
    return _Runner(text, store, now, version, deleted).found(parse(text))


@dataclass(frozen=True)
class _Runner:
    text: str
    store: Store
    now: datetime
    version: str
    deleted: bool

    def found(self, query: Query) -> Found:
        sobject = self.store.schema.find(query.source)
        if sobject is None:
            message = f"sObject type '{query.source}' is not supported. If you are attempting to use a custom object, "
            message += "be sure to append the '__c' after the entity name. Please reference your WSDL or the describe "
            raise query_error(self.text, query.source_at, "INVALID_TYPE", message + "call for the appropriate names.")
        scope = self.scope(query, sobject)
        rows = self.rows(query, scope, self.candidates(query, scope))
        if _aggregates(query):
            return self.aggregated(query, scope, rows)
        render, columns = self.renderer(query, scope)
        return Found(len(rows), rows, render, columns)

    def scope(self, query: Query, sobject: SObject) -> Scope:
        return Scope(self.text, self.store, sobject, query.alias, self.now, self.values_of)

    def values_of(self, query: Query) -> set[Json]:
        """The values a sub-query of IN finds; it selects exactly one field."""
        if len(query.select) != 1 or not isinstance(query.select[0], Path):
            raise query_error(self.text, query.at, "MALFORMED_QUERY", "a semi join query can only have one column")
        found = self.found(query)
        return {found.values(row)[0] for row in found.rows} - {None}

    def rows(self, query: Query, scope: Scope, candidates: Iterable[Row]) -> list[Row]:
        rows = candidates
        if query.where:
            test = test_of(scope, query.where)
            rows = (row for row in candidates if test(row))
        if not self.deleted:
            rows = (row for row in rows if not row["IsDeleted"])
        kept = list(rows)
        if query.order_by and _aggregates(query):
            message = "Ordering the result of an aggregate is not supported here"
            raise query_error(self.text, query.order_by[0].path.at, "MALFORMED_QUERY", message)
        for order in reversed(query.order_by):
            field, get, _ = scope.resolve(order.path)
            _sort(kept, field, get, descending=order.descending, nulls_first=order.nulls_first)
        if query.offset > _MAX_OFFSET:
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_MAX_OFFSET}")
        end = None if query.limit is None else query.offset + query.limit
        return kept if _aggregates(query) else kept[query.offset : end]

    def candidates(self, query: Query, scope: Scope) -> Iterable[Row]:
        """Rows an index points to, when a condition that must hold names them; else all rows."""
        table = self.store.table(scope.sobject.name)
        for condition in _must_hold(query.where):
            values = _named_values(condition)
            if values is None or len(condition.path.parts) != 1:
                continue
            field, _, _ = scope.resolve(condition.path)
            test_of(scope, condition)  # refuses literals of the wrong kind before they meet the index
            if field.name == "Id":
                rows = (self.store.find(each) for each in _ids(values))
                return [row for row in rows if row is not None and row["Id"] in table.rows]
            if table.indexed(field.name):
                keys = _ids(values) if field.type == "reference" else dict.fromkeys(values)
                found = {row["Id"]: row for key in keys for row in table.with_value(field.name, key, deleted=True)}
                return [found[each] for each in sorted(found)]
        return table.rows.values()

    def renderer(self, query: Query, scope: Scope) -> tuple[Render, tuple[tuple[str, ...], ...]]:
        """How a row of this query is answered, and the names of its columns."""
        parts: list[tuple[tuple[str, ...], Getter]] = []
        children: list[tuple[str, Render]] = []
        for each in query.select:
            if isinstance(each, Query):
                children.append(self.child(each, scope))
            elif isinstance(each, Call):
                parts += self.field_group(query, each, scope)
            else:
                _, get, names = scope.resolve(each)
                parts.append((names, get))
        flat = all(len(names) == 1 for names, _ in parts)
        root = f"/services/data/v{self.version}/sobjects/"
        kind, prefix = scope.sobject.name, f"{root}{scope.sobject.name}/"

        def render(row: Row) -> Json:
            answer: dict[str, Json] = {"attributes": {"type": kind, "url": prefix + row["Id"]}}
            if flat:
                for names, get in parts:
                    answer[names[0]] = get(row)
            else:
                for names, get in parts:
                    _place(answer, self.store, scope.sobject, row, names, get, root)
            for name, render_child in children:
                answer[name] = render_child(row)
            return answer

        return render, tuple(names for names, _ in parts)

    def field_group(self, query: Query, call: Call, scope: Scope) -> list[tuple[tuple[str, ...], Getter]]:
        group = str(call.argument).upper() if call.argument else ""
        if call.name != "FIELDS" or group not in _GROUPS:
            raise query_error(self.text, call.at, "MALFORMED_QUERY", f"unexpected token: '{call.name}'")
        if group != "STANDARD" and (query.limit is None or query.limit > 200):
            message = "The SOQL FIELDS function must have a LIMIT of at most 200"
            raise query_error(self.text, call.at, "MALFORMED_QUERY", message)
        chosen = [each.name for each in scope.sobject.fields.values() if _GROUPS[group](each)]
        return [((name,), partial(_value, name)) for name in chosen]

    def child(self, query: Query, scope: Scope) -> tuple[str, Render]:
        """A sub-select over a child relationship such as `(SELECT Name FROM Opportunities)`."""
        wanted = query.source.lower()
        children_of = self.store.schema.children(scope.sobject.name)
        named = [(child, ref) for child, ref in children_of if ref.children and ref.children.lower() == wanted]
        if not named:
            message = f"Didn't understand relationship '{query.source}' in FROM part of query call."
            raise query_error(self.text, query.source_at, "INVALID_TYPE", message)
        sobject, reference = named[0]
        inner = self.scope(query, sobject)
        render, _ = self.renderer(query, inner)
        table = self.store.table(sobject.name)
        self.rows(query, inner, ())  # refuses a wrong sub-select even when there is no parent row

        def children(row: Row) -> Json:
            found = self.rows(query, inner, table.with_value(reference.name, row["Id"], deleted=True))
            records = [render(each) for each in found]
            return {"totalSize": len(records), "done": True, "records": records} if records else None

        return reference.children or "", children

    def aggregated(self, query: Query, scope: Scope, rows: list[Row]) -> Found:
        """COUNT() answers a number alone; other aggregates answer one record for each group."""
        first = query.select[0]
        if isinstance(first, Call) and first.name == "COUNT" and first.argument is None and len(query.select) == 1:
            return Found(len(rows[: query.limit]), [], lambda row: row, ())
        keys = [scope.resolve(path) for path in query.group_by]

        def key(row: Row) -> tuple[Json, ...]:
            return tuple(get(row) for _, get, _ in keys)

        ordered = sorted(rows, key=lambda row: [(value is not None, str(value)) for value in key(row)])
        groups = [list(group) for _, group in groupby(ordered, key)] if keys else [ordered]
        lines: list[Row] = []
        for group in groups[query.offset : None if query.limit is None else query.offset + query.limit]:
            line: Row = {"attributes": {"type": "AggregateResult"}}
            unnamed = 0
            for each in query.select:
                if isinstance(each, Call) and each.argument is not None:
                    name = each.alias or f"expr{unnamed}"
                    unnamed += each.alias is None
                    _, get, _ = scope.resolve(each.argument)
                    line[name] = _aggregate(each.name, [get(row) for row in group])
                elif isinstance(each, Path) and str(each).lower() in {str(path).lower() for path in query.group_by}:
                    line[scope.resolve(each)[2][-1]] = scope.resolve(each)[1](group[0])
                else:
                    at = each.at
                    raise query_error(self.text, at, "MALFORMED_QUERY", "Field must be grouped or aggregated")
            lines.append(line)
        columns = tuple((name,) for name in lines[0] if name != "attributes") if lines else ()
        return Found(len(lines), lines, lambda row: row, columns)


def _aggregates(query: Query) -> bool:
    named = any(isinstance(each, Call) and each.name in _AGGREGATES for each in query.select)
    return named or bool(query.group_by)


def _value(name: str, row: Row) -> Json:
    return row.get(name)


def _place(
    answer: dict[str, Json], store: Store, sobject: SObject, row: Row, names: tuple[str, ...], get: Getter, root: str
) -> None:
    """Put a value into the answer, below its parents; a missing parent is null."""
    current, owner, target = sobject, row, answer
    for relationship in names[:-1]:
        reference = current.parent(relationship)
        parent = store.find(owner.get(reference.name) or "") if reference else None
        if parent is None:
            target.setdefault(relationship, None)
            return
        current = store.schema.of_id(parent["Id"]) or current
        owner = parent
        if target.get(relationship) is None:
            target[relationship] = {"attributes": {"type": current.name, "url": f"{root}{current.name}/{parent['Id']}"}}
        target = target[relationship]
    target[names[-1]] = get(row)


def _sort(rows: list[Row], field: Field, get: Getter, *, descending: bool, nulls_first: bool) -> None:
    """Stable sort by one field; numbers, dates and booleans by value, texts without case."""

    def key(row: Row) -> Json:
        value = get(row)
        return value.casefold() if isinstance(value, str) and field.type not in ("id", "reference") else value

    filled = sorted((row for row in rows if get(row) is not None), key=key, reverse=descending)
    empty = [row for row in rows if get(row) is None]
    rows[:] = empty + filled if nulls_first else filled + empty


def _must_hold(condition: Condition | None) -> list[Comparison | Membership]:
    if isinstance(condition, Logic):
        return [part for each in condition.parts for part in _must_hold(each)] if condition.operator == "AND" else []
    return [condition] if condition else []


def _named_values(condition: Comparison | Membership) -> list[Json] | None:
    """The texts an equality names; None when it is another kind of condition."""
    if isinstance(condition, Comparison):
        literals = (condition.literal,) if condition.operator == "=" else ()
    else:
        listed = condition.operator == "IN" and not isinstance(condition.among, Query)
        literals = condition.among if listed else ()  # type: ignore[assignment]
    if not literals or any(each.kind not in ("string", "number") or not each.value for each in literals):
        return None
    return [plain_text(each) if each.kind == "string" else each.value for each in literals]


def _ids(values: Iterable[Json]) -> list[str]:
    return [full for full in dict.fromkeys(normal_id(value) for value in values) if full]


def _aggregate(name: str, values: list[Json]) -> Json:
    filled = [value for value in values if value is not None]
    match name:
        case "COUNT":
            return len(filled)
        case "COUNT_DISTINCT":
            return len(set(filled))
        case "MIN":
            return min(filled, default=None)
        case "MAX":
            return max(filled, default=None)
        case "SUM":
            return sum(filled, Decimal(0)) if filled else None
    return sum(filled, Decimal(0)) / len(filled) if filled else None
