"""Readings of meters and of progress, entered on the engagement's page and by programs."""

from collections.abc import Iterator
from datetime import date

import httpx2
import pytest

from tests.api.serving import client_of
from tests.cli.test_billing import AGREED, YEAR
from tests.console.pages import Page
from tests.lane.world import World
from tests.scenarios.scenario import Scenario, contract
from tests.scenarios.stored import StoredBooks
from tieline import api
from tieline.app.desk import Desk
from tieline.store.database import Database

METERED = {**AGREED, "billing": {**AGREED["billing"], "progress": [{"id": "build", "amount": 900, "basis": "entered"}]}}  # type: ignore[dict-item]


@pytest.fixture
def agreed(books: Database) -> World:
    """A contract that counts calls and bills one part by entered progress."""
    world = World(books)
    StoredBooks(Scenario("any", ((date(YEAR, 1, 1), contract(1, METERED)),), (), (), core=False), world)
    return world


@pytest.fixture
def program(desk: Desk) -> Iterator[httpx2.Client]:
    """A client of the API of the same desk."""
    with client_of(api.build(desk)) as opened:
        yield opened


def enter(client: httpx2.Client, **fields: str) -> httpx2.Response:
    return client.post("/engagements/eng_1/readings", data={"by": "Ada", "day": f"{YEAR}-01-31", **fields})


def test_a_reading_is_entered_on_the_page_and_wakes_billing(client: httpx2.Client, agreed: World) -> None:
    page = Page(client.get("/engagements/eng_1").text)
    assert page.faults == []
    assert "Nothing was read yet." in page.text
    assert set(page.form("/engagements/eng_1/readings").values) == {"day", "quantity", "source", "by"}
    assert enter(client, meter="calls", quantity="1,200").status_code == 303
    assert enter(client, meter="build", quantity="40").status_code == 303
    text = " ".join(Page(client.get("/engagements/eng_1").text).text.split())
    assert f"build 31 Jan {YEAR} 40 % Ada" in text or "build 31 Jan 40 % Ada" in text
    assert "1,200 Ada" in text
    woken = agreed.rows("select key from agenda where flow = 'billing' and behind")
    assert woken == [{"key": "prj_1"}]
    for fields, words in (
        ({"meter": "clicks", "quantity": "1"}, "the contract has no &#39;clicks&#39;; it has build, calls"),
        ({"meter": "build", "quantity": "101"}, "101 is more than 100 per cent complete"),
        ({"meter": "calls", "quantity": "many"}, "is no number"),
        ({"meter": "calls", "quantity": "1", "day": "soon"}, "is no day"),
    ):
        refused = enter(client, **fields)
        assert (refused.status_code, words in refused.text) == (422, True), refused.text[-600:]
    assert len(agreed.rows("select from meter_reading")) == 2


def test_a_program_sends_all_readings_or_none(program: httpx2.Client, agreed: World) -> None:
    calls = {"engagement": "eng_1", "meter": "calls", "day": f"{YEAR}-01-31", "quantity": "1200"}
    wrong = {**calls, "meter": "clicks", "day": f"{YEAR}-02-28"}
    refused = program.post("/api/readings", json={"by": "billing robot", "readings": [calls, wrong]})
    assert refused.status_code == 422
    assert "readings.1: meter: the contract has no 'clicks'" in refused.json()["error"]["message"]
    sent = {"by": "billing robot", "readings": [calls, {**calls, "source": "EU", "quantity": 5}]}
    assert program.post("/api/readings", json=sent).json() == {"readings": 2, "changed": 2}
    assert program.post("/api/readings", json=sent).json() == {"readings": 2, "changed": 0}
    found = program.get("/api/engagements/eng_1/readings").json()
    assert [(one["name"], one["is_progress"]) for one in found["meters"]] == [("calls", False), ("build", True)]
    assert [(one["source"], one["quantity"], one["read_by"]) for one in found["readings"]] == [
        ("", "1200", "billing robot"),
        ("EU", "5", "billing robot"),
    ]
    assert program.get("/api/engagements/eng_9/readings").status_code == 404
