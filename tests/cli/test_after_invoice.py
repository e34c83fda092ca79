"""Collections and outlook on the command line: what people read, what they record, and what is refused."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.console.week import GRID, BusyWeek
from tieline.store.database import Database


@pytest.fixture
def week(books: Database) -> BusyWeek:
    """An invoice of it is long overdue."""
    opened = BusyWeek(books).fill()
    with books.transaction() as db:
        db.execute("update invoice set state = state || '{\"due_on\": \"2026-01-10\"}' where number = 'INV-20466'")
    return opened


def test_a_person_works_through_an_overdue_invoice(tieline: Command, site: Path, week: BusyWeek) -> None:
    shown = tieline("collections", "--site", site)
    assert "Bluepeak Energy" in shown.out
    assert "escalate" in shown.out
    assert "USD 31,350.00 open: 31,350.00 over 90 days" in shown.out
    assert tieline("dispute", "INV-20466", "--reason", "Rate [red]", "--site", site).code == 0
    assert tieline("chase", "INV-20466", "--call", "--site", site, "--as", "Ida").code == 0
    assert tieline("dispute", "INV-20466", "--settled", "--site", site).code == 0
    assert tieline("promise", "INV-20466", "--on", "2099-01-01", "--json", "--site", site).json()["kind"] == "promise"
    (debtor,) = tieline("collections", "--json", "--site", site).json()["items"]
    assert [row["next"] for row in debtor["invoices"]] == ["await_promise"]
    for wrong in (["promise", "INV-20466", "--on", "soon"], ["dispute", "INV-20466"], ["chase", "INV-0"]):
        refused = tieline(*wrong, "--site", site)
        assert (refused.code, refused.out) == (1, "")


def test_the_outlook_is_told_with_reasons_and_what_customers_said_counts(
    tieline: Command, site: Path, week: BusyWeek, tmp_path: Path
) -> None:
    table = tmp_path / "said.csv"
    table.write_text("engagement,score\neng_grid,40\neng_treasury,95\n", "utf-8")
    assert "2 engagements" in tieline("satisfaction", "--file", table, "--site", site).out
    table.write_text("engagement,score\neng_grid,40\neng_treasury,lots\n", "utf-8")
    refused = tieline("satisfaction", "--file", table, "--site", site)
    assert refused.code == 1
    assert "Line 3: 'lots' is no score from 0 to 100" in refused.err
    assert tieline("satisfaction", GRID, "20", "--site", site).code == 0
    one = tieline("outlook", GRID, "--site", site)
    assert "the customer is 80 points below full satisfaction" in one.out
    assert "nobody asked" not in one.out
    items = tieline("outlook", "--json", "--site", site).json()["items"]
    assert (items[0]["id"], items[0]["colour"]) == (GRID, "red")
    assert "An invoice is 30 days or more late" in items[0]["reasons"]
