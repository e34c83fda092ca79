"""Missing time on the page, over HTTP and on the command line."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from tests.api.serving import client_of
from tests.console.test_pages import read
from tests.console.week import BusyWeek
from tieline import api
from tieline.app.desk import Desk
from tieline.capacity.weeks import WEEK, monday_of
from tieline.model.staffing import Resource
from tieline.store.capacity import keep_people

LENA = "lena.brandt@haldenmarsh.example"


@pytest.fixture
def late(week: BusyWeek) -> BusyWeek:
    """Lena may book time, and has booked none for weeks."""
    long_ago = monday_of(datetime.now(UTC).date()) - WEEK * 8
    with week.database.transaction() as db:
        keep_people(db, "kantata", [Resource(id="res_1", ref="1", name="Lena Brandt", email=LENA)])
        db.execute("update project_transaction set person = null, work_date = %s", [long_ago + timedelta(days=1)])
    return week


def test_the_page_tells_each_week_of_each_person(client: httpx2.Client, desk: Desk, late: BusyWeek) -> None:
    page = read(client, "/missing-time")
    assert "hours of 1 person are missing" in page.text
    assert page.text.count("Lena Brandt") == 4, "four weeks are looked at"
    assert "Nobody is written to" in page.text
    with client_of(api.build(desk)) as programs:
        rows = programs.get("/api/missing-time").json()["items"]
    assert [row["email"] for row in rows] == [LENA] * 4
    assert {row["step"] for row in rows} <= {"remind", "escalate"}


def test_without_any_time_nothing_is_missing(client: httpx2.Client) -> None:
    assert "No time is missing." in read(client, "/missing-time").text
