"""How a resource of the API is described: its fields, associations, filters, orders and rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tieline_standins.core.http import Json
from tieline_standins.kantata.fields import Field

if TYPE_CHECKING:
    from tieline_standins.kantata.world import Record, World

Predicate = Callable[["Record"], bool]
MakeFilter = Callable[["World", str], Predicate]
Target = tuple[str, str]  # plural of the resource, id


@dataclass(frozen=True, slots=True)
class Association:
    """A relation that answers carry only when `include` names it (fact sheet, section 2).

    Stored relations live in `record.links`; `find` computes the others. `ref` answers `{"key", "id"}`.
    """

    target: str
    field: str
    many: bool = False
    writable: bool = False
    required: str | None = None
    ref: bool = False
    find: Callable[[World, Record], list[Target]] | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Who calls: the user of the token, and whether that user administers the account."""

    user_id: str
    admin: bool


@dataclass(slots=True)
class Change:
    """One record about to be written: `data` and `links` are parsed, `raw` is the object of the request."""

    session: Session
    raw: dict[str, Json]
    data: dict[str, Json]
    links: dict[str, Json]
    record: Record | None = None

    @property
    def creating(self) -> bool:
        return self.record is None

    def value(self, name: str) -> Json:
        """What the field will hold after the change."""
        return self.data.get(name) if name in self.data or self.record is None else self.record.data.get(name)

    def link(self, name: str) -> Json:
        """What the association will hold after the change."""
        return self.links.get(name) if name in self.links or self.record is None else self.record.links.get(name)


def owned_by_caller(association: str) -> Callable[[World, Change], None]:
    """A `prepare` that gives a new record to the caller unless the request names somebody."""

    def prepare(_world: World, change: Change) -> None:
        if change.creating and not change.links.get(association):
            change.links[association] = change.session.user_id

    return prepare


def _nothing(_world: World, _change: Change) -> None:
    return None


def _free(_world: World, _record: Record, _session: Session) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource. `verbs`: which of list, show, create, update, delete exist; `admin`: which need an administrator.

    `prepare` checks and completes a change before anything is written; `written` does what follows from it;
    `may_delete` refuses; `deleted` follows; `derive` adds computed fields to an answer; `weigh` keeps totals.
    """

    plural: str
    singular: str
    fields: Mapping[str, Field]
    associations: Mapping[str, Association] = field(default_factory=dict)
    subject: str | None = None  # its name as subject_type of references, custom field values and events
    event: str | None = None
    orders: Mapping[str, str] = field(default_factory=lambda: {"created_at": "created_at", "updated_at": "updated_at"})
    order: str = "created_at:desc"  # `orders` maps the names `order` takes to fields
    filters: Mapping[str, MakeFilter] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    search: tuple[str, ...] = ()
    verbs: frozenset[str] = frozenset({"list", "show", "create", "update", "delete"})
    admin: frozenset[str] = frozenset()
    indexed: tuple[str, ...] = ()  # to-one links by which other records look these up
    bulk: int = 0
    bulk_delete: int = 0
    prepare: Callable[[World, Change], None] = _nothing
    written: Callable[[World, Change], None] = _nothing
    may_delete: Callable[[World, Record, Session], None] = _free
    deleted: Callable[[World, Record, Session], None] = _free
    derive: Callable[[World, Record, dict[str, Json]], None] | None = None
    weigh: Callable[[World, Record, int], None] | None = None

    @property
    def has_references(self) -> bool:
        """Whether external references attach to it."""
        return "external_references" in self.associations
