"""The contract in Tryton: a sale that rests as a quotation, so that change orders can still change it."""

from collections.abc import Sequence
from typing import Any

from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.lines import STORED, line, rendered, rounding, stored, taxes
from tieline.connectors.tryton.party import invoice_address
from tieline.connectors.tryton.records import REFERENCE, STAMP, Site, part
from tieline.model.project import ContractPart
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Found, Links, Operation, Payload

SALE = "sale.sale"
FIELDS = (
    "state",
    "party",
    "reference",
    "number",
    "description",
    "currency.code",
    "payment_term.name",
    "lines",
    STAMP,
)


def ensure_contract(site: Site) -> Operation[ContractPart]:
    """The sale; links `customer`, `project`. Its lines are replaced as a whole."""
    client = site.client

    def render(record: ContractPart, links: Links) -> Payload:
        lines = rendered(site.mappings["contract_line"], record.lines, links)
        return {**site.write("contract", record, links), "lines": lines}

    def find(payload: Payload) -> Sequence[Found]:
        own = [["reference", "=", payload[REFERENCE]], ["company", "=", client.company]]
        return site.found(SALE, [*own, ["state", "!=", "cancelled"]])

    def create(payload: Payload) -> int:
        # Manual methods: the default one would bill the whole order beside our invoices (fact sheet trap a).
        fixed = {"company": client.company, "invoice_method": "manual", "shipment_method": "manual"}
        values = {**fixed, **_header(site, payload), "lines": [["create", _lines(site, payload)]]}
        identifier = client.create(SALE, [values])[0]
        client.press(SALE, "quote", identifier)
        return identifier

    def update(identifier: int, payload: Payload) -> None:
        if _opened(site, identifier)["state"] == "quotation":
            client.press(SALE, "draft", identifier)
        draft = site.one(SALE, identifier, FIELDS)
        commands: list[Any] = [["delete", draft["lines"]]] if draft["lines"] else []
        commands.append(["create", _lines(site, payload)])
        client.write(SALE, identifier, {**_header(site, payload), "lines": commands}, draft[STAMP])
        client.press(SALE, "quote", identifier)

    def withdraw(identifier: int) -> None:
        if site.one(SALE, identifier, ("state",))["state"] != "cancelled":
            _opened(site, identifier)
            client.press(SALE, "cancel", identifier)

    return site.operation(
        "contract",
        render=render,
        create=create,
        update=update,
        find=find,
        read_back=lambda identifier: as_payload(site, identifier),
        withdraw=withdraw,
    )


def _opened(site: Site, identifier: int) -> Row:
    """The sale, when it is one we may still change."""
    sale = site.one(SALE, identifier, FIELDS)
    if sale["state"] not in ("draft", "quotation"):
        raise Rejected(
            site.connection,
            f"sale {sale['number']} is {sale['state']} in Tryton already: amend it there, or cancel it",
            field="contract",
            owner="finance",
        )
    return sale


def _header(site: Site, payload: Payload) -> Row:
    party = site.number(part(payload, "party", "id"))
    address = invoice_address(site, party)
    return {
        "party": party,
        "invoice_address": address,
        "shipment_address": address,
        "currency": site.catalog.currency(part(payload, "currency", "code")),
        "payment_term": site.catalog.payment_term(part(payload, "payment_term", "name")),
        "reference": payload[REFERENCE],
        "description": described(payload),
    }


def described(payload: Payload) -> str | None:
    """Tryton's reference is ours, so the customer's order number stands in the description."""
    order = payload.get("po_number")
    return " - ".join(str(words) for words in (f"PO {order}" if order else None, payload.get("name")) if words) or None


def _lines(site: Site, payload: Payload) -> list[Row]:
    tax = taxes(site.catalog.tax(part(payload, "tax", "name")))
    lines = [line(site, one, part(payload, "currency", "code")) for one in payload["lines"]]
    for one in lines:
        one.values["taxes"] = tax
    return [*(one.values for one in lines), *rounding(lines)]


def as_payload(site: Site, identifier: int) -> Payload:
    """The sale as Tryton has it, in the form of a payload."""
    sale = site.one(SALE, identifier, FIELDS)
    rows = site.client.rows("sale.line", [["sale", "=", identifier]], STORED, order=[["id", "ASC"]])
    return {
        REFERENCE: sale["reference"],
        "state": sale["state"],
        "party": {"id": str(sale["party"])},
        "currency": {"code": part(sale, "currency.", "code")},
        "payment_term": {"name": part(sale, "payment_term.", "name")},
        "description": sale["description"],
        "lines": [stored(row) for row in rows],
    }
