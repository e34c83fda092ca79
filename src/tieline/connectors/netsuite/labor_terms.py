"""What NetSuite's project accounting knows of an employee; employees themselves are made by people, never by us."""

from collections.abc import Sequence

from tieline.connectors.netsuite.people import employee_of, list_people
from tieline.connectors.netsuite.records import Site, restricted, top_names
from tieline.model.labor_terms import LaborTerms
from tieline.sdk.operation import Found, Links, Operation, Payload, Written

TARGET, RECORD, PERSON = "labor_terms", "employee", "email"


def ensure_labor_terms(site: Site) -> Operation[LaborTerms]:
    """Fields of the active employee with the person's e-mail. Rejected where there is none, or more than one."""
    client, mapping, facts = site.client, site.mappings[TARGET], site.facts.operation[TARGET]

    def render(record: LaborTerms, links: Links) -> Payload:
        return {**mapping.write(record.model_dump(), links), PERSON: record.id}

    def change(employee: str, payload: Payload) -> Written:
        body = {name: value for name, value in payload.items() if name != PERSON}
        client.change(RECORD, employee, body, what=f"Employee {payload[PERSON]}")
        return Written(employee)

    def find(payload: Payload) -> Sequence[Found]:
        found = list_people(client).get(payload[PERSON])
        return [Found(found, payload[PERSON])] if found else []

    def read_back(employee: str) -> Payload:
        wanted = [*mapping.vendor_fields("write"), PERSON]
        return restricted(client.read(RECORD, employee, fields=top_names(wanted)), wanted)

    return Operation(
        connection=site.connection,
        system=site.facts.system,
        target=TARGET,
        render=render,
        create=lambda payload, key: change(employee_of(client, payload[PERSON]), payload),
        update=change,
        find=find,
        read_back=read_back,
        creates=facts.creates,
        updates=facts.updates,
        quarantine=facts.quarantine,
        support=facts.support,
    )
