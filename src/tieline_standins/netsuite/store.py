"""The records of the imitated account in memory, with the indexes that keep every look-up short."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from tieline_standins.netsuite.schema import RecordType, Schema

Values = dict[str, Any]


class Record:
    """One record. References are stored as ids, enums as codes, dates and date-times as ISO text, durations in minutes;
    `created` and `modified` are UTC text that sorts in time."""

    __slots__ = ("created", "external_id", "id", "lines", "modified", "type", "values")

    def __init__(self, record_type: RecordType, record_id: int) -> None:
        self.type = record_type
        self.id = record_id
        self.external_id: str | None = None
        self.values: Values = {}
        self.lines: dict[str, list[Values]] = {}
        self.created = ""
        self.modified = ""

    def copy(self) -> "Record":
        """A draft: changes to its values and lines leave this record alone."""
        draft = Record(self.type, self.id)
        draft.external_id = self.external_id
        draft.values = dict(self.values)
        draft.lines = {name: [dict(line) for line in lines] for name, lines in self.lines.items()}
        draft.created, draft.modified = self.created, self.modified
        return draft

    @property
    def name(self) -> str:
        """What a reference to this record shows as refName."""
        value = self.values.get(self.type.name_field) if self.type.name_field else None
        if self.type.transaction_code and value:
            return f"{self.type.label} #{value}"
        return str(value) if value is not None else str(self.id)


@dataclass(frozen=True, slots=True)
class Deletion:
    type: str
    id: int
    external_id: str | None
    name: str
    at: str


class Store:
    """Records by type and id, by external id, and in the order of their last change."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.version = 0
        self.deletions: list[Deletion] = []
        self._by_type: dict[str, dict[int, Record]] = {name: {} for name in schema.records}
        self._by_external: dict[str, dict[str, Record]] = {name: {} for name in schema.records}
        self._by_change: dict[str, dict[int, Record]] = {name: {} for name in schema.records}
        self._newest: dict[str, str] = {}
        self._out_of_order: set[str] = set()
        self._next_id: dict[str, int] = {}

    def new_id(self, record_type: RecordType) -> int:
        """The next id of the group: entities share one row of ids, transactions another."""
        number = self._next_id.get(record_type.group, 0) + 1
        self._next_id[record_type.group] = number
        return number

    def get(self, type_name: str, record_id: int) -> Record | None:
        return self._by_type[type_name].get(record_id)

    def find(self, targets: Iterable[str], record_id: int) -> Record | None:
        """The record of one of these types with that id."""
        for target in targets:
            found = self._by_type[target].get(record_id)
            if found is not None:
                return found
        return None

    def by_external_id(self, type_name: str, external_id: str) -> Record | None:
        return self._by_external[type_name].get(external_id)

    def all(self, type_name: str) -> Iterable[Record]:
        """Every record of a type, by id."""
        return self._by_type[type_name].values()

    def count(self, type_name: str) -> int:
        return len(self._by_type[type_name])

    def changed_since(self, type_name: str, since: str) -> Iterator[Record]:
        """Records whose last change is at or after `since`; no more than these are looked at."""
        if type_name in self._out_of_order:
            return (record for record in self._by_type[type_name].values() if record.modified >= since)
        newest_first = reversed(self._by_change[type_name].values())
        return takewhile(lambda record: record.modified >= since, newest_first)

    def save(self, record: Record, at: str) -> None:
        """Make a new record or a draft of an existing one the current state."""
        name = record.type.name
        record.created = record.created or at
        record.modified = at
        previous = self._by_type[name].get(record.id)
        if previous is not None:
            del self._by_change[name][record.id]
            if previous.external_id is not None:
                self._by_external[name].pop(previous.external_id, None)
        self._by_type[name][record.id] = record
        self._by_change[name][record.id] = record
        if record.external_id is not None:
            self._by_external[name][record.external_id] = record
        if at < self._newest.get(name, ""):
            self._out_of_order.add(name)  # somebody set the clock back
        else:
            self._newest[name] = at
        self.version += 1

    def delete(self, record: Record, at: str) -> None:
        name = record.type.name
        del self._by_type[name][record.id]
        del self._by_change[name][record.id]
        if record.external_id is not None:
            self._by_external[name].pop(record.external_id, None)
        self.deletions.append(Deletion(name, record.id, record.external_id, record.name, at))
        self.version += 1


def stamp(at: datetime) -> str:
    """An instant as NetSuite writes it, to the second: `2017-07-21T17:32:28Z` (fact sheet section 5)."""
    return at.isoformat(timespec="seconds")[:19] + "Z"
