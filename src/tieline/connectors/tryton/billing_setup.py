"""How Tryton would bill a project: work and sale beside what the contract agrees, and that Tryton makes no invoices."""

from collections.abc import Sequence

from tieline.connectors.tryton.lines import price_of, rendered
from tieline.connectors.tryton.records import Site, part
from tieline.connectors.tryton.sale import SALE
from tieline.connectors.tryton.sale import as_payload as stored_sale
from tieline.connectors.tryton.work import WORK
from tieline.mapping.held import HeldOtherwise, held_otherwise
from tieline.model.record import Record
from tieline.sdk.billing_setup import (
    CLAUSES,
    AgreedBilling,
    RatedLine,
    SetupDifference,
    differing_rates,
    in_words,
)
from tieline.sdk.operation import Links, Payload

KEPT = CLAUSES.keys() - {"po_number"}
"""The order number stands within the description, which is people's."""


def read_billing_differences(site: Site, agreed: AgreedBilling, links: Links) -> Sequence[SetupDifference]:
    """What the records of the links `project` and `contract` hold otherwise."""
    work = site.one(WORK, site.number(links["project"]), ("rec_name", "party", "party.name", "project_invoice_method"))
    place = f"Project {work['rec_name']}"
    party = {"id": str(work["party"]) if work.get("party") else None, "name": part(work, "party.", "name")}
    found = _clauses(site, "project", agreed.project, {"party": party}, place, agreed, links)
    found += _by_hand(work.get("project_invoice_method"), place)
    number = site.number(links["contract"])
    sale = site.one(SALE, number, ("number", "invoice_method", "party.name"))
    stored, place = stored_sale(site, number), f"Sale {sale['number'] or number}"
    stored["party"]["name"] = part(sale, "party.", "name")
    found += _clauses(site, "contract", agreed.contract, stored, place, agreed, links)
    found += _by_hand(sale.get("invoice_method"), place)
    sent = rendered(site.mappings["contract_line"], agreed.contract.lines, links)
    names = [line.item for line in agreed.contract.lines]
    return found + differing_rates(_rates(sent, names), _rates(stored["lines"], names=None), place)


def _clauses(
    site: Site, name: str, record: Record, stored: Payload, place: str, agreed: AgreedBilling, links: Links
) -> list[SetupDifference]:
    values = {**record.model_dump(), "customer": agreed.project.customer_name}
    return [
        SetupDifference(CLAUSES[one.canonical], place, in_words(values.get(one.canonical)), _shown(one, stored))
        for one in held_otherwise(site.mappings[name], KEPT, site.write(name, record, links), stored)
    ]


def _shown(one: HeldOtherwise, stored: Payload) -> str:
    """Names are the keys of most things in Tryton; a party has both."""
    return in_words(part(stored, one.vendor.partition(".")[0], "name") or one.held)


def _by_hand(method: object, place: str) -> list[SetupDifference]:
    """Any other method makes a second invoice beside ours (fact sheet trap a)."""
    return [] if method == "manual" else [SetupDifference("Invoices", place, "none made by Tryton", str(method))]


def _rates(lines: Sequence[Payload], names: Sequence[str] | None) -> list[RatedLine]:
    """A line without a product is the one for what rounding leaves."""
    told = names or [""] * len(lines)
    return [
        RatedLine(str(code), name, price_of(line))
        for line, name in zip(lines, told, strict=True)
        if (code := part(line, "product", "code")) and line.get("unit_price") is not None
    ]
