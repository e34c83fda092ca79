"""One unit of work: what a call changes becomes visible in ledger and change events together, or not at all."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tieline_standins.core.http import Json, Request
from tieline_standins.core.vendor import Context
from tieline_standins.salesforce.events import Change, EventLog, Origin
from tieline_standins.salesforce.schema import Schema
from tieline_standins.salesforce.settings import Access, Settings
from tieline_standins.salesforce.store import Row, Store, Table
from tieline_standins.salesforce.values import as_text


@dataclass
class Org:
    """Everything one imitated org holds."""

    context: Context
    schema: Schema
    store: Store
    settings: Settings
    access: Access
    events: EventLog
    id: str = ""
    schema_changed: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    last_stamp: datetime | None = None
    transactions: int = 0

    def stamp(self) -> datetime:
        """The instant written into records; it never runs backwards, whatever a test does to the clock."""
        now = self.context.clock.now()
        self.last_stamp = now if self.last_stamp is None else max(now, self.last_stamp)
        return self.last_stamp

    @contextmanager
    def transaction(self, request: Request, user: str, api: str) -> Iterator["Transaction"]:
        """Commit at the end; any exception undoes everything and goes on."""
        work = Transaction(self, request, user, api)
        start = work.mark()
        try:
            yield work
        except BaseException:
            work.rollback(start)
            raise
        work.commit()


@dataclass(frozen=True, slots=True)
class _Written:
    operation: str
    key: str
    body: Json
    external_key: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to go back to."""

    undo: int
    changes: int
    written: int
    counters: dict[str, int]


@dataclass(slots=True)
class Transaction:
    """Writes rows through `put`; `mark` and `rollback` undo a part."""

    org: Org
    request: Request
    user: str
    api: str
    stamp: str = ""
    _undo: list[tuple[Table, str, Row | None]] = field(default_factory=list)
    _changes: list[Change] = field(default_factory=list)
    _written: list[_Written] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stamp = as_text(self.org.stamp())

    @property
    def store(self) -> Store:
        return self.org.store

    def put(self, table: Table, kind: str, row: Row) -> None:
        """Store a row; `kind` is the change type of its event: CREATE, UPDATE, DELETE, UNDELETE."""
        before = table.rows.get(row["Id"])
        self._undo.append((table, row["Id"], before))
        table.put(row["Id"], row)
        if table.sobject.events:
            self._changes.append(Change(table.sobject, kind, before, row))

    def amend(self, table: Table, row: Row, values: Row) -> None:
        """A change Salesforce makes by itself (roll-ups): stamped and announced, but no write of the caller."""
        if any(row.get(name) != value for name, value in values.items()):
            self.put(table, "UPDATE", {**row, **values, **self.touched()})

    def touched(self) -> Row:
        return {"LastModifiedDate": self.stamp, "LastModifiedById": self.user, "SystemModstamp": self.stamp}

    def written(self, operation: str, row: Row, body: Json, external_key: str | None) -> None:
        """Note a write of the caller for the ledger."""
        self._written.append(_Written(operation, row["Id"], body, external_key))

    def mark(self) -> Mark:
        return Mark(len(self._undo), len(self._changes), len(self._written), dict(self.store.counters))

    def rollback(self, mark: Mark) -> None:
        while len(self._undo) > mark.undo:
            table, record_id, before = self._undo.pop()
            table.put(record_id, before)
        del self._changes[mark.changes :]
        del self._written[mark.written :]
        self.store.counters.clear()
        self.store.counters.update(mark.counters)

    def commit(self) -> None:
        ledger = self.org.context.ledger
        for each in self._written:
            ledger.commit(self.request, each.operation, each.key, each.body, external_key=each.external_key)
        if self._changes:
            self.org.transactions += 1
            number = self.org.transactions
            key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.org.id}:{number}"))
            origin = Origin(self._origin(), key, number, self.user, self.org.stamp())
            self.org.events.publish(self._changes, origin)

    def _origin(self) -> str:
        """Where the change came from, with the caller's own id when it sent one (fact sheet section 7)."""
        client = call_option(self.request.headers.get("sforce-call-options", ""), "client")
        return f"com/salesforce/api/{self.api}" + (f";client={client}" if client else "")


def call_option(header: str, name: str) -> str | None:
    """A value of the header `Sforce-Call-Options: client=…, defaultNamespace=…`."""
    for part in header.split(","):
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip() or None
    return None
