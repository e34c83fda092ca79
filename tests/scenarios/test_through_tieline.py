"""Each table of this folder through a whole firm: what Salesforce, Kantata and meters tell becomes these invoices in
NetSuite, to the cent."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.e2e.world import world
from tests.scenarios.firm import ROLES, furnish
from tests.scenarios.play import InNetSuite, Play
from tests.scenarios.scenario import Scenario, scenarios
from tests.scenarios.test_scenarios import as_expected

pytestmark = pytest.mark.timeout(600)  # all of them are played before the first test

ALL = scenarios()
THROUGH = [one for one in ALL if one.not_through is None]
MOST_LEFT_OUT = 3
ITEMS = {**dict.fromkeys(ROLES, "3"), "fixed": "5", "expense": "6"}


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[Play]:
    folder = tmp_path_factory.mktemp("scenarios")
    with world(folder, module_database) as here:
        yen = {"name": "Yen", "symbol": "JPY", "exchangeRate": 1, "currencyPrecision": 0}
        here.finance.create("currency", yen)
        currencies = {row["symbol"]: str(row["id"]) for row in here.finance.rows("SELECT id, symbol FROM currency")}
        furnish(here.site, ITEMS, "netsuite", currencies)
        yield Play(here, THROUGH, InNetSuite(here.finance), folder)


@pytest.mark.parametrize("scenario", THROUGH, ids=[one.name for one in THROUGH])
def test_the_invoices_in_the_erp_are_those_of_the_example(play: Play, scenario: Scenario) -> None:
    for expected in scenario.invoices:
        wanted = [as_expected(expected)] if expected["total"] > 0 else []
        billed = play.billed[scenario.name, expected["on"]]
        assert [one.told for one in billed] == wanted, f"invoice of {expected['on']}"
    assert play.rest[scenario.name] == min(Decimal(scenario.invoices[-1]["total"]), 0)


def test_nothing_waits_for_a_person(play: Play) -> None:
    assert [row.message for row in play.here.exceptions() if row.kind != "unlinked"] == []


def test_few_examples_cannot_be_told_through_the_systems() -> None:
    assert len(ALL) >= 40
    assert len(ALL) - len(THROUGH) <= MOST_LEFT_OUT
