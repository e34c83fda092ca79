"""The customer in NetSuite: one record per subsidiary that bills it, with the billing address on a line of ours."""

from collections.abc import Callable, Sequence
from typing import Any

from tieline.connectors.netsuite.records import Kind, Site, items_of, rendered, upsert
from tieline.model.customer import Customer
from tieline.sdk.operation import Found, Links, Operation, Payload

ADDRESS_LABEL = "Billing (CRM)"
NUMBER = "entityId"

KIND = Kind(
    target="customer",
    record_type="customer",
    words="Customer",
    label="companyName",
    create_only=(NUMBER,),  # afterwards the customer's number is finance's
    made=("isPerson", "addressBook.items.0.label", "addressBook.items.0.defaultBilling"),
    closed={"isInactive": True},
)

CANDIDATES = """
select id, entityid, companyname from customer
where subsidiary = ? and isinactive = 'F' and (companyname = ? or vatregnumber = ?) order by id
"""


def ensure_customer(site: Site) -> Operation[Customer]:
    """The bill-to under the legal entity `billed_by`."""
    base = rendered(site.mappings[KIND.target])

    def render(record: Customer, links: Links) -> Payload:
        payload = with_address_line(base(record, links))
        return {**payload, "isPerson": False, NUMBER: number(record)}

    def candidates(payload: Payload) -> Sequence[Found]:
        subsidiary, name = payload["subsidiary"]["id"], payload["companyName"]
        rows = site.client.rows(CANDIDATES, (subsidiary, name, payload.get("vatRegNumber") or name))
        return [
            Found(str(row.get("id")), f"{row.get('entityid')} {row.get('companyname', '')}".strip()) for row in rows
        ]

    return upsert(site, KIND, render=render, prepare=_address_of(site), candidates=candidates, shown=only_our_address)


def number(record: Customer) -> str:
    """The name NetSuite wants to be unique where customers are not numbered by themselves."""
    return f"{record.name[:70]} {record.billed_by}" if record.billed_by else record.name[:80]


def with_address_line(payload: Payload) -> Payload:
    """The address line is marked as ours; a customer without an address gets none."""
    book = payload.pop("addressBook", None)
    if not book or not book["items"][0].get("addressBookAddress"):
        return payload
    line = {**book["items"][0], "label": ADDRESS_LABEL, "defaultBilling": True}
    return {**payload, "addressBook": {"items": [line]}}


def _address_of(site: Site) -> Callable[[Payload, str | None], Payload]:
    """An address line without its key would be added a second time (fact sheet section 4: lines merge by key)."""

    def prepare(payload: Payload, record_id: str | None) -> Payload:
        if record_id is None or "addressBook" not in payload:
            return payload
        stored = only_our_address(site.client.read("customer", record_id, fields=("addressBook",), lines=True))
        known = [line["id"] for line in stored["addressBook"]["items"] if "id" in line]
        if not known:
            return payload
        line = {**payload["addressBook"]["items"][0], "id": known[0]}
        return {**payload, "addressBook": {"items": [line]}}

    return prepare


def only_our_address(stored: dict[str, Any]) -> dict[str, Any]:
    """The customer with no other address line than ours; the others are finance's."""
    ours = [line for line in items_of(stored, "addressBook") if line.get("label") == ADDRESS_LABEL]
    return {**stored, "addressBook": {"items": ours}}
