"""Systems that agree: nothing is told of a firm at work, with corrections, milestones and payments in its books."""

from tests.e2e.deals import Line, invoices, money, shown, win, work, workday
from tests.e2e.world import World
from tests.reconciliation.books import TOM, at_work
from tests.reconciliation.comparing import Comparing


def test_a_firm_at_work_has_no_discrepancy_and_no_violation(firm: World, comparing: Comparing) -> None:
    with at_work(firm):
        _business(firm)
    result = comparing.run()
    assert comparing.rows() == []
    assert {one.record for one in result.compared if one.totals} == {
        *("opportunity", "customer", "project", "contract", "time", "milestone", "invoice", "payment")
    }
    checked = comparing.verify()
    assert [one.violations for one in checked.checked if one.count] == []
    assert {one.invariant for one in checked.checked if one.looked_at} == {"I1", "I2", "I3", "I5", "I10"}
    approved = {row.project: (row.approved, row.posted) for row in checked.quantities}
    assert approved[firm.rows("select code from project where body->>'name' = 'Deal that agrees'")[0]["code"]] == (
        30,
        30,
    )
    assert firm.exceptions() == []


def _business(firm: World) -> None:
    deal = win(firm, "Deal that agrees")
    fixed = win(
        firm,
        "Milestones that agree",
        Line(workstream="Go-live", role=None, quantity=1, price=25_000, description="Go-live"),
        Billing_Method__c="milestone",
    )
    project = firm.until(lambda: shown(firm, deal), "project")
    other = firm.until(lambda: shown(firm, fixed), "project with milestones")
    submission = work(firm, project, TOM, (workday(), 120), (workday(1), 60))
    work(firm, project, TOM, (workday(2), 30))
    draft = firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], money(735)), "draft invoice")
    firm.delivery._browser.call("PUT", f"/api/v1/timesheet_submissions/{submission}/reject", {"resolution": {}})
    firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], money(105)), "draft without what was taken back")
    milestone = next(
        str(row["id"])
        for row in firm.delivery.list("stories", workspace_id=other["PSA_Id__c"])
        if row["story_type"] == "milestone"
    )
    firm.delivery.change("stories", "story", milestone, state="completed")
    firm.until(lambda: firm.finance.draft(other["ERP_Id__c"], money(25_000)), "milestone invoice")
    firm.finance.release(draft)
    firm.until(lambda: [row for row in invoices(firm, project) if row["Status__c"] == "open"], "released invoice")
    firm.finance.pay(draft, money(50))
    firm.until(lambda: [row for row in invoices(firm, project) if row["Status__c"] == "partly_paid"], "part payment")
    firm.settled()
