"""What programs do: mend exceptions, decide approvals, pause and resume."""

from typing import Any

import httpx2
import pytest

from tests.console.week import CLAIMS, BusyWeek
from tieline.app.desk import Desk
from tieline.store.database import Database

BY = {"by": "Priya Raman"}


def number_of(week: BusyWeek, kind: str) -> int:
    (row,) = rows(week.database, "select id from exception_item where kind = %s", kind)
    return int(row["id"])


def rows(database: Database, query: str, *values: Any) -> list[dict[str, Any]]:
    with database.connection() as db:
        return db.execute(query.encode(), values).fetchall()


def test_a_retry_wakes_what_waits_in_the_persons_name(client: httpx2.Client, week: BusyWeek) -> None:
    number = number_of(week, "missing_field")
    answer = client.post(f"/api/exceptions/{number}/retry", json=BY)
    assert answer.json() == {"exception": number, "woken": 1}
    assert rows(week.database, "select args->>'key' as key from procrastinate_jobs") == [{"key": "opp_lisbon"}]
    assert rows(week.database, "select actor from audit_event where action = 'exception.retried'") == [
        {"actor": "Priya Raman"}
    ]


def test_a_missing_code_goes_into_the_sites_value_table(client: httpx2.Client, week: BusyWeek, desk: Desk) -> None:
    number = number_of(week, "mapping")
    answer = client.post(f"/api/exceptions/{number}/add-code", json={**BY, "theirs": "7"})
    assert answer.status_code == 200
    assert "Sr. Architect,7" in (desk.site.folder / "values" / "netsuite" / "item.csv").read_text("utf-8")


def test_a_duplicate_is_linked_or_created_anew(client: httpx2.Client, week: BusyWeek) -> None:
    number = number_of(week, "duplicate")
    assert client.post(f"/api/exceptions/{number}/link", json={**BY, "external_id": "1207"}).json()["woken"] == 1
    linked = "select external_id, state from effect where engagement = %s and target = 'customer'"
    assert rows(week.database, linked, CLAIMS) == [{"external_id": "1207", "state": "drifted"}]
    assert client.post(f"/api/exceptions/{number}/create-new", json=BY).status_code == 200
    assert rows(week.database, linked, CLAIMS) == [{"external_id": None, "state": "released"}]


def test_a_record_made_outside_is_left_to_its_system(client: httpx2.Client, week: BusyWeek) -> None:
    number = number_of(week, "unlinked")
    assert client.post(f"/api/exceptions/{number}/adopt", json={**BY, "record_id": "HM-0"}).status_code == 409
    assert client.post(f"/api/exceptions/{number}/ignore", json={**BY, "reason": " "}).status_code == 422
    assert client.post(f"/api/exceptions/{number}/ignore", json={**BY, "reason": "internal"}).status_code == 200
    assert client.get(f"/api/exceptions/{number}").json()["exception"]["closed_by"] == "Priya Raman"
    assert client.post(f"/api/exceptions/{number}/retry", json=BY).status_code == 404


def test_an_action_that_does_not_fit_is_refused_with_what_to_do(client: httpx2.Client, week: BusyWeek) -> None:
    answer = client.post(f"/api/exceptions/{number_of(week, 'missing_field')}/create-new", json=BY)
    assert answer.status_code == 409
    assert "retry this one" in answer.json()["error"]["message"]


def test_an_approval_is_decided_once_and_only_as_shown(client: httpx2.Client, week: BusyWeek) -> None:
    (asked,) = client.get("/api/approvals").json()["items"]
    path = f"/api/approvals/{asked['id']}"
    assert client.post(f"{path}/decline", json=BY).status_code == 422
    assert client.post(f"{path}/approve", json={**BY, "content_hash": "00"}).status_code == 409
    answer = client.post(f"{path}/approve", json={**BY, "content_hash": asked["content_hash"]})
    assert answer.json() == {"approval": asked["id"], "state": "approved"}
    assert client.post(f"{path}/approve", json=BY).status_code == 409
    assert client.post("/api/approvals/999/approve", json=BY).status_code == 404
    assert client.get("/api/approvals").json()["items"] == []
    (decided,) = client.get("/api/approvals?state=approved").json()["items"]
    assert decided["decided_by"] == "Priya Raman"


def test_a_connection_is_paused_and_resumed(client: httpx2.Client, week: BusyWeek) -> None:
    wanted = {**BY, "scope": "connection", "name": "netsuite", "reason": "month-end close"}
    assert client.post("/api/pauses", json=wanted).status_code == 201
    shown = {one["name"]: one["health"] for one in client.get("/api/connections").json()["connections"]}
    assert shown["netsuite"] == "paused"
    assert client.delete("/api/pauses/connection/netsuite?by=Priya").status_code == 204
    assert client.delete("/api/pauses/connection/netsuite?by=Priya").status_code == 404
    assert client.delete("/api/pauses/connection/netsuite").status_code == 422


@pytest.mark.parametrize(("scope", "name"), [("connection", "sap"), ("flow", "x"), ("entity", "FR"), ("moon", "x")])
def test_only_what_the_site_has_is_paused(client: httpx2.Client, books: Database, scope: str, name: str) -> None:
    answer = client.post("/api/pauses", json={**BY, "scope": scope, "name": name, "reason": "x"})
    assert answer.status_code in (404, 422)
    assert rows(books, "select * from pause") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"by": NaN}',
        b'{"by": ""}',
        b'{"by": "   "}',
        b'{"by": 7}',
        b'{"by": "x", "rights": "admin"}',
        b'{"by": "a\\u0000b"}',
        b'{"by": "\\ud800"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"by": ' + b"9" * 5000 + b"}",
        b'{"by": "' + b"x" * 900_000 + b'"}',
    ],
)
def test_a_body_that_makes_no_sense_is_a_clear_4xx(client: httpx2.Client, week: BusyWeek, body: bytes) -> None:
    path = f"/api/exceptions/{number_of(week, 'missing_field')}/retry"
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert set(answer.json()["error"]) == {"message", "hint"}
    assert len(answer.text) < 1500
    assert rows(week.database, "select * from procrastinate_jobs") == []
