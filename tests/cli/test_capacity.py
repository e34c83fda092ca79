"""Capacity on the command line: what is left by role and week, and one role in detail."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.capacity.ahead import fill_ahead
from tests.cli.conftest import Command
from tests.console.week import GRID, BusyWeek
from tieline.store.database import Database


@pytest.fixture
def ahead(books: Database) -> BusyWeek:
    """A week with work ahead of it."""
    opened = BusyWeek(books).fill()
    with books.transaction() as db:
        fill_ahead(db, f"prj_{GRID}", datetime.now(UTC).date())
    return opened


def test_capacity_is_told_by_role_and_week_with_whom_the_firm_lacks(
    tieline: Command, site: Path, ahead: BusyWeek
) -> None:
    shown = tieline("capacity", "--weeks", "6", "--site", site)
    assert "all together" in shown.out
    assert "Sr. Architect: subcontract" in shown.out
    assert "Not counted, without probability or roles: No roles yet." in shown.out
    one = tieline("capacity", "--role", "Consultant", "--site", site)
    assert "pipeline, 4 of 5 times" in one.out
    assert "Grid pricing" in one.out
    found = tieline("capacity", "--region", "EMEA", "--json", "--site", site).json()
    assert len(found["weeks"]) == len(found["total"]["cells"]) == 12
    assert {one["region"] for one in found["people"]} == {"EMEA"}
    refused = tieline("capacity", "--role", "Pilot", "--site", site)
    assert (refused.code, refused.out) == (1, "")


def test_missing_time_is_told_and_nothing_is_missing_where_no_time_is_known(
    tieline: Command, site: Path, ahead: BusyWeek
) -> None:
    with ahead.database.transaction() as db:
        db.execute("update project_transaction set person = null, work_date = current_date - 60")
    shown = tieline("missing-time", "--site", site)
    assert shown.out == "No time is missing.\n", "the only one who may book is nobody of people.csv"
    with ahead.database.transaction() as db:
        db.execute("update psa_person set email = 'lena.brandt@haldenmarsh.example'")
    shown = tieline("missing-time", "--site", site)
    assert "Lena Brandt" in shown.out
    assert "Nobody is written to: [missing_time] remind is false." in shown.out
    assert len(tieline("missing-time", "--json", "--site", site).json()["items"]) == 4
