"""The workload of the crash points: one small engagement from a won deal to its payment."""

from datetime import date

from tests.e2e.deals import Line, invoices, money, shown, win, workday
from tests.faults.firm import Firm
from tieline.demo.people import today

TOM, MARCO = "tom.okafor@haldenmarsh.example", "marco.silva@haldenmarsh.example"
DESIGN, BUILD = "Design by Senior Consultant", "Build by Consultant"


def opportunity_to_cash(firm: Firm) -> None:
    """People act, and between their acts Tieline settles. Everything must be there when it says it has settled."""
    here = firm.here
    deal = win(here, "Grid analytics", Line(), Line("Build", "Consultant", 60, 165))
    settle(firm)
    project = shown(here, deal)
    assert project is not None, says(firm)

    here.delivery.staff(project["PSA_Id__c"], TOM, today(), today(), 40)
    book(firm, project["PSA_Id__c"], DESIGN, TOM, (workday(), 60), (workday(1), 90))
    book(firm, project["PSA_Id__c"], BUILD, MARCO, (workday(), 60))
    settle(firm)
    assert here.finance.hours(project["ERP_Id__c"]) == money("3.5"), says(firm)
    draft = here.finance.draft(project["ERP_Id__c"], money(690))
    assert draft is not None, says(firm)

    here.finance.release(draft)
    settle(firm)
    assert [row["Status__c"] for row in invoices(here, project)] == ["open"], says(firm)

    here.finance.pay(draft, here.finance.total(draft))
    settle(firm)
    assert [row["Status__c"] for row in invoices(here, project)] == ["paid"], says(firm)
    assert not firm.rows("select message from exception_item where closed_at is null")


def book(firm: Firm, workspace: str, task: str, email: str, *days: tuple[date, int]) -> str:
    """Somebody books time on a task and has it approved; the submission's id."""
    delivery = firm.here.delivery
    stories = delivery.list("stories", workspace_id=workspace)
    story = next(str(row["id"]) for row in stories if row["title"] == task)
    submission = delivery.book(workspace, story, email, [(day, minutes, "work") for day, minutes in days])
    delivery.approve(submission)
    return submission


def settle(firm: Firm) -> None:
    """People act some seconds apart from us: vendors tell time in seconds, and two changes in one are seen late."""
    pass_time(firm)
    firm.settle()
    pass_time(firm)


def pass_time(firm: Firm, seconds: int = 3) -> None:
    """Some time goes by at the vendors."""
    for vendor in firm.here.urls:
        offset = int(firm.here.control(vendor, "GET", "clock")["offset_seconds"])
        firm.here.control(vendor, "POST", "clock", {"offset_seconds": offset + seconds})


def says(firm: Firm) -> str:
    """What Tieline itself says, for a test that fails."""
    agenda = firm.rows("select flow, state, note from agenda where flow <> 'unlinked'")
    return f"{firm.rows('select message from exception_item where closed_at is null')} {agenda}"
