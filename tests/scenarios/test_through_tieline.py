"""Each table of this folder through a whole firm: what Salesforce, Kantata and meters tell becomes these invoices in
NetSuite, to the cent."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.world import World, world
from tests.scenarios.firm import (
    BEFORE_ALL,
    ROLES,
    Delivered,
    Drain,
    Played,
    find_projects,
    furnish,
    noon,
    sell,
    set_kantata,
)
from tests.scenarios.scenario import scenarios
from tests.scenarios.test_scenarios import as_expected
from tieline.lane.invoicing import unbilled_lines

ALL = scenarios()
THROUGH = [one for one in ALL if one.not_through is None]
MOST_LEFT_OUT = 3
ITEMS = {**dict.fromkeys(ROLES, "3"), "fixed": "5", "expense": "6"}
Told = dict[tuple[str, date], list[dict[str, Any]]]


class Play:
    """All scenarios, played once for all tests."""

    def __init__(self, here: World, folder: Any) -> None:
        self.here = here
        self.played = [Played(one, number) for number, one in enumerate(THROUGH, 1)]
        self.billed: Told = {}
        self.rest: dict[str, Decimal] = {}
        self._seen: set[str] = set()
        set_kantata(here, noon(BEFORE_ALL))
        delivered = Delivered(here, folder)
        sell(here, self.played)
        self.drain = Drain(here)
        self.drain.on(BEFORE_ALL, but="billing")
        find_projects(here, self.played)
        waiting = sorted(
            (
                (event["on"], place, event, one)
                for one in self.played
                for place, event in enumerate(one.scenario.events)
            ),
            key=lambda row: row[:2],
        )
        for day in sorted({invoice["on"] for one in THROUGH for invoice in one.invoices}):
            while waiting and waiting[0][0] <= day:
                _, _, event, one = waiting.pop(0)
                delivered.take(one, event)
            self._bill(day)
        assert waiting == []

    def _bill(self, day: date) -> None:
        due = [one for one in self.played if any(invoice["on"] == day for invoice in one.scenario.invoices)]
        self.drain.on(day, [one.row["engagement_id"] for one in due])
        projects = {one.row["erp"]: one for one in due}
        for one in due:
            self.billed[one.scenario.name, day] = []
        for number, invoice in self._new_invoices():
            one = projects[next(str(line["job"]["id"]) for line in invoice["item"]["items"])]
            self.billed[one.scenario.name, day].append(told(invoice))
            self.here.finance.release(number)
        with self.here.tieline.database.connection() as db:
            for one in due:
                left = unbilled_lines(db, one.row["id"], day)
                self.rest[one.scenario.name] = sum((line.amount for line in left), Decimal(0))

    def _new_invoices(self) -> list[tuple[str, dict[str, Any]]]:
        listed = self.here.finance._browser.json("GET", "/services/rest/record/v1/invoice?limit=1000")["items"]
        new = [str(row["id"]) for row in listed if str(row["id"]) not in self._seen]
        self._seen |= set(new)
        return [(number, self.here.finance.invoice(number)) for number in new]


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory, module_database: str) -> Iterator[Play]:
    folder = tmp_path_factory.mktemp("scenarios")
    with world(folder, module_database) as here:
        here.finance.create("currency", {"name": "Yen", "symbol": "JPY", "exchangeRate": 1, "currencyPrecision": 0})
        currencies = {row["symbol"]: str(row["id"]) for row in here.finance.rows("SELECT id, symbol FROM currency")}
        furnish(here.site, ITEMS, "netsuite", currencies)
        played = Play(here, folder)
        yield played
        played.drain.close()


@pytest.mark.parametrize("scenario", THROUGH, ids=[one.name for one in THROUGH])
def test_the_invoices_in_the_erp_are_those_of_the_example(play: Play, scenario: Any) -> None:
    for expected in scenario.invoices:
        wanted = [as_expected(expected)] if expected["total"] > 0 else []
        assert play.billed[scenario.name, expected["on"]] == wanted, f"invoice of {expected['on']}"
    assert play.rest[scenario.name] == min(Decimal(scenario.invoices[-1]["total"]), 0)


def test_nothing_waits_for_a_person(play: Play) -> None:
    assert [row.message for row in play.here.exceptions() if row.kind != "unlinked"] == []


def test_few_examples_cannot_be_told_through_the_systems() -> None:
    assert len(ALL) >= 40
    assert len(ALL) - len(THROUGH) <= MOST_LEFT_OUT


def told(invoice: dict[str, Any]) -> dict[str, Any]:
    """Total and lines as the tables say them."""
    lines = invoice["item"]["items"]
    return {
        "total": Decimal(str(invoice["subtotal"])),
        "lines": sorted((_text(line["description"]), Decimal(str(line["amount"]))) for line in lines),
    }


def _text(description: str) -> str:
    return description.split(" (")[0].removesuffix(", tom.okafor@haldenmarsh.example")
