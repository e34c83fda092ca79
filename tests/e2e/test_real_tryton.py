"""A real Tryton as the ERP: alone, with sales at work through simple-salesforce; and beside NetSuite."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import ClientEnvironment
from tests.e2e.deals import Line, money, shown, win, work, workday
from tests.e2e.oracle import doubled
from tests.e2e.world import World, tryton_server, world
from tieline.demo.people import today

pytestmark = [pytest.mark.tryton, pytest.mark.timeout(600)]

TOM = "tom.okafor@haldenmarsh.example"


@pytest.fixture
def tryton() -> Iterator[dict[str, Any]]:
    """A server with a fresh database, since every firm here has the same ids; building it takes minutes once."""
    with tryton_server("DE") as server:
        yield server


def test_what_the_customer_owes_is_the_same_in_tryton_tieline_and_salesforce(
    tmp_path: Path, database: str, tryton: dict[str, Any], client_env: Callable[[str], ClientEnvironment]
) -> None:
    with world(tmp_path, database, vendors=("salesforce", "kantata"), tryton=tryton) as here:
        here.begin()
        sales = client_env("simple_salesforce")
        deal = sales.run("sales_rep.py", "win", here.urls["salesforce"], json.dumps(_deal()))["opportunity"]
        project = here.until(lambda: _projects(here, sales, deal), "project in Salesforce")[0]
        finance, number = here.tryton_finance, project["ERP_Id__c"]
        work(here, project, TOM, (workday(), 450), (workday(1), 150))

        here.until(lambda: finance.hours(number) == 10, "hours in Tryton")
        draft = here.until(lambda: finance.draft(number, money(1900)), "draft invoice")
        here.settled()
        finance.release(draft)
        shown_as = here.until(lambda: _invoice(here, sales, project, "open"), "posted invoice in Salesforce")
        total = finance.total(draft)
        assert total == money("2261.00")
        assert finance.receivable(draft) == total
        assert money(shown_as["Total__c"]) == total
        (stored,) = here.rows("select state->'total'->>'amount' as total from invoice where status = 'open'")
        assert money(stored["total"]) == total

        finance.pay(draft, total)
        paid = here.until(lambda: _invoice(here, sales, project, "paid"), "payment in Salesforce")
        assert money(paid["Outstanding__c"]) == finance.outstanding(draft) == finance.receivable(draft) == 0
        assert here.exceptions() == []
        assert doubled(here) == []


def test_a_deal_of_two_entities_becomes_a_project_in_the_erp_of_each(
    tmp_path: Path, database: str, tryton: dict[str, Any]
) -> None:
    with world(tmp_path, database, tryton=tryton, netsuite_for=("US",), tryton_for=("DE",)) as here:
        here.begin()
        lines = (Line("Design", price=190), Line("Build", "Consultant", 60, 150, entity="US"))
        deal = win(here, "Deal of two entities", *lines, entity="DE", currency="EUR")
        german = here.until(lambda: shown(here, deal, "AND Legal_Entity__c = 'DE' AND ERP_Id__c != null"), "project DE")
        american = here.until(
            lambda: shown(here, deal, "AND Legal_Entity__c = 'US' AND ERP_Id__c != null"), "project US"
        )
        assert german["PSA_Id__c"] != american["PSA_Id__c"]
        work(here, german, TOM, (workday(), 60))
        work(here, american, "marco.silva@haldenmarsh.example", (workday(), 120))

        here.until(lambda: here.tryton_finance.hours(german["ERP_Id__c"]) == 1, "hours in Tryton")
        here.until(lambda: here.finance.hours(american["ERP_Id__c"]) == 2, "hours in NetSuite")
        here.until(lambda: here.tryton_finance.draft(german["ERP_Id__c"], money(190)), "draft in Tryton")
        here.until(lambda: here.finance.draft(american["ERP_Id__c"], money(300)), "draft in NetSuite")
        assert here.exceptions() == []
        assert doubled(here) == []


def _deal() -> dict[str, Any]:
    start = today().replace(day=1)
    return {
        "account": {
            "Name": "Nordlicht Stadtwerke",
            "Tax_Nexus__c": "DE",
            "BillingCountry": "Germany",
            "CurrencyIsoCode": "EUR",
        },
        "opportunity": {
            "Name": "Grid analytics",
            "StageName": "Negotiation/Review",
            "CloseDate": today().isoformat(),
            "CurrencyIsoCode": "EUR",
            "Legal_Entity__c": "DE",
            "Service_Line__c": "Implementation",
            "Contract_Type__c": "SOW",
            "Billing_Method__c": "time_and_materials",
            "Payment_Terms__c": "NET30",
            "Tax_Treatment__c": "standard",
            "Start_Date__c": start.isoformat(),
            "End_Date__c": (start + timedelta(days=120)).isoformat(),
        },
        "product": "IMP-BUILD",
        "lines": [
            {
                "Workstream__c": "Design",
                "Role__c": "Senior Consultant",
                "Quantity": 40,
                "UnitPrice": 190,
                "Description": "Design by Senior Consultant",
            }
        ],
    }


def _projects(here: World, sales: ClientEnvironment, deal: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sales.run(
        "sales_rep.py",
        "query",
        here.urls["salesforce"],
        "SELECT Id, ERP_Id__c, PSA_Id__c FROM Tieline_Project__c"
        f" WHERE Opportunity__c = '{deal}' AND ERP_Id__c != null AND PSA_Id__c != null",
    )
    return rows


def _invoice(here: World, sales: ClientEnvironment, project: dict[str, Any], status: str) -> dict[str, Any] | None:
    rows: list[dict[str, Any]] = sales.run(
        "sales_rep.py",
        "query",
        here.urls["salesforce"],
        "SELECT Id, Total__c, Outstanding__c FROM Tieline_Invoice__c"
        f" WHERE Project__c = '{project['Id']}' AND Status__c = '{status}'",
    )
    return rows[0] if rows else None
