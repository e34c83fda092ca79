"""The one way a record is written to NetSuite: an upsert by our reference, which leaves one record when sent twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tieline.connectors.netsuite.client import NetSuite
from tieline.connectors.netsuite.settings import Options
from tieline.mapping import Mapping
from tieline.model.record import Record
from tieline.sdk.connector import ConnectorFacts
from tieline.sdk.operation import Found, Links, Operation, Payload, Written

R = TypeVar("R", bound=Record)
Render = Callable[[R, Links], Payload]
Prepare = Callable[[Payload, str | None], Payload]
"""(payload, internal id or None when the record may be new): the body as it is sent. May read NetSuite."""

REFERENCE = "externalId"


@dataclass(frozen=True, slots=True)
class Site:
    """What all operations of one connection share."""

    client: NetSuite
    options: Options
    facts: ConnectorFacts
    mappings: dict[str, Mapping]

    @property
    def connection(self) -> str:
        """The connection's name."""
        return self.client.connection


def rendered(mapping: Mapping) -> Render[Any]:
    """The mapping's fields and our reference."""

    def render(record: Record, links: Links) -> Payload:
        return {**mapping.write(record.model_dump(), links), REFERENCE: record.subject}

    return render


def _as_it_is(payload: Payload, record_id: str | None) -> Payload:
    return payload


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one kind of record is kept in NetSuite."""

    target: str
    record_type: str
    words: str
    """What people call it: `Project`."""
    label: str
    """The field that names a record to people."""
    sublists: dict[str, str] = field(default_factory=dict)
    """Lines that are replaced as a whole -> the mapping of a line (or "" when a function makes them)."""
    create_only: Sequence[str] = ()
    """Fields for the creation only; afterwards they are NetSuite's."""
    made: Sequence[str] = ()
    """Vendor paths that functions write beside the mapping."""
    closed: Payload = field(default_factory=dict)
    """What closes the record without deleting it."""
    opened: Payload = field(default_factory=dict)
    """What opens it again."""


def upsert(
    site: Site,
    kind: Kind,
    *,
    render: Render[R] | None = None,
    prepare: Prepare = _as_it_is,
    candidates: Callable[[Payload], Sequence[Found]] | None = None,
    withdraw: Callable[[str], None] | None = None,
    shown: Callable[[Payload], Payload] | None = None,
) -> Operation[R]:
    """The operation of a kind: PUT by our reference, PATCH by internal id, looked up by our reference."""
    client = site.client

    def create(payload: Payload, key: str) -> Written:
        # An upsert may meet the record of an earlier try; what is only for the creation must not be sent to that again.
        found = find(payload) if kind.create_only else []
        body = prepare(payload, found[0].external_id if found else None)
        if found:
            body = without(body, kind.create_only)
        replaced = [name for name in kind.sublists if name in body]
        what = named(kind, payload)
        return Written(client.upsert(kind.record_type, payload[REFERENCE], body, replaced=replaced, what=what))

    def update(record_id: str, payload: Payload) -> Written:
        body = without(prepare(payload, record_id), kind.create_only)
        replaced = [name for name in kind.sublists if name in body]
        client.change(kind.record_type, record_id, body, replaced=replaced, what=named(kind, payload))
        return Written(record_id)

    def find(payload: Payload) -> Sequence[Found]:
        found = client.id_of_reference(kind.record_type, payload[REFERENCE], kind.label)
        return [Found(*found)] if found else []

    def read_back(record_id: str) -> Payload:
        wanted = written_paths(site, kind)
        stored = client.read(kind.record_type, record_id, fields=top_names(wanted), lines=bool(kind.sublists))
        return restricted(shown(stored) if shown else stored, wanted)

    facts = site.facts.operation[kind.target]
    return Operation(
        connection=site.connection,
        system=site.facts.system,
        target=kind.target,
        render=render or rendered(site.mappings[kind.target]),
        create=create,
        update=update,
        find=find,
        candidates=candidates,
        withdraw=withdraw or setting(site, kind, kind.closed),
        take_up=setting(site, kind, kind.opened),
        read_back=read_back,
        creates=facts.creates,
        updates=facts.updates,
        quarantine=facts.quarantine,
        support=facts.support,
    )


def setting(site: Site, kind: Kind, body: Payload) -> Callable[[str], None] | None:
    """Writes fixed fields to a record, to close or to open it; None when there are none."""

    def change(record_id: str) -> None:
        site.client.change(kind.record_type, record_id, dict(body), what=f"{kind.words} {record_id}")

    return change if body else None


def items_of(record: Payload, sublist: str) -> list[Payload]:
    """The lines of a sublist as NetSuite sends it expanded: `{"items": [...]}`."""
    found = record.get(sublist)
    items = found.get("items") if isinstance(found, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def named(kind: Kind, payload: Payload) -> str:
    """The record as a person knows it: `Project 'P-104'`."""
    label = payload.get(kind.label) or payload[REFERENCE]
    return f"{kind.words} '{label}'"


def without(body: Payload, names: Sequence[str]) -> Payload:
    """A body less some fields."""
    return {name: value for name, value in body.items() if name not in names}


def written_paths(site: Site, kind: Kind) -> list[str]:
    """The vendor paths an operation writes, lines included."""
    paths = [path for path in site.mappings[kind.target].vendor_fields("write") if path not in kind.create_only]
    for sublist, line in kind.sublists.items():
        inner = site.mappings[line].vendor_fields("write") if line else []
        paths += [f"{sublist}.items.0.{path}" for path in inner] or [sublist]
    return [*paths, *kind.made, REFERENCE]


def top_names(paths: Sequence[str]) -> list[str]:
    """The first parts of paths: the fields to ask for."""
    return list(dict.fromkeys(path.partition(".")[0] for path in paths))


NOISE = {"links", "refName", "count", "hasMore", "offset", "totalResults"}
Shape = dict[str, Any]


def restricted(stored: Payload, paths: Sequence[str]) -> Payload:
    """The stored values under the paths, without what NetSuite adds to every record and list."""
    shape: Shape = {}
    for path in paths:
        node = shape
        for part in path.split("."):
            node = node if part.isdigit() else node.setdefault(part, {})
    kept = _kept(stored, shape)
    return kept if isinstance(kept, dict) else {}


def _kept(value: object, shape: Shape) -> object:
    if isinstance(value, list):
        return [_kept(item, shape) for item in value]
    if not isinstance(value, dict):
        return value
    names = shape or [name for name in value if name not in NOISE]
    return {name: _kept(value[name], shape.get(name, {})) for name in names if name in value}
