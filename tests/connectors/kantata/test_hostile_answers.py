"""Answers Kantata never gives on a good day are one of the three errors, never a traceback."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.connectors.kantata.delivery import LEAD, project, request, task
from tests.effort import examples
from tieline.connectors.kantata import connect
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.http import OpenGate

THREE = (Rejected, Unauthorized, Unavailable)


class Script:
    """What the vendor answers to everything, but for a sound `me` to the question whose token it is."""

    body = b"{}"
    me: bytes | None = None
    url = ""


@contextmanager
def scripted() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            body = script.me if script.me and self.path.endswith("/users/me") else script.body
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def connected(script: Script) -> Iterator[Connected]:
    secrets = {"token": "t"}
    settings_ = ConnectionSettings(
        name="kantata", connector="kantata", account="1", url=script.url, secret=secrets.__getitem__
    )
    connection = connect(settings_, OpenGate())
    yield connection
    connection.close()


def envelope(plural: str, row: dict[str, Any], **sides: Any) -> bytes:
    """A list of one row."""
    base = {name: SOUND[name] for name in ("id", "updated_at", "created_at")}
    content = {"count": 1, "results": [{"key": plural, "id": "1"}], plural: {"1": base | row}, **sides}
    return json.dumps(content).encode()


SOUND = {
    "id": "1",
    "updated_at": "2026-01-01T00:00:00Z",
    "created_at": "2026-01-01T00:00:00Z",
    **dict.fromkeys(("start_date", "end_date", "due_date", "date", "date_performed"), "2026-01-01"),
    **dict.fromkeys(("workspace_id", "user_id", "role_id", "resource_id", "parent_id", "primary_maven_id"), "1"),
    **dict.fromkeys(("recent_submission_id", "primary_workspace_group_id", "current_resolution_creator_id"), "1"),
    "external_reference_ids": ["1"],
    "story_state_change_ids": ["1"],
    "choice_ids": ["1"],
    **dict.fromkeys(("minutes", "time_in_minutes", "amount_in_cents", "budget_estimate_in_cents"), 60),
    **dict.fromkeys(("approved", "billable"), True),
    "custom_field_value_ids": ["1"],
    "custom_field_name": "Unbilled",
    "hard": False,
    "title": "Grid modernisation",
    "name": "Consultant",
    "label": "Lead",
    "value_type": "single",
    "currency": "USD",
    "currency_base_unit": 100,
    "category": "Travel",
    "email_address": LEAD,
    "full_name": "Dana Whitfield",
    "account_id": 1,
    "status": "approved",
    "story_type": "milestone",
    "state": "completed",
    "service_name": "tieline",
    "service_model": "milestone",
    "service_model_ref": "mil_1",
    "subject_id": 1,
}
PLURALS = (
    *("workspaces", "workspace_groups", "workspace_resources", "workspace_allocations", "resource_requests"),
    *("stories", "story_state_changes", "time_entries", "timesheet_submissions", "expenses"),
    *("expense_report_submissions", "users", "roles", "external_references"),
    *("custom_fields", "custom_field_values", "custom_field_choices"),
)
ODD = st.sampled_from([None, True, 1, -5, 10**25, "", "1", "soon", [], [1], [["x"]], {}, {"a": 1}])
SPOILT = st.lists(st.tuples(st.sampled_from(PLURALS), st.sampled_from([*SOUND, "*"]), ODD), max_size=5)


def spoilt(key: str, changes: list[tuple[str, str, Any]]) -> bytes:
    """A list of one record with one of every kind beside it, some of them spoilt in a field or (`*`) as a whole."""
    sides: dict[str, Any] = {plural: {"1": dict(SOUND)} for plural in PLURALS}
    for plural, name, value in changes:
        if name == "*":
            sides[plural] = value
        elif isinstance(sides[plural], dict) and isinstance(sides[plural].get("1"), dict):
            sides[plural]["1"][name] = value
    return json.dumps({"count": 1, "results": [{"key": key, "id": "1"}], **sides}).encode()


def test_no_answer_is_a_traceback(connected: Connected, script: Script) -> None:
    psa = connected.psa
    assert psa is not None
    shell, wanted, links = psa.ensure_project, psa.ensure_resource_request, {"project": "1"}
    assert shell.candidates is not None
    assert shell.find is not None
    assert shell.read_back is not None
    assert wanted.update is not None
    assert wanted.withdraw is not None
    assert wanted.read_back is not None
    place = {"offset": 0, "anchor": None}
    lines_next = {"submissions": place, "lines": place, "of_waiting": place, "turn": "lines", "waiting": [], "seen": {}}
    calls: list[Callable[[], object]] = [
        connected.account,
        connected.check_live,
        psa.list_people,
        partial(psa.list_time_off, date(2026, 1, 1)),
        partial(psa.list_submitted_time, date(2026, 1, 1)),
        partial(psa.list_changed_time, None),
        partial(psa.list_changed_time, json.dumps(lines_next)),
        partial(psa.list_changed_expenses, None),
        partial(psa.list_changed_expenses, json.dumps(lines_next)),
        partial(psa.list_changed_projects, None),
        partial(psa.read_assignments, "1"),
        partial(psa.read_milestones, "1"),
        lambda: list(psa.list_approved_refs("time")),
        partial(shell.create, shell.render(project(), {}), "key"),
        partial(shell.candidates, shell.render(project(), {})),
        partial(shell.find, shell.render(project(), {})),
        partial(shell.read_back, "1"),
        partial(wanted.create, wanted.render(request(), links), "key"),
        partial(wanted.update, "1", wanted.render(request(), links)),
        partial(wanted.withdraw, "1"),
        partial(wanted.read_back, "1"),
        partial(connected.describe, "project"),
        partial(connected.read_raw, "project", "1"),
    ]

    @settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.sampled_from(range(len(calls))), st.sampled_from(PLURALS), SPOILT)
    def answered(number: int, key: str, changes: list[tuple[str, str, Any]]) -> None:
        script.body = spoilt(key, changes)
        with suppress(*THREE):
            calls[number]()

    answered()


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"<html>", b'{"results": 5}', b'{"count": 1, "results": [1]}'])
def test_an_answer_in_another_form_is_unavailable(connected: Connected, script: Script, body: bytes) -> None:
    assert connected.psa is not None
    script.body = body
    with pytest.raises(Unavailable):
        connected.psa.list_people()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, "workspace_id"),
        ({"workspace_id": "5", "user_id": "1", "date_performed": "soon"}, "Time entry 1"),
        ({"workspace_id": "5", "user_id": "1", "date_performed": "2026-01-01", "time_in_minutes": "60"}, "no whole"),
        (
            {"workspace_id": "5", "user_id": "1", "date_performed": "2026-01-01", "time_in_minutes": 60, "approved": 1},
            "approved",
        ),
        ({"recent_submission_id": "7"}, "7"),
    ],
)
def test_an_entry_that_cannot_be_read_is_named(
    connected: Connected, script: Script, row: dict[str, Any], words: str
) -> None:
    psa = connected.psa
    assert psa is not None
    script.body = envelope("time_entries", {"approved": True, "billable": True} | row)
    with pytest.raises(Rejected) as refused:
        psa.list_changed_time(None)
    assert refused.value.kind == "schema_drift"
    assert words in refused.value.message


def test_an_endless_list_is_given_up(connected: Connected, script: Script) -> None:
    assert connected.psa is not None
    script.body = envelope("users", {"full_name": "A", "email_address": "a@b.example"}).replace(
        b'"count": 1', b'"count": 99999999'
    )
    with pytest.raises(Unavailable, match="do not end"):
        connected.psa.list_people()
    script.body = script.body.replace(b"users", b"time_entries")
    with pytest.raises(Unavailable, match="do not end"):
        list(connected.psa.list_approved_refs("time"))


def test_a_write_answered_without_an_id_is_unclear(connected: Connected, script: Script) -> None:
    psa = connected.psa
    assert psa is not None
    script.me = envelope("users", {"account_id": 1})
    for body in (b"{}", b"<html>", b'{"count": 0, "results": []}'):
        script.body = body
        with pytest.raises(Unclear):
            psa.ensure_wbs_element.create(psa.ensure_wbs_element.render(task(), {"project": "1"}), "key")


def test_a_record_nobody_asked_for_is_not_taken_for_the_one_that_was(connected: Connected, script: Script) -> None:
    script.me = envelope("users", {"account_id": 1})
    script.body = envelope("workspaces", {"title": "Another account's"})
    assert connected.psa is not None
    operation = connected.psa.ensure_project
    assert operation.read_back is not None
    assert operation.update is not None
    with pytest.raises(Unavailable, match="another workspaces record"):
        operation.read_back("2")
    finances = connected.psa.show_financials
    assert finances.update is not None
    script.body = envelope("workspaces", {}, custom_fields={}, custom_field_values={})
    with pytest.raises(Unclear, match="another workspaces record"):
        finances.update("2", {"custom_fields": {}})
