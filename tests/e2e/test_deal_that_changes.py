"""A won deal that is edited, re-opened or lost: nothing is written without a decision of a person."""

from typing import Any

from tests.e2e.deals import Deal, Line, money, netsuite_record, shown, stage, win, work, workday
from tests.e2e.oracle import written
from tests.e2e.world import World
from tieline.app.views.exceptions import ExceptionRow
from tieline.engine.approvals import decide_approval


def test_an_edit_without_change_order_writes_nothing_and_names_the_money(firm: World) -> None:
    deal, _ = _running(firm, "Edited deal")
    before = {vendor: len(written(firm, vendor)) for vendor in firm.urls}
    firm.sales.change("OpportunityLineItem", deal.lines[0], UnitPrice=260)

    found = _exception(firm, deal, "change without change order")
    assert "USD 2,000.00" in found.message
    assert found.money == (("USD", money(2000)),)
    assert found.owner == "sales"
    assert {vendor: len(written(firm, vendor)) for vendor in firm.urls} == before

    firm.sales.change("OpportunityLineItem", deal.lines[0], UnitPrice=210)
    firm.until(lambda: not _exceptions(firm, deal), "end of the exception")


def test_a_deal_lost_before_any_posting_is_withdrawn_after_an_approval(firm: World) -> None:
    deal, project = _running(firm, "Lost deal", Line(), Line("Go-live", None, 1, 5000, description="Go-live"))
    stage(firm, deal, "Closed Lost")
    found = _exception(firm, deal, "withdraw")
    assert found.kind == "approval"
    assert "was lost" in found.message
    assert _closed(firm, project) == (False, False)

    assert found.approval_id is not None
    assert decide_approval(firm.tieline.database, found.approval_id, approve=True, by="finance@haldenmarsh.example")
    firm.until(lambda: _closed(firm, project) == (True, True), "closed projects")
    firm.until(lambda: not _exceptions(firm, deal), "end of the exception")
    assert _open_requests(firm, project) == []
    assert _open_order_lines(firm, project) == []

    stage(firm, deal, "Closed Won")
    firm.until(lambda: _closed(firm, project) == (False, False), "projects taken up again")
    firm.until(lambda: _open_requests(firm, project), "resource request made again")
    assert len(_open_order_lines(firm, project)) == 2
    firm.settled()

    stage(firm, deal, "Closed Lost")
    again = _exception(firm, deal, "withdraw")
    assert again.approval_id != found.approval_id
    assert _closed(firm, project) == (False, False)


def test_a_deal_won_again_before_the_decision_goes_on_as_if_nothing_had_happened(firm: World) -> None:
    deal, project = _running(firm, "Re-opened deal")
    stage(firm, deal, "Negotiation/Review")
    asked = _exception(firm, deal, "withdraw")
    assert "re-opened" in asked.message

    stage(firm, deal, "Closed Won")
    firm.until(lambda: not _exceptions(firm, deal), "end of the exception")
    assert asked.approval_id is not None
    assert not decide_approval(firm.tieline.database, asked.approval_id, approve=True, by="finance@haldenmarsh.example")
    assert _closed(firm, project) == (False, False)


def test_a_deal_lost_after_posting_names_the_amount_and_closes_nothing(firm: World) -> None:
    deal, project = _running(firm, "Deal lost too late")
    work(firm, project, "tom.okafor@haldenmarsh.example", (workday(), 120))
    firm.until(lambda: firm.finance.hours(project["ERP_Id__c"]) == 2, "hours in NetSuite")
    firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], money(420)), "draft invoice")
    firm.settled()
    stage(firm, deal, "Closed Lost")

    found = _exception(firm, deal, "was posted already")
    assert "USD 420.00" in found.message
    assert found.owner == "finance"
    assert _closed(firm, project) == (False, False)


def _running(here: World, name: str, *lines: Line) -> tuple[Deal, dict[str, Any]]:
    deal = win(here, name, *lines)
    project = here.until(lambda: shown(here, deal), f"project of {name}")
    here.settled()
    return deal, project


def _exceptions(here: World, deal: Deal) -> list[ExceptionRow]:
    return [row for row in here.exceptions() if f"'{deal.name}'" in row.message]


def _exception(here: World, deal: Deal, words: str) -> ExceptionRow:
    return here.until(lambda: next((row for row in _exceptions(here, deal) if words in row.message), None), words)


def _closed(here: World, project: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the project is closed in Kantata and in NetSuite."""
    rows = here.delivery.list("workspaces", include_archived=True)
    workspace = next(row for row in rows if row["id"] == project["PSA_Id__c"])
    return bool(workspace["archived"]), netsuite_record(here, "job", project["ERP_Id__c"])["entityStatus"]["id"] == "1"


def _open_requests(here: World, project: dict[str, Any]) -> list[dict[str, Any]]:
    resources = {row["id"] for row in here.delivery.list("workspace_resources", workspace_id=project["PSA_Id__c"])}
    requests = here.delivery.list("resource_requests", include="resource")
    return [row for row in requests if str(row["resource_id"]) in resources and row["status"] != "cancelled"]


def _open_order_lines(here: World, project: dict[str, Any]) -> list[dict[str, Any]]:
    orders = here.ledger("netsuite", "salesOrder.upsert")
    own = next(entry["key"] for entry in orders if _bills(entry["body"], project["ERP_Id__c"]))
    lines: list[dict[str, Any]] = netsuite_record(here, "salesOrder", own)["item"]["items"]
    return [line for line in lines if not line.get("isClosed")]


def _bills(order: dict[str, Any], project: str) -> bool:
    return project in {line["job"]["id"] for line in order["item"]["items"]}
