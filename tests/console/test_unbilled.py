"""Unbilled work on its pages and over the API: by whom and age, line by line, and adjusted by two persons."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from tests.api.serving import client_of
from tests.console.pages import Page
from tests.console.week import GRID, BusyWeek
from tieline import api
from tieline.app.desk import Desk
from tieline.store.canonical import read_project

PROJECT = f"prj_{GRID}"


@pytest.fixture
def program(desk: Desk) -> Iterator[httpx2.Client]:
    """A client of the API of the same desk."""
    with client_of(api.build(desk)) as opened:
        yield opened


@pytest.fixture
def old(week: BusyWeek) -> list[int]:
    """Two hours of a hundred days ago; their numbers."""
    day = datetime.now(UTC).date() - timedelta(100)
    with week.database.transaction() as db:
        project = read_project(db, PROJECT)
        assert project is not None
        return week.lines(db, project, [day, day], minutes=60, rate="100", prefix="old")


def read(client: httpx2.Client, path: str) -> Page:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:500]
    page = Page(answer.text)
    assert page.faults == [], path
    return page


def send(client: httpx2.Client, path: str, **fields: object) -> httpx2.Response:
    return client.post(path, data=fields)


def test_unbilled_work_is_shown_by_whom_it_belongs_to_and_adds_up(
    client: httpx2.Client, week: BusyWeek, old: list[int]
) -> None:
    for by, into in (
        ("entity", "/wip?by=customer&entity=US"),
        ("customer", f"/wip?by=engagement&customer=cus_{GRID}"),
        ("engagement", f"/wip?engagement={GRID}"),
        ("project", f"/wip/{PROJECT}"),
    ):
        page = read(client, f"/wip?by={by}")
        assert into in page.links
        text = " ".join(page.text.split())
        assert "USD 33,537.50 is on no released invoice. USD 200.00 of it is older than 90 days." in text
        assert "11,062.50 held back" in text
    assert "Nothing is unbilled" in read(client, "/wip?entity=UK").text
    told = client.get("/wip/csv?by=customer").text.splitlines()
    assert told[0].startswith("customer,id,currency,up to 30 days,")
    assert told[1].startswith(f"Bluepeak Energy,cus_{GRID},USD,")
    assert told[1].endswith(",200.00,0,33537.50,0,11062.50,0,100.0")


def test_lines_are_chosen_on_the_page_and_written_off_by_two_persons(
    client: httpx2.Client, week: BusyWeek, old: list[int]
) -> None:
    page = read(client, f"/wip/{PROJECT}?age=older")
    assert page.html.count('type="checkbox"') == 2
    form = page.form(f"/wip/{PROJECT}/adjust").values
    assert (form["what"], form["kind"]) == ("all", "down")
    chosen = {"what": "lines", "kind": "off", "line": old, "reason": "training", "by": "Dana"}
    assert send(client, f"/wip/{PROJECT}/adjust", **chosen).status_code == 303
    assert "Write-off of USD 200.00, 2 lines, Grid settlement" in " ".join(read(client, "/wip").text.split())
    page = read(client, f"/wip/{PROJECT}")
    assert "Write-off of USD 200.00, 2 lines waits for a second person" in page.text
    assert "checkbox" not in page.html
    action = next(form.action for form in page.forms if form.action.startswith("/adjustments/"))
    refused = send(client, action, by="Dana")
    assert (refused.status_code, "a second person must confirm it" in refused.text) == (409, True)
    assert send(client, action, by="Priya").status_code == 303
    text = " ".join(read(client, f"/wip/{PROJECT}").text.split())
    assert "USD 33,337.50 of Grid settlement platform, phase 2 is on no released invoice" in text
    assert "Priya confirmed a write-off of USD 200.00, 2 lines “training”, proposed by Dana" in text
    lines = client.get(f"/wip/{PROJECT}/csv?age=older").text.splitlines()
    assert [line.split(",")[-4:-2] for line in lines[1:]] == [["100.00", "-100.00"]] * 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"what": "lines", "kind": "off"}, "No line is chosen"),
        ({"what": "lines", "kind": "off", "line": "x"}, "cannot be read"),
        ({"what": "all", "kind": "down"}, "The amount is missing"),
        ({"what": "all", "kind": "down", "amount": "-5"}, "no number above zero"),
        ({"what": "all", "kind": "sideways", "amount": "5"}, "no number above zero"),
        ({"what": "all", "kind": "down", "amount": "99,999"}, "only USD 22,275.00 is unbilled"),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(
    client: httpx2.Client, week: BusyWeek, fields: dict[str, str], words: str
) -> None:
    answer = send(client, f"/wip/{PROJECT}/adjust", **fields, reason="x", by="Dana")
    assert answer.status_code in (409, 422)
    assert words in answer.text
    with week.database.connection() as db:
        assert db.execute("select from wip_adjustment").fetchone() is None


def test_a_program_reads_and_adjusts_the_same(program: httpx2.Client, week: BusyWeek, old: list[int]) -> None:
    (item,) = program.get("/api/wip?by=customer").json()["items"]
    assert (item["id"], item["unbilled"], item["waiting"]) == (f"cus_{GRID}", "33537.50", "11062.50")
    assert item["ages"]["over 90 days"] == "200.00"
    first = program.get(f"/api/wip/{PROJECT}/lines?limit=20").json()
    second = program.get(f"/api/wip/{PROJECT}/lines?limit=20&cursor={first['next']}").json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (20, 5, None)
    stuck = [one for one in (*first["items"], *second["items"]) if one["state"] == "in_exception"]
    assert {one["left"] for one in stuck} == {"0"}

    address, by = f"/api/wip/{PROJECT}/adjustments", {"by": "Dana", "reason": "agreed"}
    assert program.post(address, json=by).status_code == 422
    one = program.post(address, json={**by, "amount": "-50", "lines": old}).json()
    assert (one["words"], one["state"], one["lines"]) == ("write-down of USD 50.00, 2 lines", "proposed", old)
    again = program.post(address, json={**by, "write_off": True})
    assert (again.status_code, "waits for a second person already" in again.text) == (409, True)
    assert program.post(f"/api/adjustments/{one['id']}/withdraw", json={"by": "Dana"}).json()["state"] == "withdrawn"
    one = program.post(address, json={**by, "amount": "-50"}).json()
    assert [item["id"] for item in program.get("/api/adjustments?state=proposed").json()["items"]] == [one["id"]]
    assert program.post(f"/api/adjustments/{one['id']}/confirm", json={"by": "Dana"}).status_code == 409
    assert program.post(f"/api/adjustments/{one['id']}/confirm", json={"by": "Priya"}).json()["state"] == "confirmed"
    found = program.get(f"/api/wip/{PROJECT}").json()
    assert (found["figures"]["unbilled"], found["figures"]["adjusted"]) == ("33487.50", "-50.00")
    assert [item["state"] for item in found["adjustments"]] == ["confirmed", "withdrawn"]
    assert program.get("/api/wip/prj_none").status_code == 404
