"""One engagement from won to paid, each by its people in their own systems, with NetSuite as the ERP."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.e2e.deals import Line, invoices, money, netsuite_record, shown, win, work, workday
from tests.e2e.oracle import doubled
from tests.e2e.world import World
from tieline.app.collections import act_on_invoice
from tieline.demo.people import today
from tieline.demo.story import Story
from tieline.exception_queue.actions import retry


def test_a_won_deal_is_staffed_worked_billed_and_paid(firm: World) -> None:
    story = Story(
        sales=firm.sales,
        delivery=firm.delivery,
        finance=firm.finance,
        legal_entity="US",
        currency="USD",
        say=lambda who, what: None,
        stalled=lambda: f"{[row.message for row in firm.exceptions()]}",
    )
    story.play()
    assert [check for check in story.checks if not check.ok] == []
    assert len(story.checks) == 7
    assert firm.exceptions() == []


def test_a_completed_milestone_is_billed_once_and_disputes_and_suppliers_bills_are_seen_everywhere(firm: World) -> None:
    deal = win(
        firm,
        "Fixed price roll-out",
        Line(workstream="Go-live", role=None, quantity=1, price=25_000, description="Go-live"),
        Billing_Method__c="milestone",
    )
    project = firm.until(lambda: shown(firm, deal), "project in Salesforce")
    milestone = firm.until(lambda: _milestone(firm, project), "milestone in Kantata")
    firm.delivery.change("stories", "story", milestone, state="completed")

    draft = firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], Decimal(25_000)), "draft invoice")
    firm.delivery.change("stories", "story", milestone, due_date=(today() + timedelta(days=9)).isoformat())
    firm.settled()
    firm.finance.release(draft)
    (invoice,) = firm.until(
        lambda: [row for row in invoices(firm, project) if row["Status__c"] == "open"], "invoice in Salesforce"
    )
    assert money(invoice["Net__c"]) == 25_000
    assert money(invoice["Total__c"]) == firm.finance.total(draft)
    assert doubled(firm) == []
    billed = [entry["body"].get("job") for entry in firm.ledger("netsuite", "invoice.upsert")]
    assert billed.count({"id": project["ERP_Id__c"]}) == 1

    database = firm.tieline.database
    act_on_invoice(database, invoice["Name"], "dispute", by="Ida Berg", note="Not accepted yet")
    in_crm = f"SELECT Id FROM Tieline_Invoice__c WHERE Id = '{invoice['Id']}' AND Collection_Status__c = "
    firm.until(lambda: firm.sales.query(f"{in_crm}'disputed'"), "dispute in Salesforce")
    firm.until(
        lambda: [entry for entry in firm.ledger("kantata") if "disputed" in str(entry["body"])], "dispute in Kantata"
    )
    act_on_invoice(database, invoice["Name"], "settle", by="Ida Berg")
    act_on_invoice(database, invoice["Name"], "promise", by="Ida Berg", promised_on=today() + timedelta(5))
    firm.until(lambda: firm.sales.query(f"{in_crm}'promised'"), "promise in Salesforce")

    firm.finance.create("vendor", {"companyName": "Kestrel Analytics", "subsidiary": {"externalId": "US"}})
    (vendor,) = firm.finance.rows("SELECT id FROM vendor WHERE companyname = 'Kestrel Analytics'")
    line = {"account": {"externalId": "6000"}, "amount": 4200, "customer": {"id": project["ERP_Id__c"]}}
    firm.finance.create("vendorBill", {"entity": {"id": vendor["id"]}, "expense": {"items": [line]}})
    firm.until(lambda: "[420000, 'USD']" in str(firm.ledger("kantata", "workspaces.update")), "its cost in Kantata")


def _milestone(here: World, project: dict[str, Any]) -> str | None:
    rows = here.delivery.list("stories", workspace_id=project["PSA_Id__c"])
    return next((str(row["id"]) for row in rows if row["story_type"] == "milestone"), None)


def test_no_draft_is_sent_while_the_erp_is_set_up_otherwise_than_agreed(firm: World) -> None:
    deal = win(firm, "Deal finance set up otherwise")
    project = firm.until(lambda: shown(firm, deal), "project in Salesforce")
    firm.settled()
    upserts = firm.ledger("netsuite", "salesOrder.upsert")
    order = next(one["key"] for one in upserts if one["body"]["memo"] == deal.name)
    agreed = netsuite_record(firm, "salesOrder", order)["terms"]["id"]
    _set_terms(firm, order, next(one for one in ("1", "2", "3") if one != agreed))
    work(firm, project, "tom.okafor@haldenmarsh.example", (workday(), 60))
    (held,) = firm.until(firm.exceptions, "exception")
    assert "Payment terms: NET30 is agreed, Sales order" in held.message
    assert held.owner == "finance"
    assert firm.finance.draft(project["ERP_Id__c"], Decimal(210)) is None

    _set_terms(firm, order, agreed)
    retry(firm.tieline.database, held.id, by="dana")
    firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], Decimal(210)), "draft invoice")
    firm.until(lambda: firm.exceptions() == [], "no exception")


def _set_terms(here: World, order: str, terms: str) -> None:
    here.finance._browser.call("PATCH", f"/services/rest/record/v1/salesOrder/{order}", {"terms": {"id": terms}})
