"""What an open deal lacks, in two fields of the opportunity: the only write to a standard object of Salesforce."""

from collections.abc import Sequence

from tieline.connectors.salesforce.client import named
from tieline.connectors.salesforce.operations import Writing
from tieline.connectors.salesforce.soql import equals, select
from tieline.model.opportunity import Readiness
from tieline.sdk.operation import Answer, Found, Links, Operation, Payload

TARGET = "opportunity.readiness"


def show_readiness(writing: Writing) -> Operation[Readiness]:
    """The two fields; link `opportunity`. The deal is there already, so a create is an update of it as well."""
    salesforce, mapping = writing.salesforce, writing.mappings[TARGET]
    safety = writing.facts.operation[TARGET]

    def render(record: Readiness, links: Links) -> Payload:
        return {"Id": links["opportunity"]} | mapping.write(record.model_dump(), links)

    def update(external_id: str, payload: Payload) -> Answer:
        body = {name: value for name, value in payload.items() if name != "Id"}
        with named(f"Opportunity {external_id}"):
            return salesforce.update(mapping.vendor, external_id, body)

    def find(payload: Payload) -> Sequence[Found]:
        query = select(["Id", "Name"], mapping.vendor, where=equals("Id", payload["Id"]))
        return [Found(str(row.get("Id")), str(row.get("Name"))) for row in salesforce.rows(query)]

    def read_back(external_id: str) -> Payload:
        with named(f"Opportunity {external_id}"):
            return dict(salesforce.record(mapping.vendor, external_id, ["Id", *mapping.vendor_fields("write")]))

    return Operation(
        connection=salesforce.connection,
        system=writing.facts.system,
        target=TARGET,
        render=render,
        create=lambda payload, key: update(payload["Id"], payload),
        update=update,
        find=find,
        read_back=read_back,
        creates=safety.creates,
        updates=safety.updates,
        quarantine=safety.quarantine,
        support=safety.support,
    )
