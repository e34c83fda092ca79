"""What all operations of one Tryton connection share: the client, master data, mappings and the connector's facts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tieline.connectors.tryton.catalog import Catalog
from tieline.connectors.tryton.client import Domain, Row, Tryton, gone, record_id
from tieline.connectors.tryton.settings import Options
from tieline.mapping import Mapping as FieldMapping
from tieline.mapping import ValueTables
from tieline.model.record import Record
from tieline.sdk.connector import ConnectorFacts
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Answer, Found, Links, Operation, Payload, Written

R = TypeVar("R", bound=Record)
REFERENCE = "reference"
"""Where our id stands in a payload."""
MOST_FOUND = 10
STAMP = "_timestamp"
"""Tryton's version of a record: a write that names it is refused when the record was changed since."""


@dataclass(frozen=True, slots=True)
class Site:
    """One connection."""

    client: Tryton
    catalog: Catalog
    options: Options
    facts: ConnectorFacts
    mappings: Mapping[str, FieldMapping]
    tables: ValueTables
    account: str

    @property
    def connection(self) -> str:
        """The connection's name."""
        return self.client.connection

    def operation(
        self,
        target: str,
        *,
        render: Callable[[R, Links], Payload],
        create: Callable[[Payload], int],
        update: Callable[[int, Payload], None],
        find: Callable[[Payload], Sequence[Found]],
        read_back: Callable[[int], Payload],
        candidates: Callable[[Payload], Sequence[Found]] | None = None,
        withdraw: Callable[[int], None] | None = None,
        take_up: Callable[[int], None] | None = None,
    ) -> Operation[R]:
        """The operation of a target, with the facts of `connector.toml`; vendor ids are numbers inside."""
        facts = self.facts.operation[target]

        def creating(payload: Payload, key: str) -> Answer:
            with named(target, payload):
                return Written(str(create(payload)))

        def updating(external_id: str, payload: Payload) -> Answer:
            with named(target, payload):
                update(self.number(external_id), payload)
            return Written(external_id)

        def by_number(change: Callable[[int], None] | None) -> Callable[[str], None] | None:
            return None if change is None else lambda external_id: change(self.number(external_id))

        return Operation(
            connection=self.connection,
            system=self.facts.system,
            target=target,
            render=render,
            create=creating,
            update=updating,
            find=find,
            candidates=candidates,
            withdraw=by_number(withdraw),
            take_up=by_number(take_up),
            read_back=lambda external_id: read_back(self.number(external_id)),
            creates=facts.creates,
            updates=facts.updates,
            quarantine=facts.quarantine,
            support=facts.support,
            at_once=1,  # numbers come from a sequence two transactions may read at once
        )

    def number(self, external_id: str) -> int:
        """Tryton's number of a record. Raises Rejected (master_data) when it can be none."""
        return record_id(self.connection, external_id)

    def one(self, model: str, identifier: int, fields: Sequence[str]) -> Row:
        """Fields of one record. Raises Rejected (master_data) when it is gone."""
        rows = self.client.rows(model, [["id", "=", identifier]], fields, limit=1)
        if not rows:
            raise gone(self.connection, model)
        return rows[0]

    def found(self, model: str, domain: Domain, label: str = "rec_name") -> list[Found]:
        """Records in a domain, as people know them."""
        rows = self.client.rows(model, domain, [label], limit=MOST_FOUND)
        return [Found(str(row["id"]), str(row.get(label))) for row in rows]

    def write(self, name: str, record: Record, links: Links) -> Payload:
        """The payload of a record by the mapping of that name, with our reference."""
        return {**self.mappings[name].write(record.model_dump(), links), REFERENCE: record.subject}


@contextmanager
def named(target: str, payload: Mapping[str, Any]) -> Iterator[None]:
    """Puts the record's name before the message of a refusal, so that a person knows what was refused."""
    try:
        yield
    except Rejected as refused:
        what = f"{target.replace('_', ' ').capitalize()} '{payload.get('name') or payload.get(REFERENCE)}'"
        raise replace(refused, message=f"{what}: {refused.message}") from refused


def part(payload: Mapping[str, Any], *path: str) -> Any:
    """A value inside a payload, None where a step is missing."""
    value: Any = payload
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
