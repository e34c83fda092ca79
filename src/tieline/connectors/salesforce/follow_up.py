"""What sales is given to act on: a task or a deal, made once with the owner of the deal it follows from.

Neither is ever changed by us: it belongs to sales. It is found by our reference, in the recycle bin too, so that what
somebody deleted does not come back, whatever we forgot.
"""

from collections.abc import Sequence

from tieline.connectors.salesforce.client import REFERENCE, named
from tieline.connectors.salesforce.operations import Writing
from tieline.connectors.salesforce.reading import CURRENCY
from tieline.connectors.salesforce.soql import equals, select
from tieline.model.outlook import FollowUp
from tieline.sdk.operation import Found, Links, Operation, Payload, Written, kept_in_tieline

FOLLOW_UPS = {"task": "task", "opportunity": "opportunity.follow_up"}
"""What the option `follow_ups` names -> its target and mapping."""
ORIGIN = "Origin"
"""The deal it follows from, whose owner it gets; not a field of Salesforce."""


def create_follow_up(kind: str, writing: Writing, allowed: Sequence[str]) -> Operation[FollowUp]:
    """The operation; kept in Tieline unless the connection's options allow it."""
    target, salesforce = FOLLOW_UPS[kind], writing.salesforce
    if kind not in allowed:
        return kept_in_tieline(salesforce.connection, writing.facts.system, target, "unsupported")
    mapping, safety = writing.mappings[target], writing.facts.operation[target]

    def render(one: FollowUp, links: Links) -> Payload:
        payload = {REFERENCE: one.subject, ORIGIN: one.opportunity_ref} | mapping.write(one.model_dump(), links)
        if writing.currency:
            payload.pop(CURRENCY, None)
        return payload

    def create(payload: Payload, key: str) -> Written:
        body = {name: value for name, value in payload.items() if name != ORIGIN}
        with named(f"{kind.capitalize()} '{payload.get('Subject') or payload.get('Name')}'"):
            query = select(["Id", "OwnerId"], "Opportunity", where=equals("Id", payload[ORIGIN]))
            deal = salesforce.one(query, payload[ORIGIN])
            if deal is not None and isinstance(deal.get("OwnerId"), str):
                body["OwnerId"] = deal["OwnerId"]
            return salesforce.create(mapping.vendor, body)

    def find(payload: Payload) -> Sequence[Found]:
        query = select(["Id"], mapping.vendor, where=equals(REFERENCE, payload[REFERENCE]))
        return [Found(str(row.get("Id")), kind) for row in salesforce.rows(query, deleted=True)]

    return Operation(
        connection=salesforce.connection,
        system=writing.facts.system,
        target=target,
        render=render,
        create=create,
        find=find,
        creates=safety.creates,
        updates=safety.updates,
        quarantine=safety.quarantine,
        support=safety.support,
    )
