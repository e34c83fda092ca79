"""What is agreed about billing and used of it, and readings of meters, on the command line."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.lane.world import World
from tests.scenarios.scenario import Scenario, contract
from tests.scenarios.stored import StoredBooks
from tieline.store.database import Database

YEAR = datetime.now(UTC).year
AGREED = {
    "start": date(YEAR, 1, 1),
    "end": date(YEAR, 12, 31),
    "currency": "USD",
    "rates": {"Support": 100, "Engineer": 100},
    "lines": [{"workstream": "Run", "role": "Support", "method": "retainer"}],
    "billing": {
        "caps": [{"id": "total", "amount": 1000}],
        "retainer": {"id": "run", "fee": 500, "hours": 10, "period": "year", "overage_rate": 90},
        "usage": [{"id": "api", "name": "API", "meter": "calls", "tiers": [{"id": "1", "unit_price": Decimal("0.1")}]}],
    },
}


@pytest.fixture
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoredBooks]:
    monkeypatch.setenv("TIELINE_DATABASE_URL", database)
    opened = Database(database)
    scenario = Scenario("any", ((date(YEAR, 1, 1), contract(1, AGREED)),), (), (), core=False)
    yield StoredBooks(scenario, World(opened))
    opened.close()


def test_what_is_agreed_is_shown_with_what_is_used_and_charged(
    tieline: Command, site: Path, books: StoredBooks
) -> None:
    day = date(YEAR, 1, 1)
    for name, role, hours in (("1", "Engineer", 12), ("2", "Support", 14)):
        books.take({"id": name, "on": day, "day": day, "hours": Decimal(hours), "role": role})
    books.bill(date(YEAR, 2, 1))
    told = tieline("terms", "eng_1", "--site", site).out
    assert "120% of the limit of USD 1,000.00 is used" in told
    assert f"{YEAR}" in told
    assert "10.00 h" in told
    assert f"Over the limit of USD 1,000.00, {YEAR}-01" in told
    assert "USD -200.00" in told
    found = tieline("terms", "eng_1", "--site", site, "--json").json()
    assert [(one["used"], one["above"], one["balance"]) for one in found["retainer"]] == [(14, 4, 0)]
    assert {one["text"]: (one["amount"], one["invoiced"]) for one in found["charges"]} == {
        f"Retainer {YEAR}": (500, 500),
        f"Over the limit of USD 1,000.00, {YEAR}-01": (-200, -200),
    }


def test_readings_are_taken_once_and_a_wrong_table_not_at_all(
    tieline: Command, site: Path, books: StoredBooks, tmp_path: Path
) -> None:
    table = tmp_path / "readings.csv"
    table.write_text(f"engagement,meter,date,quantity\neng_1,calls,{YEAR}-01-31,1200\n", "utf-8")
    assert tieline("readings", table, "--site", site, "--json").json() == {"readings": 1, "changed": 1}
    assert tieline("readings", table, "--site", site, "--as", "Ada").out.startswith("1 readings, 0 of them news")
    invoice = books.bill(date(YEAR, 2, 1))
    assert invoice is not None
    assert {line.description: line.amount for line in invoice.lines}[f"API {YEAR}-01: 1,200 units"] == 120

    table.write_text(
        f"engagement,meter,date,quantity\neng_1,calls,{YEAR}-02-28,5\neng_1,clicks,{YEAR}-02-28,1\neng_9,calls,x,-\n",
        "utf-8",
    )
    ran = tieline("readings", table, "--site", site)
    assert ran.code == 1
    assert "readings.csv:3: meter: the contract has no 'clicks'; it has calls" in ran.err
    assert "readings.csv:4: engagement: there is no contract of 'eng_9'" in ran.err
    assert len(books.world.rows("select from meter_reading")) == 1
