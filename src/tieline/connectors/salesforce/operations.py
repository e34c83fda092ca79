"""What sales sees of delivery and billing: upserts of our own objects in Salesforce by our reference.

Three targets share the project's record, each with fields of its own.
"""

from collections.abc import Mapping as Values
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from tieline.connectors.salesforce.client import REFERENCE, Salesforce, named
from tieline.connectors.salesforce.reading import CURRENCY
from tieline.connectors.salesforce.soql import equals, select
from tieline.mapping import Mapping
from tieline.model.money import Money
from tieline.model.record import Record
from tieline.sdk.connector import ConnectorFacts
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Answer, Found, Links, Operation, Payload

R = TypeVar("R", bound=Record)
WITHDRAWN = {"Record_Status__c": "Withdrawn"}


@dataclass(frozen=True, slots=True)
class Writing:
    """What every operation of a connection needs."""

    salesforce: Salesforce
    mappings: Values[str, Mapping]
    facts: ConnectorFacts
    currency: str | None
    """The one currency of an organisation without multi-currency."""


def upsert(record: type[R], target: str, what: str, writing: Writing, *, part: bool = False) -> Operation[R]:
    """An operation on one of our objects. A `part` adds fields to a record another operation creates."""
    salesforce, mapping = writing.salesforce, writing.mappings[target]
    safety = writing.facts.operation[target]

    def render(subject: R, links: Links) -> Payload:
        _one_currency(salesforce.connection, subject, writing.currency)
        payload: Payload = {REFERENCE: subject.subject} | mapping.write(subject.model_dump(), links)
        if not part:
            payload.setdefault("Name", f"Draft {subject.subject}"[:80])  # an invoice before the ERP has numbered it
        if writing.currency:
            payload.pop(CURRENCY, None)
        return payload

    def create(payload: Payload, key: str) -> Answer:
        with named(_label(what, payload)):
            return salesforce.upsert(mapping.vendor, payload[REFERENCE], _body(payload), only_update=part)

    def update(external_id: str, payload: Payload) -> Answer:
        with named(_label(what, payload)):
            return salesforce.update(mapping.vendor, external_id, _body(payload))

    def find(payload: Payload) -> Sequence[Found]:
        query = select(["Id", "Name"], mapping.vendor, where=equals(REFERENCE, payload[REFERENCE]))
        return [Found(str(row.get("Id")), str(row.get("Name"))) for row in salesforce.rows(query)]

    def read_back(external_id: str) -> Payload:
        fields = [field for field in mapping.vendor_fields("write") if field != CURRENCY or not writing.currency]
        with named(f"{what} {external_id}"):
            return dict(salesforce.record(mapping.vendor, external_id, [REFERENCE, *fields]))

    def withdraw(external_id: str) -> None:
        with named(f"{what} {external_id}"):
            salesforce.update(mapping.vendor, external_id, WITHDRAWN)

    return Operation(
        connection=salesforce.connection,
        system=writing.facts.system,
        target=target,
        render=render,
        create=create,
        update=update,
        find=find,
        read_back=read_back,
        withdraw=None if part else withdraw,
        creates=safety.creates,
        updates=safety.updates,
        quarantine=safety.quarantine,
        support=safety.support,
    )


def _body(payload: Payload) -> Payload:
    return {name: value for name, value in payload.items() if name != REFERENCE}


def _label(what: str, payload: Payload) -> str:
    return f"{what} '{payload.get('Name') or payload[REFERENCE]}'"


def _one_currency(connection: str, record: Record, only: str | None) -> None:
    """A record in Salesforce has one currency for all its amounts; an organisation may have one for all records."""
    found = {value.currency for _, value in record if isinstance(value, Money)}
    if len(found) > 1:
        message = f"amounts in {' and '.join(sorted(found))} cannot stand on one record"
    elif only and found - {only}:
        message = f"the organisation keeps {only} only, the amounts are in {found.pop()}"
    else:
        return
    raise Rejected(connection, message, kind="business_rule", field="currency", owner="integration")
