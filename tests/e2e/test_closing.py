"""Closing an engagement: it waits for the last invoice, then every system shows it, and it can be taken up again."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests.e2e.deals import Deal, invoices, money, netsuite_record, shown, stage, win, work, workday
from tests.e2e.world import World, world
from tests.reconciliation.comparing import Comparing
from tieline.app.closing import close_engagement
from tieline.app.succession import CannotSucceed, read_lineage, succeed
from tieline.demo.people import today
from tieline.engine.approvals import decide_approval
from tieline.reconciliation.laws import handed_over

TOM = "tom.okafor@haldenmarsh.example"
IN_PROGRESS, COMPLETE = 400, 501
CLOSING = """
[closing]
crm_stages = ["Delivered"]
psa_statuses = ["Complete"]
"""


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[World]:
    """A firm whose statuses close engagements."""
    with world(tmp_path_factory.mktemp("firm"), module_database) as here:
        file = here.site / "site.toml"
        committed = 'poll_seconds = 1, committed_stages = ["Closed Won", "Delivered"]'
        text = file.read_text().replace("poll_seconds = 1", committed)
        file.write_text(text.replace('country = "DE"', 'country = "DE"\ncredits = "memo"') + CLOSING)
        rates = f"date,from,to,rate,source\n{today()},USD,EUR,0.90,ECB\n"
        (here.site / "values/fx.csv").write_text(rates)
        here.begin()
        yield here


def test_a_status_closes_an_engagement_after_its_last_invoice_and_takes_it_up_again(firm: World) -> None:
    deal = win(firm, "Deal that is done")
    project = firm.until(lambda: shown(firm, deal), "project")
    number, workspace = project["ERP_Id__c"], project["PSA_Id__c"]
    work(firm, project, TOM, (workday(), 120))
    draft = firm.until(lambda: firm.finance.draft(number, money(420)), "draft invoice")
    late_week = _booked(firm, workspace)
    engagement = str(_outcome(firm, deal)["Engagement_Id__c"])
    firm.delivery.change("workspaces", "workspace", workspace, status_key=COMPLETE)
    (told,) = firm.until(lambda: [one for one in firm.exceptions() if "cannot be closed" in one.message], "exception")
    assert "though it is 'Complete' in Kantata" in told.message
    assert ("is not released" in told.message, told.owner) == (True, "delivery")

    firm.finance.release(draft)
    firm.until(lambda: _states(firm, engagement) == ["closed"], "closed engagement")
    assert netsuite_record(firm, "job", number)["entityStatus"]["id"] == "1"
    spaces = firm.delivery.list("workspaces", include_archived="true")
    assert [one["archived"] for one in spaces if one["id"] == workspace] == [True]
    outcome = _outcome(firm, deal)
    assert [money(outcome[name]) for name in ("Delivered_Value__c", "Hours_Delivered__c")] == [money(420), money(2)]
    assert (outcome["On_Time__c"], outcome["Closed_On__c"] is not None) == (True, True)
    firm.until(lambda: firm.exceptions() == [], "no exception")
    firm.settled()
    writes = len(firm.ledger("netsuite")), len(firm.ledger("kantata")), len(firm.ledger("salesforce"))
    assert not close_engagement(firm.tieline.database, engagement, by="dana")
    firm.settled()
    assert (len(firm.ledger("netsuite")), len(firm.ledger("kantata")), len(firm.ledger("salesforce"))) == writes

    firm.delivery.approve(late_week)
    (late,) = firm.until(firm.exceptions, "late work")
    assert "whose engagement is closed" in late.message
    firm.delivery.change("workspaces", "workspace", workspace, status_key=IN_PROGRESS)
    firm.until(lambda: firm.finance.hours(number) == 3, "late hours in NetSuite")
    firm.until(lambda: netsuite_record(firm, "job", number)["entityStatus"]["id"] == "2", "open project")

    stage(firm, deal, "Delivered")
    firm.until(lambda: _states(firm, engagement) == ["asked"], "a close asked for by sales")
    stage(firm, deal, "Closed Won")
    firm.until(lambda: _states(firm, engagement) == ["withdrawn"], "an engagement that goes on")


def test_a_deal_in_another_currency_follows_a_contract_and_takes_its_open_balance_over(firm: World) -> None:
    deal = win(firm, "Deal that moves to Berlin")
    project = firm.until(lambda: shown(firm, deal), "project")
    engagement = str(_outcome(firm, deal)["Engagement_Id__c"])
    work(firm, project, TOM, (workday(), 120))
    draft = firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], money(420)), "draft invoice")
    moved = win(firm, "Berlin", currency="EUR", entity="DE", Parent_Engagement__c=engagement)
    (told,) = firm.until(lambda: [one for one in firm.exceptions() if "never changes" in one.message], "exception")
    assert (told.message.count("the currency"), told.message.count("the legal entity")) == (1, 1)
    assert f"tieline succeed {engagement} --deal DEAL" in str(told.suggestion)

    database = firm.tieline.database
    succeed(database, engagement, moved.id, by="dana", reason="Berlin pays")
    firm.until(lambda: shown(firm, moved), "project of the successor")
    firm.finance.release(draft)
    firm.until(lambda: _states(firm, engagement) == ["closed"], "closed engagement")
    firm.until(lambda: firm.exceptions() == [], "no exception")
    firm.settled()
    with database.connection() as db:
        found = read_lineage(db, engagement).successor
        assert found is not None
        assert (found.name, found.asked_by, found.rate) == ("Berlin", "dana", f"0.90 (ECB {today()})")
        assert [str(found.open_balance), str(found.converted)] == ["USD 7,980.00", "EUR 7,182.00"]
        assert handed_over(db) == []
    with pytest.raises(CannotSucceed, match="has a successor already"):
        succeed(database, engagement, moved.id, by="dana")


def test_corrections_of_a_released_invoice_are_a_credit_memo_where_the_entity_writes_them(firm: World) -> None:
    deal = win(firm, "Deal with a credit", currency="EUR", entity="DE")
    project = firm.until(lambda: shown(firm, deal), "project")
    number = project["ERP_Id__c"]
    work(firm, project, TOM, (workday(), 120))
    invoice = firm.until(lambda: firm.finance.draft(number, money(420)), "draft invoice")
    firm.finance.release(invoice)
    (entry,) = firm.delivery.list("time_entries", workspace_id=project["PSA_Id__c"])
    firm.delivery.change("time_entries", "time_entry", entry["id"], time_in_minutes=30)
    question = "select id, content, amount from approval where label = 'Credit memo' and state = 'asked'"
    (asked,) = firm.until(lambda: firm.rows(question), "question to finance")
    assert (asked["amount"], asked["content"]["net"]) == (money(315), "EUR -315.00")
    assert _memos(firm, number) == []

    decide_approval(firm.tieline.database, asked["id"], approve=True, by="finance@haldenmarsh.example")
    (memo,) = firm.until(lambda: _memos(firm, number), "credit memo")
    assert firm.until(lambda: _credit(firm, project), "credit in the CRM")["Status__c"] == "open"
    applied = {"apply": {"items": [{"doc": {"id": invoice}, "apply": True}]}}
    firm.finance._browser.json("PATCH", f"/services/rest/record/v1/creditMemo/{memo}", applied)
    firm.until(lambda: (_credit(firm, project) or {})["Status__c"] == "paid", "applied credit")
    firm.settled()
    assert firm.exceptions() == []
    assert _memos(firm, number) == [memo]
    comparing = Comparing(firm)
    result = comparing.run(months=1)
    assert [one for one in result.compared if one.record in ("invoice", "payment") and one.seen and one.seen.open] == []
    assert [one.violations for one in comparing.verify().checked] == [[]] * 5


def _memos(firm: World, number: str) -> list[str]:
    query = (
        "SELECT t.id FROM transaction t INNER JOIN transactionline l ON l.transaction = t.id"
        f" WHERE t.type = 'CustCred' AND l.entity = {int(number)}"
    )
    return sorted({str(row["id"]) for row in firm.finance.rows(query)})


def _credit(firm: World, project: dict[str, Any]) -> dict[str, Any] | None:
    return next((one for one in invoices(firm, project) if money(one["Net__c"]) == -315), None)


def _states(firm: World, engagement: str) -> list[str]:
    rows = firm.rows("select state from engagement_close where engagement_id = %s", engagement)
    return [row["state"] for row in rows]


def _booked(firm: World, workspace: str) -> str:
    """An hour nobody has approved yet."""
    stories = firm.delivery.list("stories", workspace_id=workspace)
    task = next(str(row["id"]) for row in stories if row["story_type"] == "task")
    return firm.delivery.book(workspace, task, TOM, [(workday(1), 60, "late")])


def _outcome(firm: World, deal: Deal) -> dict[str, Any]:
    (row,) = firm.sales.query(
        "SELECT Engagement_Id__c, Closed_On__c, Delivered_Value__c, Hours_Delivered__c, On_Time__c"
        f" FROM Tieline_Project__c WHERE Opportunity__c = '{deal.id}'"
    )
    return row


def test_a_draft_whose_period_is_closed_is_dated_on_the_next_open_day_after_one_approval(firm: World) -> None:
    month = workday().replace(day=1)
    following = (month + timedelta(days=32)).replace(day=1)
    deal = win(firm, "Deal of a closed month")
    project = firm.until(lambda: shown(firm, deal), "project")
    number = project["ERP_Id__c"]
    firm.settled()
    _close_period(firm, month, closed=True)
    work(firm, project, TOM, (workday(), 60))
    (question,) = firm.until(
        lambda: firm.rows("select id, content from approval where state = 'asked' and flow = 'closed_period'"),
        "question",
    )
    assert question["content"]["draft invoices worth"] == {"USD": "210.00"}
    assert question["content"]["posts_on"] == f"{following}"
    assert firm.finance.draft(number, money(210)) is None
    assert decide_approval(firm.tieline.database, question["id"], approve=True, by="dana") is not None
    draft = str(firm.until(lambda: firm.finance.draft(number, money(210)), "draft of the next month"))
    invoice = firm.finance.invoice(draft)
    assert (invoice["tranDate"], invoice["memo"]) == (f"{following}", f"{workday()} to {workday()}")
    firm.until(lambda: firm.exceptions() == [], "no exception")
    _close_period(firm, month, closed=False)


def _close_period(firm: World, month: date, *, closed: bool) -> None:
    firm.control("netsuite", "POST", "customize", {"periods": [{"name": f"{month:%b %Y}", "closed": closed}]})
