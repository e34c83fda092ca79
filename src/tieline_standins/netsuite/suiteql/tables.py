"""What a query can read: one table for each record type, and NetSuite's own views of transactions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tieline_standins.netsuite.books import Books
from tieline_standins.netsuite.schema import Field, RecordType
from tieline_standins.netsuite.store import Record
from tieline_standins.netsuite.values import hours_number

# SuiteQL name -> record type, where they are not the same in lower case.
_GROUPS = {"item": "item"}
_HIDDEN = ("salesOrder", "invoice", "creditMemo", "customerPayment", "expenseReport", "vendorBill", "vendorCredit")
Row = Any
Getter = Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class TableColumn:
    """`kind` is number, text or date (ISO text); `display` is what BUILTIN.DF shows."""

    kind: str
    get: Getter
    display: Callable[[Row], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`by` finds rows by the value of an indexed column; `since` those changed at or after an instant."""

    columns: Mapping[str, TableColumn]
    rows: Callable[[], Iterable[Row]]
    by: Mapping[str, Callable[[Any], Iterable[Row]]] = field(default_factory=dict)
    since: Callable[[str], Iterable[Row]] | None = None


def record_table(books: Books, types: Iterable[RecordType], columns: Mapping[str, TableColumn] | None = None) -> Table:
    """The records of one or several types, with their fields as columns."""
    types = list(types)
    names = [record_type.name for record_type in types]
    store = books.store

    def rows() -> Iterator[Record]:
        for name in names:
            yield from store.all(name)

    def by_id(number: Any) -> Iterable[Record]:
        found = store.find(names, int(number)) if number == int(number) else None
        return () if found is None else (found,)

    def by_external_id(text: str) -> Iterator[Record]:
        for name in names:
            found = store.by_external_id(name, str(text))
            if found is not None:
                yield found

    def since(instant: str) -> Iterator[Record]:
        for name in names:
            yield from store.changed_since(name, instant)

    made = dict(columns) if columns is not None else {n: c for t in types for n, c in field_columns(books, t).items()}
    return Table(made, rows, {"id": by_id, "externalid": by_external_id}, since)


def identity_columns() -> dict[str, TableColumn]:
    return {
        "id": TableColumn("number", lambda record: record.id),
        "externalid": TableColumn("text", lambda record: record.external_id),
        "lastmodifieddate": TableColumn("date", lambda record: record.modified),
    }


def field_columns(books: Books, record_type: RecordType) -> dict[str, TableColumn]:
    """Every field of a record type, in lower case."""
    columns = identity_columns()
    for name, known in record_type.fields.items():
        if name in ("createdDate", "dateCreated"):
            columns[name.lower()] = TableColumn("date", lambda record: record.created)
        elif name != "lastModifiedDate" and known.kind != "sub":
            columns[name.lower()] = value_column(books, known, _value_getter(books, known))
    if record_type.group == "entity":
        columns["entitytitle"] = TableColumn("text", lambda record: record.name)
    return columns


def _value_getter(books: Books, known: Field) -> Getter:
    name = known.name
    if known.readonly:
        return lambda record: books.shown(record).get(name)
    return lambda record: record.values.get(name)


def value_column(books: Books, known: Field, get: Getter) -> TableColumn:
    """A column over a stored value: booleans are T and F, durations hours, references ids."""
    match known.kind:
        case "boolean":
            return TableColumn("text", lambda row: "T" if get(row) else "F")
        case "date":
            return TableColumn("date", lambda row: None if (day := get(row)) is None else f"{day}T00:00:00Z")
        case "datetime":
            return TableColumn("date", get)
        case "duration":
            return TableColumn("number", lambda row: None if (time := get(row)) is None else hours_number(time))
        case "integer" | "number" | "currency":
            return TableColumn("number", get)
        case "enum":
            return TableColumn("text", get, lambda row: known.choices.get(get(row)))
        case "ref":
            return TableColumn("number", get, lambda row: _display(books, known, get(row)))
        case "any":
            return TableColumn("text", lambda row: _plain_text(get(row)))
    return TableColumn("text", get)


def _plain_text(value: Any) -> str | None:
    """A value nobody checked: the id of a reference, else its text."""
    if isinstance(value, dict):
        value = value.get("id")
    return None if value is None else str(value)


def _display(books: Books, known: Field, number: int | None) -> str | None:
    found = books.store.find(known.targets, number) if number is not None else None
    return None if found is None else found.name


def deleted_table(books: Books) -> Table:
    """`deletedrecord` [K]: what is gone, one row a record."""
    columns = {
        "recordid": TableColumn("number", lambda row: row.id),
        "type": TableColumn("text", lambda row: row.type.lower()),
        "name": TableColumn("text", lambda row: row.name),
        "deleteddate": TableColumn("date", lambda row: row.at),
    }
    return Table(columns, lambda: books.store.deletions)


def record_tables(books: Books) -> dict[str, Table]:
    """All tables that are plain records."""
    schema = books.schema
    tables = {
        name.lower(): record_table(books, [record_type])
        for name, record_type in schema.records.items()
        if name not in _HIDDEN and record_type.group not in _GROUPS
    }
    for table, group in _GROUPS.items():
        tables[table] = record_table(books, [schema.records[name] for name in schema.groups[group]])
    return tables | {"deletedrecord": deleted_table(books)}
