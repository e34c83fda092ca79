"""The records of the stand-in: tables, sorted views that keep paging cheap, and the change of a record."""

import math
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tieline_standins.core.clock import Clock
from tieline_standins.core.http import Json
from tieline_standins.kantata.fields import stamp
from tieline_standins.kantata.resource import Predicate, Resource
from tieline_standins.kantata.settings import Settings

_VIEWS = 8  # sorted views kept for each table: the queries a few clients page through at the same time
SortKey = tuple[Json, int]


class Record:
    """One record: `data` as answers show it, `links` the associations by name (an id, None or a list of ids)."""

    __slots__ = ("data", "id", "links", "rendered", "rendered_as", "resource", "sid")

    def __init__(self, resource: Resource, number: int, data: dict[str, Json], links: dict[str, Json]) -> None:
        self.resource = resource
        self.id = number
        self.sid = str(number)
        self.data = data
        self.links = links
        self.rendered_as: Json = None
        self.rendered = b""

    def sort_key(self, name: str) -> SortKey:
        value = self.data.get(name)
        return ("" if value is None else value, self.id)


class View:
    """The records that satisfy a predicate, kept sorted by one field while records change."""

    def __init__(self, order: str, accepts: Predicate, records: Iterable[Record]) -> None:
        self._order = order
        self._accepts = accepts
        self._key_of = {record.id: record.sort_key(order) for record in records if accepts(record)}
        self._keys = sorted(self._key_of.values())

    def update(self, record: Record) -> None:
        self.discard(record)
        if self._accepts(record):
            key = self._key_of[record.id] = record.sort_key(self._order)
            insort(self._keys, key)

    def discard(self, record: Record) -> None:
        key = self._key_of.pop(record.id, None)
        if key is not None:
            del self._keys[bisect_left(self._keys, key)]

    def span(self, after: str | None, before: str | None) -> tuple[int, int]:
        """Positions of the records whose sort value lies strictly between the bounds."""
        low = 0 if after is None else bisect_right(self._keys, (after, math.inf))
        high = len(self._keys) if before is None else bisect_left(self._keys, (before, -1))
        return low, max(low, high)

    def ids(self, low: int, high: int) -> list[int]:
        return [number for _, number in self._keys[low:high]]


class Table:
    """All records of one resource."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.records: dict[int, Record] = {}
        self.views: OrderedDict[Json, View] = OrderedDict()
        self.last_id = 0

    def view(self, key: Json, order: str, accepts: Predicate) -> View:
        view = self.views.pop(key, None) or View(order, accepts, self.records.values())
        self.views[key] = view
        if len(self.views) > _VIEWS:
            self.views.popitem(last=False)
        return view


@dataclass(slots=True)
class Totals:
    """What has been booked on one project or task."""

    billable_minutes: int = 0
    other_minutes: int = 0
    approved_minutes: int = 0
    billable_cents: int = 0
    expense_cents: int = 0


class World:
    """Everything one Kantata account holds."""

    def __init__(self, resources: Mapping[str, Resource], clock: Clock, settings: Settings) -> None:
        self.clock = clock
        self.settings = settings
        self.tables = {plural: Table(resource) for plural, resource in resources.items()}
        self.by_subject = {resource.subject: resource for resource in resources.values() if resource.subject}
        self.totals: defaultdict[tuple[str, str], Totals] = defaultdict(Totals)
        self.references: defaultdict[str, set[int]] = defaultdict(set)  # service_model_ref -> external references
        self.events: list[dict[str, Json]] = []
        self._linking: defaultdict[tuple[str, str, str], dict[int, Record]] = defaultdict(dict)

    def now(self) -> str:
        return stamp(self.clock.now())

    def all(self, plural: str) -> Iterable[Record]:
        return self.tables[plural].records.values()

    def get(self, plural: str, sid: Json) -> Record | None:
        text = str(sid)
        if not text.isdecimal() or len(text) > 18:
            return None
        return self.tables[plural].records.get(int(text))

    def linking(self, plural: str, name: str, sid: str) -> list[Record]:
        """The records whose indexed link `name` points to `sid`, oldest first."""
        found = self._linking.get((plural, name, sid))
        return list(found.values()) if found else []

    def _index(self, record: Record, *, add: bool) -> None:
        for name in record.resource.indexed:
            sid = record.links.get(name)
            if sid:
                found = self._linking[record.resource.plural, name, sid]
                if add:
                    found[record.id] = record
                else:
                    found.pop(record.id, None)

    def linked_id(self, plural: str, sid: Json) -> Record | None:
        """The record an id of a request names, None also for no id."""
        return None if sid is None else self.get(plural, sid)

    def linked(self, plural: str, record: Record, name: str) -> Record | None:
        """The record an association of `record` points to."""
        sid = record.links.get(name)
        return self.get(plural, sid) if sid else None

    def insert(
        self, plural: str, data: dict[str, Json], links: dict[str, Json] | None = None, user_id: str | None = None
    ) -> Record:
        """Add a record; fields and links that are not given get their defaults."""
        table = self.tables[plural]
        resource = table.resource
        table.last_id += 1
        now = self.now()
        full = {"id": str(table.last_id)}
        full |= {name: field.default for name, field in resource.fields.items()}
        full |= {"created_at": now, "updated_at": now} | data
        stored: dict[str, Json] = {
            name: [] if a.many else None for name, a in resource.associations.items() if a.find is None
        }
        record = Record(resource, table.last_id, full, stored | (links or {}))
        table.records[record.id] = record
        self._index(record, add=True)
        if resource.weigh:
            resource.weigh(self, record, 1)
        for view in table.views.values():
            view.update(record)
        self._event(record, "created", {}, user_id)
        return record

    def edit(
        self,
        record: Record,
        data: Mapping[str, Json],
        links: Mapping[str, Json] | None = None,
        *,
        moves: bool = True,
        user_id: str | None = None,
    ) -> None:
        """Change a record; `moves` says whether its updated_at moves."""
        resource = record.resource
        before = dict(record.data)
        if resource.weigh:
            resource.weigh(self, record, -1)
        record.data.update(data)
        if links:
            self._index(record, add=False)
            record.links.update(links)
            self._index(record, add=True)
        if moves:
            record.data["updated_at"] = self.now()
        if resource.weigh:
            resource.weigh(self, record, 1)
        self.refresh(record)
        self._event(record, "updated", before, user_id)

    def refresh(self, record: Record) -> None:
        """Forget what was derived from a record that changed."""
        record.rendered_as = None
        for view in self.tables[record.resource.plural].views.values():
            view.update(record)

    def remove(self, record: Record, user_id: str | None = None) -> None:
        """Delete for good; there is no undelete (fact sheet, section 2)."""
        table = self.tables[record.resource.plural]
        if table.records.pop(record.id, None) is None:
            return
        self._index(record, add=False)
        if record.resource.weigh:
            record.resource.weigh(self, record, -1)
        for view in table.views.values():
            view.discard(record)
        self._event(record, "deleted", record.data, user_id)

    def _event(self, record: Record, what: str, before: dict[str, Json], user_id: str | None) -> None:
        if not self.settings.events_addon or record.resource.event is None:
            return
        after = {} if what == "deleted" else dict(record.data)
        changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
        self.events.append(
            {
                "event_type": f"{record.resource.event}:{what}",
                "subject": (record.resource.plural, record.sid),
                "subject_type": record.resource.subject,
                "at": self.now(),
                "user_id": user_id,
                "previous_payload": before,
                "current_payload": after,
                "payload_changes": changes,
            }
        )
