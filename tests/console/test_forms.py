"""People mend what waits with plain forms: no script is needed, and every step is in the person's name."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from tests.api.serving import client_of
from tests.console.pages import Page
from tests.console.week import CLAIMS, GRID, BusyWeek
from tieline import console
from tieline.app.desk import Desk
from tieline.engine.approval_policy import ApprovalPolicy, ApprovalRule

BY = "Priya Raman"


def rows(week: BusyWeek, query: str, *values: Any) -> list[dict[str, Any]]:
    with week.database.connection() as db:
        return db.execute(query.encode(), values).fetchall()


def number_of(week: BusyWeek, kind: str) -> int:
    return int(rows(week, "select id from exception_item where kind = %s", kind)[0]["id"])


def fill_in(client: httpx2.Client, path: str, action: str, **typed: str) -> httpx2.Response:
    """Open a page, fill in its form as a person would, and send it."""
    page = Page(client.get(path).text)
    form = page.form(action)
    assert form.method == "post"
    return client.post(action, data={**form.values, "by": BY, **typed})


def test_a_missing_code_is_added_and_its_entries_go_on(client: httpx2.Client, week: BusyWeek, desk: Desk) -> None:
    number = number_of(week, "mapping")
    path = f"/exceptions/{number}"
    answer = fill_in(client, path, f"{path}/fix", theirs="9")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?done=fix")
    assert "Sr. Architect,9" in (desk.site.folder / "values" / "netsuite" / "item.csv").read_text("utf-8")
    told = client.get(answer.headers["Location"]).text
    assert "The code was added" in told
    assert f"{BY}</b> added the code" in told
    assert rows(week, "select actor from audit_event where action = 'exception.fixed'") == [{"actor": BY}]


def test_the_most_similar_code_is_suggested(client: httpx2.Client, week: BusyWeek) -> None:
    number = number_of(week, "mapping")
    rows(week, "update exception_item set key = 'Consultant, senior' where id = %s returning id", number)
    page = client.get(f"/exceptions/{number}").text
    assert 'value="2"' in page
    assert "“Senior Consultant” uses 2" in page


def test_a_duplicate_is_linked_with_the_record_a_person_picks(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'duplicate')}"
    form = Page(client.get(path).text).form(f"{path}/link")
    assert form.values["external_id"] == "1207"
    assert form.actions == [f"{path}/create-new"]
    assert fill_in(client, path, f"{path}/link", external_id="3304").status_code == 303
    assert rows(week, "select external_id from effect where engagement = %s and target = 'customer'", CLAIMS) == [
        {"external_id": "3304"}
    ]


def test_a_duplicate_that_is_none_is_created_anew(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'duplicate')}"
    assert fill_in(client, path, f"{path}/create-new").status_code == 303
    assert rows(week, "select state from effect where engagement = %s and target = 'customer'", CLAIMS) == [
        {"state": "released"}
    ]


def test_who_may_not_decide_reads_who_may_and_nothing_changes(desk: Desk, week: BusyWeek) -> None:
    rule = ApprovalRule(what="*", approvers=("anna@firm.example", "ben@firm.example"), people=2)
    desk = replace(desk, site=replace(desk.site, approvals=ApprovalPolicy(rules=(rule,))))
    path = f"/exceptions/{number_of(week, 'approval')}"
    with client_of(console.build(desk)) as client:
        assert "Decided by anna@firm.example or ben@firm.example; 2 people must approve." in client.get(path).text
        answer = fill_in(client, path, f"{path}/decide", decision="approve")
        assert answer.status_code == 422
        assert "may not decide" in answer.text
        assert rows(week, "select state from approval") == [{"state": "asked"}]
        rows(week, "update approval set state = 'expired' returning id")
        assert "Nobody decided in time" in client.get(path).text
        assert fill_in(client, path, f"{path}/ask-again").status_code == 303
    assert rows(week, "select state from approval") == [{"state": "void"}]


def test_an_approval_is_given_for_exactly_what_was_shown(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'approval')}"
    page = client.get(path).text
    assert "USD 240,000.00" in page
    assert "hours 800 · rate 300" in page
    assert fill_in(client, path, f"{path}/decide", decision="approve").status_code == 303
    assert rows(week, "select state, decided_by from approval") == [{"state": "approved", "decided_by": BY}]


def test_a_decision_about_content_that_has_changed_does_not_count(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'approval')}"
    stale = Page(client.get(path).text).form(f"{path}/decide").values
    rows(week, "update approval set content_hash = 'other' returning id")
    answer = client.post(f"{path}/decide", data={**stale, "by": BY, "decision": "approve"})
    assert answer.status_code == 422
    assert "What it showed has changed since you read it" in answer.text
    assert rows(week, "select state from approval") == [{"state": "asked"}]


def test_declining_needs_a_reason(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'approval')}"
    assert fill_in(client, path, f"{path}/decide", decision="decline").status_code == 422
    assert fill_in(client, path, f"{path}/decide", decision="decline", reason="too long").status_code == 303
    assert rows(week, "select state, reason from approval") == [{"state": "declined", "reason": "too long"}]


def test_a_record_made_outside_is_linked_or_left_to_its_system(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'unlinked')}"
    answer = fill_in(client, path, f"{path}/adopt", record_id="HM-0")
    assert answer.status_code == 422
    assert "There is no project HM-0 of ours" in answer.text
    assert fill_in(client, path, f"{path}/ignore", reason="internal").status_code == 303
    solved = client.get(path).text
    assert "Solved" in solved
    assert "internal" in solved


def test_refused_credentials_are_renewed_and_the_connection_goes_on(client: httpx2.Client, week: BusyWeek) -> None:
    number = number_of(week, "mapping")
    rows(week, "update exception_item set kind = 'auth' where id = %s returning id", number)
    rows(week, "insert into pause values ('connection', 'netsuite', 'refused', 'tieline') returning name")
    path = f"/exceptions/{number}"
    assert fill_in(client, path, f"{path}/resume").status_code == 303
    assert rows(week, "select * from pause") == []


def test_an_exception_is_commented_given_away_and_tried_again(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'missing_field')}"
    assert fill_in(client, path, f"{path}/comment", text="Sam asks the client 🙂").status_code == 303
    assert fill_in(client, path, f"{path}/assign", owner="finance").status_code == 303
    assert fill_in(client, path, f"{path}/retry").status_code == 303
    page = client.get(path).text
    assert "Sam asks the client 🙂" in page
    assert rows(week, "select owner from exception_item where kind = 'missing_field'") == [{"owner": "finance"}]
    assert rows(week, "select args->>'key' as key from procrastinate_jobs") == [{"key": "opp_lisbon"}]


def test_the_name_is_asked_once_and_then_remembered(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'missing_field')}"
    answer = client.post(f"{path}/comment", data={"text": "x", "by": "Zoë O'Brien 🦊"})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert Page(client.get(path).text).form(f"{path}/retry").values["by"] == "Zoë O'Brien 🦊"


def test_without_a_name_nothing_is_done(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'missing_field')}"
    answer = client.post(f"{path}/retry", data={"by": "  "})
    assert answer.status_code == 422
    assert "Your name is missing. Nothing was changed." in answer.text
    assert rows(week, "select * from procrastinate_jobs") == []


def test_a_connection_is_paused_with_a_reason_and_resumed(client: httpx2.Client, week: BusyWeek) -> None:
    answer = fill_in(client, "/operations", "/operations/pause", what="connection:netsuite", reason="month end")
    assert answer.headers["Location"] == "/operations?done=pause"
    page = client.get("/operations").text
    assert "NetSuite is paused" in page
    assert "month end" in page
    assert fill_in(client, "/operations", "/operations/resume").headers["Location"] == "/operations?done=resume"
    assert rows(week, "select * from pause") == []
    again = client.post("/operations/resume", data={"by": BY, "what": "connection:netsuite"})
    assert again.headers["Location"] == "/operations?done=nothing"


def test_all_processes_of_an_engagement_are_run_again(client: httpx2.Client, week: BusyWeek) -> None:
    answer = fill_in(client, f"/engagements/{GRID}", f"/engagements/{GRID}/look")
    assert answer.headers["Location"] == f"/engagements/{GRID}"
    assert rows(week, "select args->>'key' as key from procrastinate_jobs") == [{"key": f"con_{GRID}"}]
    assert f"by {BY}" in client.get(f"/engagements/{GRID}").text


def test_a_script_that_waits_is_sent_to_the_solved_exception(client: httpx2.Client, week: BusyWeek) -> None:
    number = number_of(week, "missing_field")
    waits = client.get(f"/exceptions/{number}/solved?left=3")
    assert f'hx-get="/exceptions/{number}/solved?left=2"' in waits.text
    assert "hx-get" not in client.get(f"/exceptions/{number}/solved?left=0").text
    rows(week, "update exception_item set closed_at = now() where id = %s returning id", number)
    solved = client.get(f"/exceptions/{number}/solved?left=3")
    assert solved.headers["HX-Redirect"] == f"/exceptions/{number}"


@pytest.mark.parametrize(
    ("path", "typed", "status"),
    [
        ("/exceptions/{n}/explode", {}, 422),
        ("/exceptions/999/retry", {}, 404),
        ("/exceptions/{n}/assign", {"owner": "cats"}, 422),
        ("/exceptions/{n}/link", {"external_id": "5"}, 422),
        ("/exceptions/{n}/link", {"external_id": "x" * 201}, 422),
        ("/exceptions/{n}/comment", {"text": "x" * 2001}, 422),
        ("/exceptions/{n}/comment", {"text": "a\0b"}, 422),
        ("/exceptions/{n}/retry", {"by": "x" * 81}, 422),
        ("/exceptions/{n}/decide", {"decision": "approve", "content_hash": "x"}, 422),
        ("/exceptions/{n}/resume", {}, 422),
        ("/operations/pause", {"what": "connection:sap", "reason": "x"}, 404),
        ("/operations/pause", {"what": "moon:x", "reason": "x"}, 422),
        ("/operations/pause", {"what": "connection:netsuite"}, 422),
        ("/operations/resume", {"what": "x"}, 422),
        ("/engagements/eng_none/look", {}, 404),
        ("/engagements/%00/look", {}, 404),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(
    client: httpx2.Client, week: BusyWeek, path: str, typed: dict[str, str], status: int
) -> None:
    events = rows(week, "select count(*) as n from audit_event")
    answer = client.post(path.format(n=number_of(week, "missing_field")), data={"by": BY, **typed})
    assert answer.status_code == status
    assert Page(answer.text).faults == []
    assert rows(week, "select count(*) as n from audit_event") == events
    assert rows(week, "select * from procrastinate_jobs") == []


def test_forms_of_foreign_pages_and_odd_bodies_are_refused(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/exceptions/{number_of(week, 'missing_field')}/retry"
    assert client.post(path, data={"by": BY}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post(path, data={"by": BY}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post(path, json={"by": BY}).status_code == 415
    assert client.post(path, files={"by": b"x"}).status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post(path, content=b"by=\xff\xfe", headers=form).status_code == 400
    assert client.post(path, content=b"a=1&" * 151, headers=form).status_code == 400
    assert client.post(path, content=b"by=" + b"x" * 1_000_001, headers=form).status_code == 413
    assert rows(week, "select * from procrastinate_jobs") == []


def test_a_dispute_is_recorded_on_the_invoice_and_settled_there(client: httpx2.Client, week: BusyWeek) -> None:
    (invoice,) = rows(week, "select id from invoice where number = 'INV-20466'")
    path = f"/invoices/{invoice['id']}"
    assert fill_in(client, path, f"{path}/dispute", note="Rate of week 12").status_code == 303
    assert "“Rate of week 12”" in client.get(path).text
    assert "settle the dispute" in client.get("/collections").text.lower()
    assert fill_in(client, path, f"{path}/settle", note="Half is credited").status_code == 303
    assert fill_in(client, path, f"{path}/promise", promised_on="2026-12-01").status_code == 303
    assert rows(week, "select kind, acted_by from invoice_action order by id") == [
        {"kind": kind, "acted_by": BY} for kind in ("dispute", "settle", "promise")
    ]


def test_an_engagement_is_closed_and_taken_up_again_with_plain_forms(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/engagements/{GRID}"
    assert "It would wait for this:" in client.get(path).text
    answer = fill_in(client, path, f"{path}/close", reason="delivered")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    asked = rows(week, "select state, asked_by, reason from engagement_close")
    assert asked == [{"state": "asked", "asked_by": BY, "reason": "delivered"}]
    assert f"{BY} asked to close it." in client.get(path).text
    assert fill_in(client, path, f"{path}/reopen").status_code == 303
    assert rows(week, "select state from engagement_close") == [{"state": "withdrawn"}]
    assert client.post(f"{path}/reopen", data={"by": BY}).status_code == 409
