"""How records are written to Kantata: created with our reference, looked up by it, updated by id, archived."""

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Values
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tieline.connectors.kantata.client import Kantata, Page, Row, named
from tieline.connectors.kantata.directory import Directory
from tieline.connectors.kantata.references import REFERENCE, References
from tieline.connectors.kantata.settings import Options
from tieline.mapping import Mapping
from tieline.model.record import Record
from tieline.sdk.connector import ConnectorFacts
from tieline.sdk.operation import Found, Links, Operation, Payload, Written

R = TypeVar("R", bound=Record)
Render = Callable[[R, Links], Payload]
Prepare = Callable[[Payload, bool], Payload]
"""(payload, whether it is a creation): the body as it is sent. May read Kantata."""


@dataclass(frozen=True, slots=True)
class Account:
    """What all operations and reads of one connection share."""

    kantata: Kantata
    options: Options
    facts: ConnectorFacts
    mappings: Values[str, Mapping]
    references: References
    directory: Directory
    id: str
    """The vendor account our ids come from."""

    @property
    def connection(self) -> str:
        """The connection's name."""
        return self.kantata.connection

    def rendered(self, target: str, model: str) -> Render[Any]:
        """The mapping's fields and our reference."""
        mapping = self.mappings[target]

        def render(record: Record, links: Links) -> Payload:
            reference = self.references.of(model, record.subject)
            return {REFERENCE: reference} | mapping.write(record.model_dump(), links)

        return render


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one kind of record is kept in Kantata."""

    target: str
    plural: str
    subject_type: str
    """Its name in external references."""
    words: str
    """What people call it: `Project`."""
    create_only: Sequence[str] = ()
    """Fields for the creation only; afterwards they are Kantata's, or cannot be changed."""
    includes: Sequence[str] = field(default=())
    """What must be loaded beside a record to read back what we wrote."""


def _as_it_is(payload: Payload, creating: bool) -> Payload:
    return payload


def ensured(
    account: Account,
    kind: Kind,
    *,
    render: Render[R] | None = None,
    prepare: Prepare = _as_it_is,
    candidates: Callable[[Payload], Sequence[Found]] | None = None,
    stored: Callable[[Row, Page], Row] | None = None,
) -> Operation[R]:
    """The operation of a kind. `stored` adds to what is read back what stands beside the record."""
    kantata, facts = account.kantata, account.facts.operation[kind.target]
    mapping = account.mappings[kind.target]

    def create(payload: Payload, key: str) -> Written:
        with named(label(kind, payload)):
            body = {REFERENCE: payload[REFERENCE]} | prepare(content(payload), True)
            return Written(kantata.create(kind.plural, body))

    def update(external_id: str, payload: Payload) -> Written:
        with named(label(kind, payload)):
            body = prepare(content(payload), False)
            changes = {name: value for name, value in body.items() if name not in kind.create_only}
            return Written(kantata.update(kind.plural, external_id, changes))

    def find(payload: Payload) -> Sequence[Found]:
        return account.references.find(kind.subject_type, payload[REFERENCE], kind.words)

    def withdraw(external_id: str) -> None:
        with named(f"{kind.words} {external_id}"):
            kantata.update(kind.plural, external_id, {"archived": True})

    def read_back(external_id: str) -> Payload:
        with named(f"{kind.words} {external_id}"):
            page = kantata.show(kind.plural, external_id, include=",".join(kind.includes))
        row = page.rows[0]
        names = dict.fromkeys(path.partition(".")[0] for path in mapping.vendor_fields("write"))
        kept = {name: row[name] for name in names if name in row and name not in kind.create_only}
        return kept | dict(stored(row, page) if stored else {})

    return Operation(
        connection=account.connection,
        system=account.facts.system,
        target=kind.target,
        render=render or account.rendered(kind.target, kind.target),
        create=create,
        update=update,
        find=find,
        candidates=candidates,
        withdraw=withdraw,
        read_back=read_back,
        creates=facts.creates,
        updates=facts.updates,
        quarantine=facts.quarantine,
        support=facts.support,
    )


def content(payload: Payload) -> Payload:
    """A payload less our reference, which is written once: Kantata refuses a second one on the same record."""
    return {name: value for name, value in payload.items() if name != REFERENCE}


def label(kind: Kind, payload: Payload) -> str:
    """The record as a person knows it: `Project 'Grid modernisation'`."""
    return f"{kind.words} '{payload.get('title') or payload[REFERENCE]['service_model_ref']}'"
