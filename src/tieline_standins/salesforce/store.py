"""The records of the org in memory, with an index on every key and reference."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tieline_standins.core.http import Json
from tieline_standins.salesforce.ids import make_id
from tieline_standins.salesforce.schema import Field, Schema, SObject

Row = dict[str, Json]


def index_key(field: Field, value: Json) -> Json:
    """How a value is looked up: texts without case unless the field distinguishes it."""
    return value.lower() if isinstance(value, str) and not field.case_sensitive and field.type != "reference" else value


class Table:
    """The rows of one object; a row is replaced, never changed in place."""

    def __init__(self, sobject: SObject) -> None:
        self.sobject = sobject
        self.rows: dict[str, Row] = {}
        self._indexes: dict[str, tuple[Field, dict[Json, dict[str, None]]]] = {}
        for each in sobject.fields.values():
            self.index(each)

    def index(self, added: Field) -> None:
        if added.name == "Id" or not (added.key or added.unique or added.type == "reference"):
            return
        self._indexes[added.name] = (added, {})
        for record_id, row in self.rows.items():
            self._enter(added.name, record_id, row.get(added.name))

    def put(self, record_id: str, row: Row | None) -> None:
        """Store, replace or (None) take out a row."""
        before = self.rows.get(record_id)
        for name in self._indexes:
            old, new = before.get(name) if before else None, row.get(name) if row else None
            if old != new:
                self._leave(name, record_id, old)
                self._enter(name, record_id, new)
        if row is None:
            del self.rows[record_id]
        else:
            self.rows[record_id] = row

    def indexed(self, name: str) -> bool:
        return name in self._indexes

    def with_value(self, name: str, value: Json, *, deleted: bool = False) -> Iterator[Row]:
        """Rows whose indexed field has the value, oldest first."""
        found, entries = self._indexes[name]
        for record_id in list(entries.get(index_key(found, value), ())):
            row = self.rows[record_id]
            if deleted or not row["IsDeleted"]:
                yield row

    def living(self) -> Iterable[Row]:
        return (row for row in self.rows.values() if not row["IsDeleted"])

    def _enter(self, name: str, record_id: str, value: Json) -> None:
        if value is not None:
            found, entries = self._indexes[name]
            entries.setdefault(index_key(found, value), {})[record_id] = None

    def _leave(self, name: str, record_id: str, value: Json) -> None:
        if value is not None:
            found, entries = self._indexes[name]
            entries[index_key(found, value)].pop(record_id, None)


@dataclass
class Store:
    """Every table, and the counters behind ids and auto-numbers."""

    schema: Schema
    tables: dict[str, Table] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.schema.objects.values():
            self.tables[each.name] = Table(each)

    def table(self, name: str) -> Table:
        return self.tables[name]

    def next(self, counter: str) -> int:
        self.counters[counter] = self.counters.get(counter, 0) + 1
        return self.counters[counter]

    def new_id(self, sobject: SObject) -> str:
        return make_id(sobject.prefix, self.next(sobject.prefix))

    def find(self, record_id: str) -> Row | None:
        """The row with this 18-character id, deleted or not."""
        sobject = self.schema.of_id(record_id)
        return self.tables[sobject.name].rows.get(record_id) if sobject else None
