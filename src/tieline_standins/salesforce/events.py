"""Change Data Capture: the retained change events of the org, in commit order (fact sheet section 7)."""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tieline_standins.core.http import Json
from tieline_standins.salesforce.schema import Schema, SObject
from tieline_standins.salesforce.settings import Settings
from tieline_standins.salesforce.store import Row

ALL = "/data/ChangeEvents"
_SILENT = frozenset({"Id", "IsDeleted", "SystemModstamp"})  # never part of a change event


@dataclass(frozen=True, slots=True)
class Change:
    """One row that a transaction wrote."""

    sobject: SObject
    kind: str
    before: Row | None
    after: Row


@dataclass(frozen=True, slots=True)
class Origin:
    """What the events of one transaction share."""

    change_origin: str
    transaction_key: str
    commit_number: int
    user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One change event; `replay_id` grows, but not by one."""

    replay_id: int
    at: datetime
    sobject: str
    schema_id: str
    payload: Json


def event_name(sobject: str) -> str:
    return sobject.removesuffix("__c") + ("__ChangeEvent" if sobject.endswith("__c") else "ChangeEvent")


def schema_id(sobject: SObject) -> str:
    """Names the set of fields an event of this object can hold."""
    text = sobject.name + ":" + ",".join(f"{each.name}:{each.type}" for each in sobject.fields.values())
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:22]


@dataclass
class EventLog:
    """Retains events and tells listeners when there are new ones."""

    settings: Settings
    events: list[Event] = field(default_factory=list)
    listeners: set[Callable[[], None]] = field(default_factory=set)
    last_replay_id: int = 0

    def captured(self, sobject: SObject) -> bool:
        chosen = self.settings.captured
        return sobject.events and (chosen is None or sobject.name in chosen)

    def publish(self, changes: Sequence[Change], origin: Origin) -> None:
        """Add the events of one transaction."""
        captured = [change for change in changes if self.captured(change.sobject)]
        for sequence, change in enumerate(captured, start=1):
            self._append(change.sobject, origin.at, _payload(change, origin, sequence))
        self._tell()

    def gap(self, sobject: SObject, kind: str, record_ids: list[str], origin: Origin) -> None:
        """An event without fields: Salesforce could not make the full one, the reader must look at the record."""
        self._append(sobject, origin.at, {"ChangeEventHeader": _header(sobject, kind, record_ids, origin, 1, [])})
        self._tell()

    def position_after(self, replay_id: int) -> int:
        """Index of the first event that follows a replay id."""
        return bisect_right(self.events, replay_id, key=lambda event: event.replay_id)

    def retained_from(self, now: datetime) -> int:
        """Index of the oldest event still retained."""
        limit = now - timedelta(seconds=self.settings.event_retention_seconds)
        return bisect_right(self.events, limit, key=lambda event: event.at)

    def _append(self, sobject: SObject, at: datetime, payload: Json) -> None:
        self.last_replay_id += 1 + len(self.events) % 3  # opaque and not contiguous
        self.events.append(Event(self.last_replay_id, at, sobject.name, schema_id(sobject), payload))

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()


def _payload(change: Change, origin: Origin, sequence: int) -> Json:
    after = change.after
    changed: list[str] = []
    if change.kind == "UPDATE":
        before = change.before or {}
        changed = [
            name for name in change.sobject.fields if name not in _SILENT and before.get(name) != after.get(name)
        ]
        if "LastModifiedDate" not in changed:
            changed.append("LastModifiedDate")
        body = {name: after.get(name) for name in changed}
    elif change.kind == "DELETE":
        body = {}
    else:
        body = {name: value for name, value in after.items() if value is not None and name not in _SILENT}
    body = {name: value for name, value in body.items() if name in change.sobject.fields}
    header = _header(change.sobject, change.kind, [after["Id"]], origin, sequence, changed)
    return {"ChangeEventHeader": header, **body}


def _header(
    sobject: SObject, kind: str, record_ids: list[str], origin: Origin, sequence: int, changed: list[str]
) -> Json:
    return {
        "entityName": sobject.name,
        "recordIds": record_ids,
        "changeType": kind,
        "changeOrigin": origin.change_origin,
        "transactionKey": origin.transaction_key,
        "sequenceNumber": sequence,
        "commitTimestamp": int(origin.at.timestamp() * 1000),
        "commitNumber": origin.commit_number,
        "commitUser": origin.user,
        "changedFields": changed,
    }


def event_schema(schema: Schema, wanted: str) -> Json | None:
    """The Avro record behind a schema id, None if no object has it now."""
    for each in schema.objects.values():
        if each.events and schema_id(each) == wanted:
            fields = [{"name": name, "type": ["null", "string"], "default": None} for name in each.fields]
            return {
                "name": event_name(each.name),
                "namespace": "com.sforce.eventbus",
                "type": "record",
                "fields": [{"name": "ChangeEventHeader", "type": "ChangeEventHeader"}, *fields],
                "uuid": wanted,
            }
    return None
