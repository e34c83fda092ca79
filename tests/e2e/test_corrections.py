"""Approved time that is taken back or corrected after it was posted: reversals make it come out right in the ERP."""

from typing import Any

from tests.e2e.deals import money, shown, win, work, workday
from tests.e2e.oracle import doubled
from tests.e2e.world import World

TOM = "tom.okafor@haldenmarsh.example"
PENDING, REJECTED = "1", "3"


def test_a_withdrawn_approval_is_reversed_and_the_corrected_time_posted(firm: World) -> None:
    deal = win(firm, "Deal with corrected time")
    project = firm.until(lambda: shown(firm, deal), "project")
    number = project["ERP_Id__c"]
    submission = work(firm, project, TOM, (workday(), 120), (workday(1), 60))
    firm.until(lambda: firm.finance.hours(number) == 3, "hours in NetSuite")
    firm.until(lambda: firm.finance.draft(number, money(630)), "draft invoice")

    _step(firm, submission, "reject")
    firm.until(lambda: firm.finance.hours(number) == 0, "reversed hours")
    assert _signs(firm, number) == [-2, -1, 1, 2]

    entries = firm.delivery.list("time_entries", workspace_id=project["PSA_Id__c"])
    long = next(entry for entry in entries if entry["time_in_minutes"] == 120)
    firm.delivery.change("time_entries", "time_entry", long["id"], time_in_minutes=90)
    again = firm.delivery.create(
        "timesheet_submissions",
        "timesheet_submission",
        workspace_id=int(project["PSA_Id__c"]),
        user_id=int(firm.delivery.person(TOM)["id"]),
        title="Corrected week",
        line_item_ids=[int(entry["id"]) for entry in entries],
    )
    firm.delivery.approve(str(again["id"]))
    firm.until(lambda: firm.finance.hours(number) == money("2.5"), "corrected hours")
    firm.until(lambda: firm.finance.draft(number, money(525)), "draft invoice of the corrected time")
    firm.settled()
    assert firm.exceptions() == []
    assert doubled(firm) == []


def test_a_draft_that_cannot_take_in_what_was_corrected_is_withdrawn_until_it_can(firm: World) -> None:
    deal = win(firm, "Deal with a late correction")
    project = firm.until(lambda: shown(firm, deal), "project")
    number = project["ERP_Id__c"]
    work(firm, project, TOM, (workday(), 120))
    firm.finance.release(firm.until(lambda: firm.finance.draft(number, money(420)), "first draft"))
    work(firm, project, TOM, (workday(1), 60))
    draft = firm.until(lambda: firm.finance.draft(number, money(210)), "second draft")

    entries = firm.delivery.list("time_entries", workspace_id=project["PSA_Id__c"])
    long = next(entry for entry in entries if entry["time_in_minutes"] == 120)
    firm.delivery.change("time_entries", "time_entry", long["id"], time_in_minutes=30)
    firm.until(lambda: _approval(firm, draft) == REJECTED, "draft that nobody can release by mistake")
    firm.settled()

    work(firm, project, TOM, (workday(2), 60))
    assert firm.until(lambda: firm.finance.draft(number, money(105)), "draft with the corrections") == draft
    assert _approval(firm, draft) == PENDING
    assert firm.exceptions() == []


def _approval(here: World, invoice: str) -> str:
    return str(here.finance.invoice(invoice)["approvalStatus"]["id"])


def _step(here: World, submission: str, step: str) -> None:
    here.delivery._browser.call("PUT", f"/api/v1/timesheet_submissions/{submission}/{step}", {"resolution": {}})


def _signs(here: World, number: str) -> list[int]:
    rows: list[dict[str, Any]] = here.finance.rows(f"SELECT hours FROM timebill WHERE customer = {int(number)}")
    return sorted(int(money(row["hours"])) for row in rows)
