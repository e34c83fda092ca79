"""Costs born in NetSuite: whole documents as they stand, in any order of change; voided and deleted ones are seen."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.netsuite import records as r
from tests.connectors.netsuite.ledgers import Connecting, Ledgers
from tieline.model.money import Money
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import CostDocument
from tieline.sdk.roles import Erp


@pytest.fixture
def project(erp: Erp) -> str:
    return r.booked(erp)["project"]


@pytest.fixture
def vendor(ledgers: Ledgers) -> str:
    return ledgers.create("vendor", companyName="Kestrel Analytics", subsidiary={"externalId": "US"})


def line(project: str | None, amount: Any, memo: str = "Data work", account: str = "6000") -> dict[str, Any]:
    named = {"customer": {"id": project}} if project else {}
    return {"account": {"externalId": account}, "amount": amount, "memo": memo, **named}


def bill(ledgers: Ledgers, vendor: str, *lines: dict[str, Any], record: str = "vendorBill", **fields: Any) -> str:
    return ledgers.create(record, entity={"id": vendor}, expense={"items": list(lines)}, **fields)


def swept(erp: Erp, cursor: str | None = None) -> tuple[dict[str, CostDocument], str]:
    """One round; of a document that comes twice the newest."""
    found: dict[str, CostDocument] = {}
    while True:
        page = erp.list_changed_costs(cursor)
        found |= {one.external_id: one for one in page.items}
        if not page.more:
            return found, page.cursor
        cursor = page.cursor


def amounts(document: CostDocument) -> Sequence[Decimal]:
    return [one.cost.net_cost.amount for one in document.lines]


def test_a_bill_is_told_with_its_lines_of_projects_and_no_others(
    ledgers: Ledgers, connecting: Connecting, project: str, vendor: str
) -> None:
    account = ledgers.id_of("account", "6000")
    erp = connecting(cost_kinds={f"account:{account}": "subcontractor"}).erp
    assert erp is not None
    dated: dict[str, Any] = {"tranDate": "2026-05-20", "tranId": "KA-77", "currency": {"externalId": "EUR"}}
    number = bill(ledgers, vendor, line(project, 1200), line(None, 80), **dated)
    found, _ = swept(erp)
    [one] = found[number].lines
    cost = one.cost
    assert (cost.project_ref, cost.supplier, cost.number) == (project, "Kestrel Analytics", "KA-77")
    assert (cost.kind, cost.document_type, cost.day, cost.text) == (
        "subcontractor",
        "bill",
        date(2026, 5, 20),
        "Data work",
    )
    assert cost.net_cost == Money(amount=Decimal(1200), currency="EUR")
    assert cost.base_cost == Money(amount=Decimal(1296), currency="USD")
    assert one.row["project"] == project
    assert list(erp.list_cost_refs()) == [number]


def test_credits_are_below_zero_and_expense_reports_are_expenses(
    ledgers: Ledgers, erp: Erp, project: str, vendor: str
) -> None:
    credit = bill(ledgers, vendor, line(project, 200), record="vendorCredit")
    category = {"category": {"externalId": "Airfare"}, "amount": 350, "customer": {"id": project}}
    report = ledgers.create(
        "expenseReport", entity={"id": "1"}, approvalStatus={"id": "2"}, expense={"items": [category]}
    )
    found, _ = swept(erp)
    assert [(one.cost.kind, one.cost.net_cost.amount) for one in found[credit].lines] == [("purchase", Decimal(-200))]
    assert [(one.cost.kind, one.cost.net_cost.amount) for one in found[report].lines] == [("expense", Decimal(350))]


def test_corrections_rejections_voids_and_deletes_are_seen(
    ledgers: Ledgers, erp: Erp, project: str, vendor: str
) -> None:
    corrected, rejected, voided, deleted = (bill(ledgers, vendor, line(project, 100)) for _ in range(4))
    found, cursor = swept(erp)
    assert {ref: amounts(one) for ref, one in found.items()} == {
        ref: [Decimal(100)] for ref in (corrected, rejected, voided, deleted)
    }
    ledgers.later(60)
    rows = {"items": [line(project, 90), line(project, 25)]}
    ledgers.call("PATCH", f"record/v1/vendorBill/{corrected}?replace=expense", {"expense": rows})
    ledgers.change("vendorBill", rejected, approvalStatus={"id": "3"})
    ledgers.control("POST", "customize", {"void": [{"record": "vendorBill", "id": voided}]})
    ledgers.call("DELETE", f"record/v1/vendorBill/{deleted}")
    later, _ = swept(erp, cursor)
    assert {ref: amounts(one) for ref, one in later.items()} == {
        corrected: [Decimal(90), Decimal(25)],
        rejected: [],
        voided: [],
    }
    assert later[corrected].version > found[corrected].version
    assert list(erp.list_cost_refs()) == [corrected]


def test_more_pages_of_one_second_and_of_lines_are_all_found(
    ledgers: Ledgers, connecting: Connecting, project: str, vendor: str
) -> None:
    erp = connecting(page_size=2).erp
    assert erp is not None
    made = [bill(ledgers, vendor, *(line(project, number + 1) for number in range(5))) for _ in range(5)]
    first = erp.list_changed_costs(None)
    found, _ = swept(erp, first.cursor)
    found |= {one.external_id: one for one in first.items}
    assert sorted(found) == sorted(made)
    assert all(sum(amounts(one)) == 15 for one in found.values())
    assert sorted(erp.list_cost_refs()) == sorted(made)


def test_a_damaged_cursor_is_a_clear_error(erp: Erp) -> None:
    for cursor in ("no json", "[]", '{"after": [1], "seen": null}', '{"after": null, "seen": 5}'):
        with pytest.raises(Rejected, match="position of the sweep of costs is damaged"):
            erp.list_changed_costs(cursor)
