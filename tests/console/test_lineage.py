"""Pages of lineage and replays, read as a browser without scripts does."""

from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from tests.console.pages import Page
from tests.console.week import GRID, BusyWeek
from tieline.engine.wake import wake


def read(client: httpx2.Client, path: str, status: int = 200) -> Page:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[:500]
    page = Page(answer.text)
    assert page.faults == []
    return page


def rows(week: BusyWeek, query: str, *values: Any) -> list[dict[str, Any]]:
    with week.database.connection() as db:
        return db.execute(query.encode(), values).fetchall()


def test_an_engagement_leads_to_its_invoices_and_lines_and_on_to_the_vendors(
    client: httpx2.Client, week: BusyWeek
) -> None:
    engagement = read(client, f"/engagements/{GRID}")
    opened = client.get("/lineage?id=INV-20417").headers["location"]
    assert opened in engagement.links
    invoice = read(client, opened)
    assert any(link.startswith("https://netsuite.example/invoice/") for link in invoice.links)
    line = read(client, next(link for link in invoice.links if link.startswith("/lines/")))
    assert any(link.startswith("https://netsuite.example/time/") for link in line.links)
    assert "INV-204" in line.text
    assert "cost" not in line.text.lower().replace("costs left out", "")
    lines = read(client, next(link for link in engagement.links if link.startswith("/lines?")))
    assert len([link for link in lines.links if link.startswith("/lines/")]) == 50
    following = next(link for link in lines.links if "after=" in link)
    assert "First page" in read(client, following).text


def test_a_line_of_an_exception_leads_to_its_whole_way(client: httpx2.Client, week: BusyWeek) -> None:
    (row,) = rows(week, "select id from exception_item where kind = 'mapping'")
    page = read(client, f"/exceptions/{row['id']}")
    link = next(link for link in page.links if link.startswith("/lineage?"))
    answer = client.get(link)
    assert answer.status_code == 303
    line = read(client, answer.headers["location"])
    assert "it waits for a person" in line.text
    assert f"/exceptions/{row['id']}" in line.links


def test_an_id_of_one_thing_opens_it_and_of_several_lists_them(client: httpx2.Client, week: BusyWeek) -> None:
    assert client.get("/lineage?id=INV-20417").headers["location"].startswith("/invoices/")
    assert client.get(f"/lineage?id={GRID}").headers["location"] == f"/engagements/{GRID}"
    assert "Nothing has the id “nobody”" in read(client, "/lineage?id=nobody").text
    assert "How did a line come about?" in read(client, "/lineage").text


def test_a_replay_is_seen_before_it_is_asked_for_watched_and_stopped(client: httpx2.Client, week: BusyWeek) -> None:
    engagement = read(client, f"/engagements/{GRID}")
    page = read(client, next(link for link in engagement.links if link.startswith("/replays/preview")))
    assert "would write nothing: everything is as it should be" in page.text
    form = page.form("/replays")
    answer = client.post("/replays", data={**form.values, "by": "Dana Whitfield"})
    assert answer.status_code == 303
    running = read(client, answer.headers["location"])
    assert "asked by Dana Whitfield" in running.text
    again = client.post("/replays", data={**form.values, "by": "Tom"})
    assert "yours has joined it" in read(client, again.headers["location"]).text
    stop = running.form(f"{answer.headers['location']}/stop")
    assert client.post(stop.action, data={"by": "Tom"}).status_code == 303
    assert "stopped by Tom" in read(client, answer.headers["location"]).text
    assert "Grid settlement platform" in read(client, "/replays").text


def test_a_replay_nobody_named_is_asked_for_in_a_form(client: httpx2.Client, week: BusyWeek) -> None:
    page = read(client, "/replays/preview")
    assert page.form("/replays/preview").method == "get"
    for query, told in (
        ({"connection": "", "since": "", "until": "2026-11-01T00:00"}, "Say since when"),
        ({"engagement": "nobody"}, "We know nothing of engagement nobody."),
        ({"effect": "many"}, "is not the number of a write"),
        ({"engagement": "a\0b"}, "cannot be stored"),
    ):
        assert told in read(client, f"/replays/preview?{urlencode(query)}", 422).text
    answer = client.post("/replays", data={"engagement": "nobody", "by": "Dana"})
    assert answer.status_code == 422
    assert "There is nothing to replay" in answer.text


def test_a_write_has_a_page_with_its_replay(client: httpx2.Client, week: BusyWeek) -> None:
    (row,) = rows(week, "select min(id) as id from effect where engagement = %s and external_id is not null", GRID)
    page = read(client, f"/effects/{row['id']}")
    assert f"/replays/preview?effect={row['id']}" in page.links
    assert "would write nothing" in read(client, f"/replays/preview?effect={row['id']}").text


HOSTILE = "<script>alert(1)</script> & “x” \u202e"


def test_hostile_texts_stay_texts(client: httpx2.Client, week: BusyWeek) -> None:
    with week.database.transaction() as db:
        db.execute("update project_transaction set note = %s, role = %s, rate_rule = %s", [HOSTILE, HOSTILE, HOSTILE])
        db.execute("update effect set label = %s", [HOSTILE])
        wake(db, "staffing", HOSTILE, GRID, "event")
    (row,) = rows(week, "select min(id) as id from project_transaction where project_id = %s", f"prj_{GRID}")
    for path in (f"/lines/{row['id']}", "/effects/1", f"/replays/preview?engagement={GRID}", f"/lineage?id={HOSTILE}"):
        assert "<script>alert" not in client.get(path).text
        read(client, path)


@pytest.mark.parametrize(
    "path", ["/lines/9999999", "/invoices/none", "/invoices/%00", "/replays/9", "/effects/9999999"]
)
def test_what_is_not_there_says_so(client: httpx2.Client, week: BusyWeek, path: str) -> None:
    assert read(client, path, 404).headings[0] == "h1"
