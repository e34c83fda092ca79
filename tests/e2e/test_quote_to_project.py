"""Quote to project: an open deal is checked, shown and planned before it is won, and then becomes exactly that."""

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from tests.api.serving import client_of
from tests.console.pages import Page
from tests.e2e.deals import Deal, netsuite_record, offer, shown, stage
from tests.e2e.world import World, world
from tieline.app.deals import DealPlan, Deals
from tieline.cli import app
from tieline.cli.web import web_app

VENDORS = ("salesforce", "kantata", "netsuite")
CHECK = "/api/v1/processes/validate-opportunity"
LINK = "https://sign.example/d/4711"
ROW = '[[field]]\ncanonical = "document_url"\nvendor = "comments"\ndirection = "write"\nempty = "omit"\n'


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[World]:
    """The example with readiness on, and the signed document where its ERP has room for a note."""
    with world(tmp_path_factory.mktemp("firm"), module_database) as here:
        file = here.site / "site.toml"
        text = file.read_text("utf-8").replace("# [readiness]", "[readiness]").replace("# stages =", "stages =")
        file.write_text(text, "utf-8")
        folder = here.site / "mappings/netsuite"
        folder.mkdir(parents=True)
        (folder / "project.toml").write_text(f"version = 1\n{ROW}", "utf-8")
        here.begin()
        yield here


@pytest.fixture(scope="module")
def api(firm: World) -> Iterator[httpx2.Client]:
    with client_of(web_app(firm.tieline)) as client:
        yield client


def packaged(here: World, name: str, *, quantity: int = 4, price: str = "23100.01", **fields: Any) -> Deal:
    """An open deal of one package and one estimate; the package brings contract type and billing method."""
    terms = {"Contract_Type__c": None, "Billing_Method__c": None, "Service_Line__c": None} | fields
    deal = offer(here, name, **terms)
    here.sales.price_line(deal.id, "ADV-DISCOVERY", Quantity=quantity, UnitPrice=price)
    return deal


def planned(here: World, deal: Deal) -> DealPlan:
    tieline = here.tieline
    return Deals(database=tieline.database, engine=tieline.engine, connected=tieline.connected).plan(deal.id)


def told(here: World, deal: Deal) -> tuple[str | None, str | None]:
    """What the CRM shows of a deal's readiness."""
    (row,) = here.sales.query(
        f"SELECT Tieline_Readiness__c, Tieline_Missing_Terms__c FROM Opportunity WHERE Id = '{deal.id}'"
    )
    return row["Tieline_Readiness__c"], row["Tieline_Missing_Terms__c"]


def written(here: World) -> dict[str, int]:
    """How much each vendor's books hold."""
    return {name: len(here.ledger(name)) for name in VENDORS}


def asked(firm: World, api: httpx2.Client, deal: str) -> httpx2.Response:
    """The verdict on a deal; on a machine that is slow just now a CRM may not be in time."""

    def ask() -> httpx2.Response | None:
        answer = api.post(CHECK, json={"opportunity": deal})
        return answer if answer.status_code != 503 else None

    return firm.until(ask, "verdict")


def test_a_deal_before_its_win_is_planned_for_every_system_and_nothing_is_written(firm: World) -> None:
    deal = packaged(firm, "Planned", StageName="Prospecting")
    firm.settled()
    before, rows = (
        written(firm),
        firm.rows("select (select count(*) from engagement) e, (select count(*) from effect) f"),
    )
    plan = planned(firm, deal)
    assert (plan.lacks, plan.problems, plan.active) == ((), (), False)
    assert plan.contract is not None
    assert str(plan.contract.value) == "USD 100,800.04"
    assert {write.connection for write in plan.writes} == set(VENDORS)
    assert [write.label for write in plan.writes if write.connection == "kantata"].count(
        "Resource requests in PSA"
    ) == 5
    firm.settled()
    assert written(firm) == before
    assert firm.rows("select (select count(*) from engagement) e, (select count(*) from effect) f") == rows


def test_the_plan_is_told_on_the_command_line_and_for_programs(firm: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIELINE_DATABASE_URL", firm.conninfo)
    deal = packaged(firm, "Told", StageName="Prospecting", Billing_Method__c="fixed_price")
    command = ["plan-project", deal.id, "--site", str(firm.site)]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 0, told.output
    for words in ("USD 100,800.04", "needs an approval", "Process and system inventory", "Tasks in PSA"):
        assert words in told.output
    output = CliRunner().invoke(app, [*command, "--json"]).output  # beside what the firm's worker logs meanwhile
    plan, _ = json.JSONDecoder().raw_decode(output[output.index('{"contract"') :])
    (project,) = plan["projects"]
    assert sum(Decimal(str(line["amount"]["amount"])) for line in project["lines"]) == Decimal("100800.04")
    assert Decimal(str(project["margin"]["amount"])) > 0


def test_what_an_open_deal_lacks_is_shown_in_the_crm_alone_and_cleared_when_it_is_complete(firm: World) -> None:
    others = {name: len(firm.ledger(name)) for name in ("kantata", "netsuite")}
    deal = packaged(firm, "Open", Payment_Terms__c=None, Tax_Treatment__c=None)
    firm.until(lambda: told(firm, deal)[0] == "Incomplete", "the lack on the deal")
    text = told(firm, deal)[1] or ""
    assert "The term of payment is missing." in text
    assert "Choose one of standard, reverse_charge, exempt." in text
    firm.sales.change("Opportunity", deal.id, Payment_Terms__c="NET60", Tax_Treatment__c="standard")
    firm.until(lambda: told(firm, deal)[0] == "Ready after approval", "the approval on the deal")
    firm.sales.change("Opportunity", deal.id, Payment_Terms__c="NET30")
    firm.until(lambda: told(firm, deal) == ("Ready", None), "readiness of the deal")
    firm.settled()
    writes = [one["body"] for one in firm.ledger("salesforce", "Opportunity.update") if one["key"] == deal.id]
    ours = [one for one in writes if "Tieline_Readiness__c" in one]
    assert all(one != after for one, after in pairwise(ours)), "what we write ourselves makes us write nothing"
    stage(firm, deal, "Prospecting")
    firm.until(lambda: told(firm, deal) == (None, None), "the fields empty again")
    assert {name: len(firm.ledger(name)) for name in others} == others
    assert {row.kind for row in firm.exceptions()} <= {"mapping"}


def test_a_rule_of_the_crm_learns_all_problems_at_once(firm: World, api: httpx2.Client) -> None:
    good, bad = packaged(firm, "Good"), packaged(firm, "Bad", Payment_Terms__c=None, Start_Date__c=None)
    answer = asked(firm, api, good.id)
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer.json()["value"] == {"amount": "100800.04", "currency": "USD"}
    refused = asked(firm, api, bad.id)
    assert (refused.status_code, refused.json()["ready"]) == (422, False)
    assert [one["field"] for one in refused.json()["problems"]] == ["payment_terms", "start_date"]
    assert all(one["suggestion"] for one in refused.json()["problems"])
    assert "the term of payment is missing; the start date is missing" in refused.json()["error"]["message"]
    assert asked(firm, api, "006Hm0000009999IAA").status_code == 404
    assert "problems" not in api.post(CHECK, json={}).json()


def test_a_deal_that_is_not_saved_yet_can_be_sent_whole(api: httpx2.Client) -> None:
    deal = {
        "name": "Sent",
        "customer": {"name": "Buyer", "tax_nexus": "US-CA"},
        "currency": "USD",
        "legal_entity": "US",
        "payment_terms": "NET30",
        "tax_treatment": "standard",
        "start_date": "2027-01-04",
        "end_date": "2027-06-30",
        "lines": [{"sku": "ADV-DISCOVERY", "quantity": "4", "unit_price": "24000"}],
    }
    answer = api.post(CHECK, json={"deal": deal})
    assert (answer.status_code, answer.json()["approvals"]) == (200, [])
    assert answer.json()["value"]["amount"] == "96000.00"
    wrong = deal | {"currency": "CHF", "lines": [{"sku": "MS-RNU", "quantity": 1, "unit_price": 1}]}
    found = api.post(CHECK, json={"deal": wrong}).json()["problems"]
    assert {one["field"] for one in found} >= {"currency", "lines.product_code", "billing_method"}
    assert [one["kind"] for one in found if one["field"] == "lines.product_code"] == ["mapping"]


def test_a_crm_that_does_not_answer_in_time_leaves_the_deal_unjudged(firm: World, api: httpx2.Client) -> None:
    deal = packaged(firm, "Slow CRM", StageName="Prospecting")
    firm.settled()
    with firm.at_rest():
        firm.fault("salesforce", "query*", "latency", ms=4000)
        answer = api.post(CHECK, json={"opportunity": deal.id})
        firm.control("salesforce", "DELETE", "faults")
    assert answer.status_code == 503
    assert "did not answer within 1.5 seconds" in answer.json()["error"]["message"]


def test_a_won_deal_becomes_what_its_plan_said_with_its_signed_document(firm: World, api: httpx2.Client) -> None:
    deal = packaged(firm, "Won", Signed_Document__c=LINK)
    plan = planned(firm, deal)
    seen = api.get(f"/api/v1/opportunities/{deal.id}/plan").json()
    assert [one["code"] for one in seen["projects"]] == [plan.projects[0].project.code]
    assert "cost" not in seen["projects"][0]
    page = Page(api.get(f"/deals?id={deal.id}").text)
    assert page.faults == []
    assert "Process and system inventory" in page.text
    assert "USD 100,800.04" in page.text
    stage(firm, deal, "Closed Won")
    project = firm.until(lambda: shown(firm, deal), "project in Salesforce")
    firm.settled()
    stories = firm.delivery.list("stories", workspace_id=project["PSA_Id__c"])
    titles = {row["title"] for row in stories}
    assert {one.name for one in plan.projects[0].project.wbs} <= titles
    assert {one.name for one in plan.projects[0].project.milestones} <= titles
    hours = sum(one.hours for one in plan.projects[0].project.demand)
    assert hours == plan.projects[0].project.budget.hours == 300
    job = netsuite_record(firm, "job", project["ERP_Id__c"])
    workspace = next(row for row in firm.delivery.list("workspaces") if row["id"] == project["PSA_Id__c"])
    assert job["comments"] == LINK
    assert workspace["description"].endswith(f"\nSigned document: {LINK}")
    assert told(firm, deal) == ("Ready", None)
    assert planned(firm, deal).active
    assert {row.kind for row in firm.exceptions()} <= {"mapping"}


def test_a_sku_nobody_knows_is_one_exception_until_the_catalogue_knows_it(firm: World) -> None:
    product = firm.sales.create("Product2", Name="Odd", ProductCode="ADV-DISCOVRY", IsActive=True)
    (book,) = firm.sales.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")
    price = {"Product2Id": product, "UnitPrice": 1, "IsActive": True, "CurrencyIsoCode": "USD"}
    firm.sales.create("PricebookEntry", Pricebook2Id=book["Id"], **price)
    deals = [offer(firm, name) for name in ("Odd one", "Odd two")]
    for deal in deals:
        firm.sales.price_line(deal.id, "ADV-DISCOVRY", Quantity=1, UnitPrice=100)
        stage(firm, deal, "Closed Won")
    row = firm.until(lambda: next((one for one in firm.exceptions() if one.waiting == 2), None), "both deals waiting")
    assert row.kind == "mapping"
    assert "ADV-DISCOVERY (Discovery and business case)" in row.message
    with firm.at_rest():
        file = firm.site / "site.toml"
        text = file.read_text("utf-8").replace('as_quoted = ["IMP-BUILD"]', 'as_quoted = ["IMP-BUILD", "ADV-DISCOVRY"]')
        file.write_text(text, "utf-8")
        firm._tieline = None  # the next one begins with the new catalogue
    for deal in deals:
        firm.until(lambda deal=deal: shown(firm, deal), "project in Salesforce")  # type: ignore[misc]
    assert firm.exceptions() == []
