"""Each table of this folder: the invoices of a contract to the cent, as its worked example says."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from tests.lane.world import World
from tests.scenarios.books import Books
from tests.scenarios.scenario import Scenario, scenarios
from tests.scenarios.stored import StoredBooks
from tieline.model.invoice import Invoice
from tieline.store.database import Database

ALL = scenarios()
WHO = ", tom@haldenmarsh.example"


CORE = [one for one in ALL if one.core]


@pytest.mark.parametrize("scenario", ALL, ids=[one.name for one in ALL])
def test_the_invoices_are_those_of_the_example(scenario: Scenario) -> None:
    _play(scenario, Books(scenario))


@pytest.mark.parametrize("scenario", CORE, ids=[one.name for one in CORE])
def test_the_invoices_from_the_database_are_the_same(scenario: Scenario, database: str) -> None:
    opened = Database(database)
    try:
        _play(scenario, StoredBooks(scenario, World(opened)))
    finally:
        opened.close()


def _play(scenario: Scenario, books: Books | StoredBooks) -> None:
    waiting = list(scenario.events)
    for expected in scenario.invoices:
        while waiting and waiting[0]["on"] <= expected["on"]:
            books.take(waiting.pop(0))
        if isinstance(books, Books):
            books.know(scenario.known_on(expected["on"]))
        ledger = deepcopy(books) if expected.get("drafted") else books
        assert told(ledger.bill(expected["on"])) == as_expected(expected), f"invoice of {expected['on']}"
    assert waiting == [], "the example says nothing of these"


def told(invoice: Invoice | None) -> dict[str, Any]:
    """Total and lines, as the tables say them; `Consultant#2` is a second line of one text."""
    if invoice is None:
        return {"total": Decimal(0), "lines": []}
    lines = sorted((line.description.split(" (")[0].removesuffix(WHO), line.amount) for line in invoice.lines)
    return {"total": invoice.net.amount, "lines": lines}


def as_expected(expected: dict[str, Any]) -> dict[str, Any]:
    lines = sorted((text.partition("#")[0], Decimal(amount)) for text, amount in expected.get("lines", {}).items())
    return {"total": Decimal(expected["total"]), "lines": lines}
