"""The page of capacity: a table by role and week, one role with people and work, and a table for a spreadsheet."""

import csv
import io
from datetime import UTC, datetime

import httpx2
import pytest

from tests.capacity.ahead import fill_ahead
from tests.console.test_pages import read
from tests.console.week import GRID, BusyWeek


@pytest.fixture
def ahead(week: BusyWeek) -> BusyWeek:
    with week.database.transaction() as db:
        fill_ahead(db, f"prj_{GRID}", datetime.now(UTC).date())
    return week


def test_the_page_says_what_lacks_who_is_free_and_what_is_not_counted(client: httpx2.Client, ahead: BusyWeek) -> None:
    page = read(client, "/capacity")
    assert "hours lack in 12 weeks, first for" in page.text
    assert "Jonas Weber" in page.text, "nobody has booked him"
    assert "Not counted: 1 open deal without probability or roles (No roles yet)" in " ".join(page.text.split())
    assert "sam@x.example" in page.text
    americas = read(client, "/capacity?region=Americas&weeks=4")
    assert "Jonas Weber" not in americas.text, "he is in EMEA"


def test_a_role_is_opened_down_to_its_people_and_its_work(client: httpx2.Client, ahead: BusyWeek) -> None:
    page = read(client, "/capacity?role=Consultant")
    assert "Marco Silva" in page.text
    assert "Grid pricing" in page.text
    assert f"/engagements/{GRID}" in page.links
    assert "/deals?id=opp_Grid%20pricing" in page.links
    assert client.get("/capacity?role=Pilot").status_code == 404


def test_the_table_for_a_spreadsheet_has_every_role_and_week(client: httpx2.Client, ahead: BusyWeek) -> None:
    answer = client.get("/capacity/csv?weeks=3")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="capacity.csv"'
    architects = [row for row in rows if row["role"] == "Sr. Architect"]
    assert len(architects) == 3
    assert float(architects[1]["unstaffed"]) == pytest.approx(66.25), "700 hours less 37.5 recorded, over ten weeks"


def test_a_firm_without_people_or_work_is_told_so(client: httpx2.Client) -> None:
    assert "Nobody lacks in the next 12 weeks" in read(client, "/capacity").text
    assert client.get("/capacity?weeks=99").status_code == 422


def test_no_page_of_capacity_tells_what_anybody_costs(client: httpx2.Client, ahead: BusyWeek) -> None:
    for path in ("/capacity", "/capacity?role=Consultant", "/capacity/csv"):
        assert "cost" not in client.get(path).text.lower()
