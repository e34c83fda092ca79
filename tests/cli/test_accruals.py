"""Accruals and deferrals on the command line, from lines and invoices in the database: as they are, and as known."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.lane.world import World
from tests.scenarios.scenario import Scenario, contract
from tests.scenarios.stored import StoredBooks
from tieline.store.database import Database

AGREED = {
    "start": date(2026, 1, 1),
    "end": date(2026, 12, 31),
    "currency": "USD",
    "rates": {"Engineer": 100},
    "lines": [{"workstream": "Run", "role": "Engineer"}],
    "billing": {
        "caps": [{"id": "total", "amount": 1150}],
        "subscriptions": [{"id": "care", "name": "Care", "price": 3650, "period": "year"}],
    },
}
THEN = "2026-11-02T09:00:00Z"


@pytest.fixture
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoredBooks]:
    """Ten hours of October and a fee of the year, invoiced on the second of November; known since then."""
    monkeypatch.setenv("TIELINE_DATABASE_URL", database)
    opened = Database(database)
    scenario = Scenario("any", ((date(2026, 1, 1), contract(1, AGREED)),), (), (), core=False)
    books = StoredBooks(scenario, World(opened))
    work(books, "1", date(2026, 10, 5), 4)
    work(books, "2", date(2026, 10, 20), 6)
    books.bill(date(2026, 11, 1))
    with opened.transaction() as db:
        db.execute("update invoice set status = 'open', state = '{\"issued_on\": \"2026-11-02\"}'")
        db.execute("update invoice set released_at = %s", [THEN])
        db.execute("update project_transaction set recorded_at = %s", [THEN])
        db.execute("update contract_version set activated_at = %s", [THEN])
    yield books
    opened.close()


def work(books: StoredBooks, name: str, day: date, hours: int, role: str = "Engineer") -> None:
    books.take({"id": name, "on": day, "day": day, "hours": Decimal(hours), "role": role})


def test_what_is_earned_is_accrued_until_its_invoice_and_what_is_billed_ahead_is_deferred(
    tieline: Command, site: Path, books: StoredBooks
) -> None:
    october = tieline("accruals", "--at", "2026-10", "--site", site, "--json").json()
    assert [(row["name"], row["opening"], row["earned"], row["accrued"]) for row in october["rows"]] == [
        ("Care", 2730, 310, 3040),
        ("work", 0, 1000, 1000),
    ]
    found = tieline("accruals", "--at", "2026-11-30", "--site", site)
    assert "The ERP stays the record of revenue" in found.out
    assert "US USD: accrued 0.00 (-4,040.00 since 2026-10-31), deferred 310.00 (+310.00)" in found.out
    rows = list(csv.DictReader(io.StringIO(tieline("accruals", "--at", "2026-11", "--csv", "--site", site).out)))
    assert {row["name"]: (row["billed"], row["deferred"]) for row in rows} == {
        "Care": ("3650.00", "310.00"),
        "work": ("1000.00", "0.00"),
    }
    assert tieline("accruals", "--at", "2026-11", "--site", site, "--entity", "DE", "--json").json()["rows"] == []
    assert "'October' is no day" in tieline("accruals", "--at", "October", "--site", site).err


def test_what_came_later_moves_no_figure_as_it_was_known(tieline: Command, site: Path, books: StoredBooks) -> None:
    def told(month: str, *more: str) -> list[tuple[str, float, float]]:
        rows = tieline("accruals", "--at", month, *more, "--site", site, "--json").json()["rows"]
        return [(row["name"], row["earned_to_date"], row["billed_to_date"]) for row in rows]

    then = ("--known", "2026-11-05")
    before = told("2026-10", *then), told("2026-11", *then)
    assert before[0] == told("2026-10")
    work(books, "1", date(2026, 10, 5), 3)
    work(books, "3", date(2026, 10, 30), 4)
    work(books, "4", date(2026, 10, 31), 1, role="Stranger")
    books.world.rows("update invoice set status = 'void' returning id")
    assert (told("2026-10", *then), told("2026-11", *then)) == before
    assert told("2026-10") == [("Care", 3040, 0), ("work", 1150, 0)], "1,300 less what lies above the limit"
    assert told("2026-11") == [("Care", 3340, 0), ("work", 1150, 0)]
    books.world.rows(
        "insert into engagement_close (engagement_id, state, asked_by, closed_at)"
        " values ('eng_1', 'closed', 'Ada', '2026-11-10T12:00:00Z') returning state"
    )
    assert (told("2026-10", *then), told("2026-11", *then)) == before
    assert told("2026-11") == [("Care", 0, 0), ("work", 0, 0)], "it is over, and nothing was billed"
    assert "1 line has no price yet" in tieline("accruals", "--at", "2026-10", "--site", site).out
    assert told("2026-10", "--known", "2026-10-31") == [], "nothing was known of the contract"
