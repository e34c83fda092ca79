"""How NetSuite would bill a project: project, sales order and billing schedule beside what the contract agrees."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tieline.connectors.netsuite import billing_schedule, contract, project
from tieline.connectors.netsuite.records import Kind, Site, items_of, rendered, top_names
from tieline.mapping.held import HeldOtherwise, held_otherwise
from tieline.model.project import ContractPartLine
from tieline.model.record import Record
from tieline.sdk.billing_setup import (
    CLAUSES,
    AgreedBilling,
    RatedLine,
    SetupDifference,
    differing_plan,
    differing_rates,
    in_words,
)
from tieline.sdk.operation import Links, Payload

AMOUNTS = {"milestone": "milestoneAmount", "recurrence": "amount"}
"""Sublist of a billing schedule -> the field of its amount."""


def read_billing_differences(site: Site, agreed: AgreedBilling, links: Links) -> Sequence[SetupDifference]:
    """What the records of the links `project`, `contract` and, if there is one, `billing_schedule` hold otherwise."""
    job = _stored(site, project.PROJECT, links["project"], "entityId")
    found = _clauses(site, project.PROJECT, agreed.project, job, f"Project {job.get('entityId')}", agreed, links)
    order = _stored(site, contract.KIND, links["contract"], "tranId")
    place = f"Sales order {order.get('tranId')}"
    found += _clauses(site, contract.KIND, agreed.contract, order, place, agreed, links)
    found += differing_rates(_agreed_rates(site, agreed, links), _held_rates(order), place)
    if "billing_schedule" in links:
        plan = _stored(site, billing_schedule.KIND, links["billing_schedule"], "name")
        place = f"Billing schedule {plan.get('name')}"
        found += _clauses(site, billing_schedule.KIND, agreed.schedule, plan, place, agreed, links)
        sent = _amounts(billing_schedule.rows_of(agreed.schedule))  # by the hour, say, it has no amounts there
        found += differing_plan([Decimal(str(amount)) for amount in sent], _amounts(plan), place)
    return found


def _amounts(plan: Payload) -> list[object]:
    return [row.get(name) for sublist, name in AMOUNTS.items() for row in items_of(plan, sublist)]


def _stored(site: Site, kind: Kind, record_id: str, label: str) -> dict[str, Any]:
    """As NetSuite tells it, with the names of what is referred to."""
    wanted = top_names([label, *site.mappings[kind.target].vendor_fields("write"), *kind.sublists])
    return site.client.read(kind.record_type, record_id, fields=wanted, lines=bool(kind.sublists))


def _clauses(
    site: Site, kind: Kind, record: Record, stored: Payload, place: str, agreed: AgreedBilling, links: Links
) -> list[SetupDifference]:
    mapping = site.mappings[kind.target]
    values = {**record.model_dump(), "customer": agreed.project.customer_name}
    return [
        SetupDifference(CLAUSES[one.canonical], place, in_words(values.get(one.canonical)), _shown(one, stored))
        for one in held_otherwise(mapping, CLAUSES, rendered(mapping)(record, links), stored)
    ]


def _shown(one: HeldOtherwise, stored: Payload) -> str:
    """The name NetSuite shows beside an id."""
    node = stored.get(one.vendor.partition(".")[0])
    name = node.get("refName") if isinstance(node, dict) else None
    return str(name or in_words(one.held))


def _agreed_rates(site: Site, agreed: AgreedBilling, links: Links) -> list[RatedLine]:
    mapping = site.mappings["contract_line"]
    sent: list[tuple[ContractPartLine, Payload]] = [
        (line, mapping.write(line.model_dump(), links)) for line in agreed.contract.lines
    ]
    return [
        RatedLine(str(payload["item"]["id"]), line.item, _rate(payload))
        for line, payload in sent
        if payload.get("item") and payload.get("rate") is not None
    ]


def _held_rates(order: Payload) -> list[RatedLine]:
    lines = [line for line in items_of(order, "item") if line.get("item") and line.get("rate") is not None]
    return [RatedLine(str(line["item"].get("id")), "", _rate(line)) for line in lines]


def _rate(line: Payload) -> Decimal:
    return round(Decimal(str(line["rate"])), 4)
