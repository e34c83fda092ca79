"""Reconciliation as people and programs reach it: commands, API and console, on one firm whose systems disagree."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.api.serving import client_of
from tests.cli.conftest import Command, tieline
from tests.console.pages import Page
from tests.e2e.deals import money, shown, win
from tests.e2e.world import World
from tests.reconciliation.books import RECORD, at_work
from tests.reconciliation.comparing import Comparing
from tieline.cli.web import web_app

__all__ = ["tieline"]


@pytest.fixture(scope="module")
def differing(firm: World) -> World:
    """Sales changed a value of ours, and finance made a project under a reference of ours."""
    with at_work(firm):
        deal = win(firm, "Deal shown to people")
        project: dict[str, Any] = firm.until(lambda: shown(firm, deal), "project")
        firm.settled()
    Comparing(firm).run()
    firm.sales.change("Tieline_Project__c", project["Id"], Value__c=1400)
    job = firm.finance._browser.json("GET", f"{RECORD}/job/{project['ERP_Id__c']}")
    ghost = {"companyName": "Ghost", "entityId": "Ghost", "parent": job["parent"], "externalId": "prj_ghost"}
    firm.finance._browser.call("POST", f"{RECORD}/job", ghost)
    Comparing(firm).run()
    Comparing(firm).verify()
    return firm


@pytest.fixture
def client(differing: World) -> Iterator[httpx2.Client]:
    with client_of(web_app(differing.tieline)) as opened:
        yield opened


def test_reconcile_tells_what_differs_and_ends_with_one(
    differing: World, tieline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIELINE_DATABASE_URL", differing.conninfo)
    ran = tieline("reconcile", "--site", differing.site)
    assert ran.code == 1
    assert "USD 1,400.00 in Salesforce, USD 8,400.00 in Tieline" in ran.out
    assert "which Tieline knows nothing of" in ran.out
    assert tieline("reconcile", "--site", differing.site, "--entity", "DE", "--connection", "kantata").code == 0
    assert "no period" in tieline("reconcile", "--site", differing.site, "--period", "2026-13").sentence()
    assert "no connection 'sap'" in tieline("reconcile", "--site", differing.site, "--connection", "sap").sentence()
    assert "no open discrepancy" in tieline("reconcile", "--site", differing.site, "--repair", "999999").sentence()


def test_verify_prints_its_tables_and_ends_with_one_on_a_violation(
    differing: World, tieline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIELINE_DATABASE_URL", differing.conninfo)
    ran = tieline("verify", "--site", differing.site, "--seed", "5")
    assert ran.code == 1
    assert "approved at the source = what became of it" in ran.out
    assert "netsuite has project prj_ghost" in ran.out
    assert "Seed 5" in ran.out


def test_a_program_lists_repairs_and_asks_for_comparisons(client: httpx2.Client, differing: World) -> None:
    listed = client.get("/api/discrepancies").json()["items"]
    found = {(row["record"], row["kind"], row["repair"]) for row in listed}
    assert found == {("project", "extra", "person"), ("project", "amount", "ensure")}
    amount = next(row for row in listed if row["kind"] == "amount")
    ghost = next(row for row in listed if row["kind"] == "extra")
    assert money(amount["money"]) == 7000
    assert client.get("/api/discrepancies?kind=amount").json()["items"] == [amount]
    first = client.get("/api/discrepancies?limit=1").json()
    rest = client.get("/api/discrepancies", params={"limit": 1, "cursor": first["next"]}).json()
    assert [first["items"][0]["id"], rest["items"][0]["id"]] == [row["id"] for row in listed]
    assert client.post(f"/api/discrepancies/{amount['id']}/repair", json={"by": "Dana"}).status_code == 200
    assert client.post(f"/api/discrepancies/{ghost['id']}/repair", json={"by": "Dana"}).status_code == 409
    assert client.post("/api/discrepancies/999999/repair", json={"by": "Dana"}).status_code == 404
    asked = client.post("/api/reconciliations", json={"by": "Dana", "period": "2026-11"})
    again = client.post("/api/reconciliations", json={"by": "Sam", "period": "2026-11"})
    assert (asked.status_code, asked.json()) == (202, again.json())
    assert client.post("/api/reconciliations", json={"by": "Dana", "period": "soon"}).status_code == 422
    assert client.post("/api/reconciliations", json={"by": "Dana", "connection": "sap"}).status_code == 404
    newest, *older = client.get("/api/reconciliations").json()["items"]
    whole = next(run for run in older if (run["connection"], run["legal_entity"]) == (None, None))
    assert (newest["state"], whole["state"], whole["open"]) == ("asked", "done", 2)
    (checked, *_) = client.get("/api/verifications").json()["items"]
    assert checked["violations"] == 1
    differing.rows("delete from reconciliation where state = 'asked' returning id")
    differing.rows("update discrepancy set repair_by = null returning id")


def test_the_page_shows_what_differs_and_takes_a_repair(client: httpx2.Client, differing: World) -> None:
    page = Page(client.get("/reconciliation").text)
    assert page.faults == []
    assert "The systems disagree on 2 records." in page.text
    assert "USD 7,000.00" in page.text
    (amount,) = [row for row in Comparing(differing).rows() if row.kind == "amount"]
    form = page.form(f"/reconciliation/{amount.id}/repair")
    answer = client.post(form.action, data=form.values)
    assert answer.headers["location"] == "/reconciliation?done=repair"
    assert "being repaired" in client.get("/reconciliation?done=repair&kind=amount").text
    assert client.post("/reconciliation/999999/repair", data={"by": "Dana"}).status_code == 404
    assert client.post("/reconciliation/compare", data={"by": "Dana", "period": "x"}).status_code == 422
    answer = client.post("/reconciliation/compare", data={"by": "Dana", "period": ""})
    assert answer.headers["location"] == "/reconciliation?done=compare"
    differing.rows("delete from reconciliation where state = 'asked' returning id")
    differing.rows("update discrepancy set repair_by = null returning id")
