"""Change orders through all systems: versions of the contract, their prices by day, and the gate before an invoice."""

from datetime import date, timedelta
from typing import Any

from tests.e2e.deals import Deal, Line, money, netsuite_record, offer, shown, stage, win, work, workday
from tests.e2e.oracle import doubled
from tests.e2e.world import World
from tieline.app.views.exceptions import ExceptionRow
from tieline.demo.people import today
from tieline.engine.approvals import decide_approval

TOM = "tom.okafor@haldenmarsh.example"


def agree(here: World, deal: Deal, *lines: dict[str, Any], name: str = "CO-1", since: date, **fields: Any) -> str:
    """Sales writes a change order down; it is not approved yet."""
    base = {"Name": name, "Opportunity__c": deal.id, "Kind__c": "scope", "Status__c": "proposed",
            "Effective_From__c": since.isoformat(), "CurrencyIsoCode": "USD"}  # fmt: skip
    order = here.sales.create("Tieline_Change_Order__c", **base | fields)
    for number, line in enumerate(lines, 1):
        here.sales.create("Tieline_Change_Order_Line__c", Name=f"{number}", Change_Order__c=order, **line)
    return order


def approve(here: World, *orders: str) -> None:
    """The customer has signed, in this order."""
    for minute, order in enumerate(orders):
        at = f"{today().isoformat()}T00:{minute:02}:00.000+0000"
        here.sales.change("Tieline_Change_Order__c", order, Status__c="approved", Approved_At__c=at)


def versions(here: World, deal: Deal) -> list[dict[str, Any]]:
    """The chain of a deal's contract."""
    return here.rows(
        "select version, effective_from, (body->'value'->>'amount')::numeric as value, contract_id, engagement_id"
        " from contract_version where body->>'name' = %s order by version",
        deal.name,
    )


def running(here: World, name: str) -> tuple[Deal, dict[str, Any]]:
    deal = win(here, name)
    return deal, here.until(lambda: shown(here, deal), f"project of {name}")


def sold(here: World, project: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The lines of the sales order in NetSuite."""
    orders = here.ledger("netsuite", "salesOrder.upsert")
    own = next(e["key"] for e in orders if project["ERP_Id__c"] in {x["job"]["id"] for x in e["body"]["item"]["items"]})
    lines = netsuite_record(here, "salesOrder", own)["item"]["items"]
    return sorted((line["description"], money(line["quantity"]), money(line["rate"])) for line in lines)


def requests(here: World, project: dict[str, Any]) -> list[dict[str, Any]]:
    """The open resource requests in Kantata."""
    resources = {row["id"] for row in here.delivery.list("workspace_resources", workspace_id=project["PSA_Id__c"])}
    rows = here.delivery.list("resource_requests", include="resource")
    return [row for row in rows if str(row["resource_id"]) in resources and row["status"] != "cancelled"]


def exceptions(here: World, words: str) -> list[ExceptionRow]:
    return [row for row in here.exceptions() if words in row.message]


def test_a_new_role_and_a_new_rate_reach_every_system_as_two_versions(firm: World) -> None:
    deal, project = running(firm, "Deal that grows")
    wider = agree(firm, deal, {"Action__c": "add", "Role__c": "Engagement Manager", "Workstream__c": "Review",
                               "Hours__c": 20, "Rate__c": 260}, since=workday())  # fmt: skip
    dearer = agree(firm, deal, {"Action__c": "change", "Role__c": "Senior Consultant", "Rate__c": 230},
                   name="CO-2", since=workday(), Kind__c="rate")  # fmt: skip
    firm.settled()  # a worker that ends in the middle of a write leaves it in doubt for minutes
    with firm.at_rest():
        approve(firm, wider, dearer)
    firm.until(lambda: len(versions(firm, deal)) == 3, "two new versions")
    assert [row["value"] for row in versions(firm, deal)] == [8400, 13600, 14400]
    firm.until(lambda: len(sold(firm, project)) == 2, "the new line in NetSuite")
    firm.settled()
    assert sorted((int(hours), int(rate)) for _, hours, rate in sold(firm, project)) == [(20, 260), (40, 230)]
    planned = money(netsuite_record(firm, "job", project["ERP_Id__c"])["estimatedCost"])
    assert planned == 40 * 95 + 20 * 120, "what a senior consultant and an engagement manager cost"
    requests = firm.delivery.list("workspace_resources", workspace_id=project["PSA_Id__c"])
    assert len(requests) == 2
    (row,) = firm.sales.query(
        f"SELECT Contract_Version__c, Value__c, Planned_Hours__c FROM Tieline_Project__c WHERE Id = '{project['Id']}'"
    )
    assert [row[name] for name in ("Contract_Version__c", "Value__c", "Planned_Hours__c")] == [3, 14400, 60]
    held = firm.rows("select role, version from version_held h join project p on p.id = h.project_id"
                     " where p.contract_id = %s order by role", versions(firm, deal)[0]["contract_id"])  # fmt: skip
    assert [(one["role"], one["version"]) for one in held] == [("crm", 3), ("erp", 3), ("psa", 3)]

    work(firm, project, TOM, (workday(), 60))
    firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], money(230)), "draft at the new rate")
    assert firm.exceptions() == []


def test_what_an_order_takes_away_is_cancelled_where_people_plan(firm: World) -> None:
    deal = win(firm, "Deal that shrinks", Line(), Line("Review", "Consultant", 10, 165))
    project = firm.until(lambda: shown(firm, deal), "project")
    firm.until(lambda: len(requests(firm, project)) == 2, "two requests")
    firm.settled()
    approve(firm, agree(firm, deal, {"Action__c": "remove", "Role__c": "Consultant"}, since=workday()))
    firm.until(lambda: len(requests(firm, project)) == 1, "one request")
    firm.until(lambda: [line[1:] for line in sold(firm, project)] == [(40, 210)], "one line in NetSuite")
    firm.settled()
    tasks = firm.delivery.list("stories", workspace_id=project["PSA_Id__c"], include_archived=True)
    assert {task["title"]: task["archived"] for task in tasks if "Consultant" in task["title"]} == {
        "Design by Senior Consultant": False,
        "Review by Consultant": True,
    }
    assert firm.exceptions() == []


def test_milestones_agreed_before_the_win_are_in_every_system_with_the_first_ones(firm: World) -> None:
    deal = offer(firm, "Deal changed while it was signed", Line("Go-live", None, 1, 5000, description="Go-live"),
                 Billing_Method__c="milestone")  # fmt: skip
    approve(firm, agree(firm, deal, {"Action__c": "add", "Description__c": "Training", "Amount__c": 2500},
                        {"Action__c": "change", "Description__c": "Go-live", "Amount__c": 500},
                        since=workday(), Kind__c="milestone"))  # fmt: skip
    stage(firm, deal, "Closed Won")
    firm.until(lambda: [row["value"] for row in versions(firm, deal)] == [5000, 8000], "two versions at once")
    project = firm.until(lambda: shown(firm, deal), "project")
    firm.settled()
    stories = firm.delivery.list("stories", workspace_id=project["PSA_Id__c"])
    assert {row["title"] for row in stories if row["story_type"] == "milestone"} == {"Go-live", "Training"}
    plans = [
        e["body"]["milestone"]["items"]
        for e in firm.ledger("netsuite", "billingSchedule.*")
        if "milestone" in e["body"]
    ]
    assert sorted(money(item["milestoneAmount"]) for item in plans[-1]) == [2500, 5500]
    assert firm.exceptions() == []


def test_a_won_add_on_deal_adds_its_lines_to_the_running_project(firm: World) -> None:
    deal, project = running(firm, "Deal with an add-on")
    (first,) = versions(firm, deal)
    more = offer(firm, "The add-on", Line("Run", "Consultant", 10, 165), Parent_Engagement__c=first["engagement_id"])
    firm.sales.change("Opportunity", more.id, AccountId=deal.account)
    stage(firm, more, "Closed Won")
    firm.until(lambda: [row["value"] for row in versions(firm, deal)] == [8400, 10050], "version 2")
    firm.until(lambda: len(sold(firm, project)) == 2, "the new line in NetSuite")
    firm.settled()
    assert firm.exceptions() == []


def test_a_backdated_rate_is_credited_and_billed_again_by_one_decision(firm: World) -> None:
    deal, project = running(firm, "Deal dearer from its start")
    number = project["ERP_Id__c"]
    work(firm, project, TOM, (workday(), 120))
    firm.finance.release(firm.until(lambda: firm.finance.draft(number, money(420)), "first draft"))
    firm.until(lambda: firm.rows("select 1 as x from invoice where status = 'open'"), "open invoice")
    back = agree(firm, deal, {"Action__c": "change", "Role__c": "Senior Consultant", "Rate__c": 230},
                 since=today().replace(day=1), Kind__c="rate")  # fmt: skip
    approve(firm, back)

    found = firm.until(lambda: next(iter(exceptions(firm, "Credit and rebill")), None), "the question")
    assert "net USD 40.00" in found.message
    assert firm.finance.draft(number, money(40)) is None
    assert found.approval_id is not None
    assert decide_approval(firm.tieline.database, found.approval_id, approve=True, by="finance@haldenmarsh.example")
    firm.until(lambda: firm.finance.draft(number, money(40)), "credit and rebill on the next draft")
    firm.settled()
    assert firm.finance.hours(number) == 2
    assert firm.exceptions() == []
    assert doubled(firm) == []


def test_no_draft_is_sent_before_every_system_holds_the_version_that_counts_for_it(firm: World) -> None:
    deal, project = running(firm, "Deal behind a gate")
    number = project["ERP_Id__c"]
    firm.settled()
    firm.fault("netsuite", "salesOrder.*", "status", status=429)
    approve(firm, agree(firm, deal, {"Action__c": "change", "Role__c": "Senior Consultant", "Rate__c": 230},
                        since=workday(), Kind__c="rate"))  # fmt: skip
    firm.until(lambda: len(versions(firm, deal)) == 2, "version 2")
    work(firm, project, TOM, (workday(), 60))
    stands = "select note from agenda where flow = 'billing' and note like '%%holds version%%' and engagement = %s"
    (found,) = firm.until(lambda: firm.rows(stands, versions(firm, deal)[0]["engagement_id"]), "billing that stands by")
    assert found["note"] == (
        f"No invoice before NetSuite holds version 2 of the contract, in force by {workday().isoformat()}"
    )
    assert firm.finance.draft(number, money(230)) is None
    firm.control("netsuite", "DELETE", "faults")
    firm.until(lambda: firm.finance.draft(number, money(230)), "the draft")


def test_a_version_of_next_month_is_kept_here_until_its_day(firm: World) -> None:
    deal, project = running(firm, "Deal that changes next month")
    firm.settled()
    before = sold(firm, project)
    since = (today().replace(day=1) + timedelta(days=32)).replace(day=1)
    approve(firm, agree(firm, deal, {"Action__c": "change", "Role__c": "Senior Consultant", "Rate__c": 230},
                        since=since, Kind__c="rate"))  # fmt: skip
    firm.until(lambda: len(versions(firm, deal)) == 2, "version 2")
    contract = versions(firm, deal)[0]["contract_id"]
    due = firm.until(
        lambda: firm.rows("select due_at, state from agenda where key = %s and due_at is not null", contract), "its day"
    )
    assert (due[0]["due_at"].date(), due[0]["state"]) == (since, "done")
    assert sold(firm, project) == before
    work(firm, project, TOM, (workday(), 60))
    firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], money(210)), "draft at the rate of this month")
