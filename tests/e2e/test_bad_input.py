"""Bad input: each mistake becomes an exception in business words, nothing is lost, and healthy deals go through."""

from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.deals import Deal, Line, money, netsuite_record, shown, win, work, workday
from tests.e2e.oracle import doubled
from tests.e2e.world import World
from tieline.app.views.exceptions import ExceptionRow
from tieline.demo.people import today
from tieline.exception_queue import actions

TEN_MEGABYTES = 10_000_000


def test_incomplete_terms_name_all_that_is_missing_while_a_healthy_deal_goes_through(firm: World) -> None:
    bad = win(firm, "Deal without entity", entity=None, Payment_Terms__c=None)
    good = win(firm, "O'Brien & Söhne 🚀 roll-out", customer="O'Brien 🚀 GmbH")

    project = firm.until(lambda: shown(firm, good), "project of the healthy deal")
    assert netsuite_record(firm, "job", project["ERP_Id__c"])["companyName"] == "O'Brien & Söhne 🚀 roll-out"
    found = _exception(firm, bad, "legal entity")
    assert found.owner == "sales"
    assert "the term of payment is missing" in found.message
    assert shown(firm, bad, "") is None

    firm.sales.change("Opportunity", bad.id, Legal_Entity__c="US", Payment_Terms__c="NET30")
    firm.until(lambda: shown(firm, bad), "project of the mended deal")
    firm.until(lambda: not _exceptions(firm, bad), "end of the exception")


def test_a_field_deleted_in_the_crm_is_one_exception_that_names_it_and_ends_when_it_is_back(firm: World) -> None:
    deleted = {"deletedFields": [{"object": "Tieline_Project__c", "name": "Code__c"}]}
    firm.control("salesforce", "POST", "customize", deleted)
    try:
        deal = win(firm, "Deal of a lost column")
        found = _exception(firm, deal, "Code__c")
        assert (found.kind, found.field, found.owner) == ("schema_drift", "Code__c", "integration")
        assert "Salesforce does not know Code__c" in found.message
        names = (
            "select subject from effect where label like 'Project in %%' and state = 'confirmed' and engagement = %s"
        )
        firm.until(lambda: len(firm.rows(names, found.engagements[0])) == 2, "project in ERP and PSA all the same")
        assert shown(firm, deal, "") is None
    finally:
        firm.customize()
    refused = "update effect set retry_at = clock_timestamp() where engagement = %s and state = 'rejected' returning id"
    assert firm.rows(refused, found.engagements[0])
    firm.rows("update agenda set due_at = clock_timestamp() where engagement = %s returning key", found.engagements[0])
    firm.until(lambda: shown(firm, deal), "project in the CRM an hour later, with nobody's help")
    firm.until(lambda: not _exceptions(firm, deal), "end of the exception")


def test_a_currency_the_entity_does_not_bill_in_is_a_matter_of_sales(firm: World) -> None:
    deal = win(firm, "Deal in pounds", currency="GBP")
    assert "does not bill in currency 'GBP'" in _exception(firm, deal, "currency").message


def test_a_negative_quantity_is_refused_in_words(firm: World) -> None:
    deal = win(firm, "Deal with a negative line", Line(), Line("Discount", "Consultant", -5, 165))
    assert "it must be more than zero" in _exception(firm, deal, "quantity").message


@pytest.mark.parametrize("answer", ["link", "create_new"])
def test_a_customer_made_by_hand_is_a_possible_duplicate_until_a_person_decides(firm: World, answer: str) -> None:
    name = f"Hand-made {answer}"
    by_hand = _customer_by_hand(firm, name)
    deal = win(firm, f"Deal of {name}", customer=name)
    found = firm.until(
        lambda: next((row for row in firm.exceptions() if row.kind == "duplicate" and name in row.message), None),
        "possible duplicate",
    )
    assert f"id {by_hand}" in found.message

    database = firm.tieline.database
    if answer == "link":
        actions.link(database, found.id, by_hand, "finance@haldenmarsh.example")
    else:
        actions.create_new(database, found.id, "finance@haldenmarsh.example")
    project = firm.until(lambda: shown(firm, deal), "project")
    bill_to = netsuite_record(firm, "job", project["ERP_Id__c"])["parent"]["id"]
    assert (bill_to == by_hand) == (answer == "link")
    firm.until(lambda: found.id not in {row.id for row in firm.exceptions()}, "end of the exception")


def test_a_role_without_item_waits_for_its_row_in_the_value_table(firm: World) -> None:
    deal = win(firm, "Deal with an architect", Line("Design", "Sr. Architect", 10, 295))
    found = firm.until(
        lambda: next((row for row in firm.exceptions() if row.kind == "mapping" and row.key == "Sr. Architect"), None),
        "exception about the role",
    )
    assert "Sr. Architect" in found.message
    firm.until(lambda: _workspace(firm, deal), "project in Kantata, which needs no item")

    with (firm.site / "values/netsuite/item.csv").open("a") as table:
        table.write("Sr. Architect,2\n")
    project = firm.until(lambda: shown(firm, deal), "project")
    order = firm.until(lambda: _order_of(firm, project), "sales order")
    assert [line["item"]["id"] for line in order["item"]["items"]] == ["2"]
    firm.until(lambda: found.id not in {row.id for row in firm.exceptions()}, "end of the exception")


def test_time_in_a_closed_period_waits_for_finance_and_then_goes_on(firm: World) -> None:
    deal = win(firm, "Deal in a closed period")
    project = firm.until(lambda: shown(firm, deal), "project")
    month = f"{today():%b %Y}"
    firm.control("netsuite", "POST", "customize", {"settings": {"closed_period_records": ["timeBill"]}})
    firm.control("netsuite", "POST", "customize", {"periods": [{"name": month, "closed": True}]})
    work(firm, project, "tom.okafor@haldenmarsh.example", (workday(), 60), (workday(1), 60))
    found = firm.until(
        lambda: next((row for row in firm.exceptions() if row.kind == "closed_period"), None), "closed period"
    )
    assert found.owner == "finance"
    assert found.lines == 2
    assert found.money == (("USD", money(420)),)

    firm.control("netsuite", "POST", "customize", {"periods": [{"name": month, "closed": False}]})
    assert actions.retry(firm.tieline.database, found.id, "finance@haldenmarsh.example") == 2
    firm.until(lambda: firm.finance.hours(project["ERP_Id__c"]) == 2, "hours in NetSuite")
    firm.until(lambda: found.id not in {row.id for row in firm.exceptions()}, "end of the exception")
    assert doubled(firm) == []


def test_a_note_of_ten_megabytes_is_cut_and_stops_nothing(firm: World) -> None:
    deal = win(firm, "Deal with a long note")
    project = firm.until(lambda: shown(firm, deal), "project")
    work(firm, project, "tom.okafor@haldenmarsh.example", (workday(), 60), note="ü" * (TEN_MEGABYTES // 2))
    work(firm, project, "marco.silva@haldenmarsh.example", (workday(), 30), note="short 🚀")
    firm.until(lambda: firm.finance.hours(project["ERP_Id__c"]) == Decimal("1.5"), "hours in NetSuite")
    firm.until(lambda: firm.finance.draft(project["ERP_Id__c"], money("292.50")), "draft invoice")
    job = int(project["ERP_Id__c"])
    memos = {str(row["memo"]) for row in firm.finance.rows(f"SELECT memo FROM timebill WHERE customer = {job}")}
    assert memos == {"ü" * 999, "short 🚀"}  # NetSuite refuses a longer memo


def _exceptions(here: World, deal: Deal) -> list[ExceptionRow]:
    return [row for row in here.exceptions() if f"'{deal.name}'" in row.message]


def _exception(here: World, deal: Deal, words: str) -> ExceptionRow:
    return here.until(lambda: next((row for row in _exceptions(here, deal) if words in row.message), None), words)


def _customer_by_hand(here: World, name: str) -> str:
    body = {"companyName": name, "subsidiary": {"id": "1"}, "isPerson": False, "currency": {"id": "1"}}
    answer = here.finance._browser.call("POST", "/services/rest/record/v1/customer", body)
    return str(answer.headers["location"]).rpartition("/")[2]


def _workspace(here: World, deal: Deal) -> dict[str, Any] | None:
    return here.delivery.project(deal.name)


def _order_of(here: World, project: dict[str, Any]) -> dict[str, Any] | None:
    for entry in here.ledger("netsuite", "salesOrder.upsert"):
        order = netsuite_record(here, "salesOrder", entry["key"])
        if project["ERP_Id__c"] in {line["job"]["id"] for line in order["item"]["items"]}:
            return order
    return None
