"""A core set of the tables with a real Tryton as the ERP: its invoices are those of the examples, to the cent."""

from collections.abc import Iterator
from datetime import date

import pytest

from tests.e2e.world import tryton_server, world
from tests.effort import tortured
from tests.scenarios.firm import ROLES, furnish
from tests.scenarios.play import InTryton, Play
from tests.scenarios.scenario import Scenario, scenarios
from tests.scenarios.test_scenarios import as_expected

pytestmark = [pytest.mark.tryton, pytest.mark.timeout(1200), *([pytest.mark.torture] if tortured() else [])]

LAST = date(2026, 12, 28)
FEW = ("credited and billed again", "withdrawn, and billed later", "yen are whole", "limit, and a subscription")
"""Those that are played whenever tests run; all others by `make torture`."""
CORE = [one for one in scenarios() if one.tryton and (tortured() or one.name.endswith(FEW))]
ITEMS = {**dict.fromkeys(ROLES, "SVC-CON"), "fixed": "SVC-FIXED", "expense": "SVC-EXP"}


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[Play]:
    folder = tmp_path_factory.mktemp("tryton")
    vendors = ("salesforce", "kantata")
    with tryton_server("DE") as server, world(folder, module_database, vendors=vendors, tryton=server) as here:
        furnish(here.site, ITEMS, "tryton", {})
        yield Play(here, CORE, InTryton(here.tryton_finance), folder)


@pytest.mark.parametrize("scenario", CORE, ids=[one.name for one in CORE])
def test_the_invoices_in_tryton_are_those_of_the_example(play: Play, scenario: Scenario) -> None:
    for expected in scenario.invoices:
        wanted = [as_expected(expected)] if expected["total"] > 0 else []
        billed = play.billed[scenario.name, expected["on"]]
        assert [one.told for one in billed] == wanted, f"invoice of {expected['on']}"


def test_what_is_paid_in_tryton_is_settled_here_and_in_the_crm(play: Play) -> None:
    finance, here = play.here.tryton_finance, play.here
    play.drain.on(LAST, but="billing")
    for row in here.rows("select external_id from invoice where status = 'open' and external_id is not null"):
        finance.pay(row["external_id"], finance.outstanding(row["external_id"]), LAST)
    play.drain.on(LAST, but="billing")
    assert {row["status"] for row in here.rows("select status from invoice where withdrawn_at is null")} == {"paid"}
    shown = here.sales.query("SELECT Status__c, Net__c, Outstanding__c FROM Tieline_Invoice__c")
    assert {row["Outstanding__c"] for row in shown if row["Status__c"] != "void"} == {0}
    nets = {billed.number: billed.total for some in play.billed.values() for billed in some}
    states = here.rows(
        "select external_id, (state->'net'->>'amount')::numeric as net from invoice where status = 'paid'"
    )
    assert {row["external_id"]: row["net"] for row in states} == {
        row["external_id"]: nets[row["external_id"]] for row in states
    }


def test_nothing_waits_for_a_person(play: Play) -> None:
    assert [row.message for row in play.here.exceptions() if row.kind != "unlinked"] == []
