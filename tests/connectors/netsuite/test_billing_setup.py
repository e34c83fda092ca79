"""How NetSuite is set up to bill a project: nothing to say as written, both sides told after finance changed it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import Ledgers
from tieline.connectors.netsuite import connect
from tieline.sdk.billing_setup import AgreedBilling
from tieline.sdk.http import OpenGate
from tieline.sdk.roles import Erp

AGREED = AgreedBilling(r.project(), r.contract(), r.schedule("milestone"))


@pytest.fixture
def links(erp: Erp) -> dict[str, str]:
    """Customer, project, sales order and billing schedule as Tieline writes them."""
    found = r.booked(erp)
    found["contract"] = r.write(erp.ensure_contract, AGREED.contract, **found)
    found["billing_schedule"] = r.write(erp.ensure_billing_schedule, AGREED.schedule, project=found["project"])
    return found


def told(erp: Erp, links: dict[str, str], agreed: AgreedBilling = AGREED) -> list[str]:
    return [str(one) for one in erp.read_billing_differences(agreed, links)]


def test_what_tieline_has_written_agrees_with_the_contract(erp: Erp, links: dict[str, str]) -> None:
    assert told(erp, links) == []


def test_a_plan_of_any_method_agrees_as_written_also_one_netsuite_keeps_no_amounts_of(
    erp: Erp, links: dict[str, str]
) -> None:
    for method in ("time_and_materials", "fixed_price", "retainer"):
        plan = r.schedule(method, id=f"bsc_{method}")
        links["billing_schedule"] = r.write(erp.ensure_billing_schedule, plan, project=links["project"])
        assert told(erp, links, replace(AGREED, schedule=plan)) == []


def test_what_finance_changed_is_told_with_both_sides(erp: Erp, ledgers: Ledgers, links: dict[str, str]) -> None:
    net60 = {"id": ledgers.ids["payment_terms"]["NET60"]}
    ledgers.change("job", links["project"], jobBillingType={"id": "2"})
    items: list[dict[str, Any]] = ledgers.read("salesOrder", links["contract"])["item"]["items"]
    dearer = next(line for line in items if Decimal(str(line["rate"])) == 165)
    changed = {"items": [{"line": dearer["line"], "rate": 170}]}
    ledgers.change("salesOrder", links["contract"], terms=net60, otherRefNum="PO-78", item=changed)
    order = ledgers.read("salesOrder", links["contract"])["tranId"]
    milestones = {"items": [{"milestoneAmount": "100%", "milestoneDate": "2026-12-31"}]}
    ledgers.change("billingSchedule", links["billing_schedule"], milestone=milestones)
    found = told(erp, links)
    assert found[0] == "Billing type: time and materials is agreed, Project BLU-001 has Fixed Bid, Milestone"
    assert found[1:4] == [
        f"Payment terms: NET30 is agreed, Sales order {order} has Net 60",
        f"Order number of the customer: PO-77 is agreed, Sales order {order} has PO-78",
        f"Rate of Consultant: 165.00 is agreed, Sales order {order} has 170.00",
    ]
    assert "Amounts of the invoice plan: 12,000.50, 8,000.00 is agreed" in found[4]
    assert "100%" in found[4]


def test_a_field_the_erp_owns_by_the_sites_word_does_not_count(
    erp: Erp, ledgers: Ledgers, links: dict[str, str]
) -> None:
    ledgers.change("salesOrder", links["contract"], terms={"id": ledgers.ids["payment_terms"]["NET60"]})
    owning = connect(replace(ledgers.settings(), owners={"payment_terms": "erp"}), OpenGate())
    assert owning.erp is not None
    assert told(owning.erp, links) == []
    owning.close()
    assert len(told(erp, links)) == 1
