"""Replays over HTTP: seen before, asked for, joined, stopped."""

from typing import Any

import httpx2
import pytest

from tests.console.week import GRID, BusyWeek

BY = {"by": "Priya Raman"}


def test_a_replay_is_seen_before_asked_for_joined_and_stopped(client: httpx2.Client, week: BusyWeek) -> None:
    scope = {"engagement": GRID}
    seen = client.post("/api/replays/preview", json=scope).json()
    assert (seen["whole"], seen["writes"]) == (False, 0), "nobody here can read its lines again"
    assert seen["preview"]["items"] == len(seen["preview"]["forecasts"]) > 0
    assert client.get("/api/replays").json()["items"] == [], "a preview is no replay"
    asked = client.post("/api/replays", json={**scope, **BY})
    assert (asked.status_code, asked.json()["joined"]) == (201, False)
    again = client.post("/api/replays", json={**scope, "by": "Tom"})
    assert (again.status_code, again.json()["number"], again.json()["joined"]) == (200, asked.json()["number"], True)
    number = asked.json()["number"]
    row = client.get(f"/api/replays/{number}").json()["replay"]
    assert (row["state"], row["requested_by"], row["told"]) == (
        "running",
        "Priya Raman",
        "“Grid settlement platform, phase 2”",
    )
    assert client.delete(f"/api/replays/{number}", params=BY).status_code == 204
    assert client.delete(f"/api/replays/{number}", params=BY).status_code == 404
    (row,) = client.get("/api/replays").json()["items"]
    assert (row["state"], row["stopped_by"]) == ("stopped", "Priya Raman")


def test_replays_come_in_pages(client: httpx2.Client, week: BusyWeek) -> None:
    for connection in ("salesforce", "kantata", "netsuite"):
        assert client.post("/api/replays", json={"connection": connection, **BY}).status_code == 201
    first = client.get("/api/replays?limit=2").json()
    rest = client.get("/api/replays", params={"before": first["next"]}).json()
    assert [row["number"] for row in (*first["items"], *rest["items"])] == [3, 2, 1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"engagement": GRID, "effect": 1}, 422),
        ({"engagement": "nobody"}, 404),
        ({"effect": 0}, 422),
        ({"since": "2026-11-01T00:00:00"}, 422),
        ({"since": "2026-11-01T00:00:00Z", "until": "2026-10-01T00:00:00Z"}, 422),
        ({"since": "yesterday"}, 422),
        ({"connection": "kantata", "record": "time"}, 422),
        ({"engagement": "a\0b"}, 422),
        ({"everything": True}, 422),
    ],
)
def test_a_scope_that_cannot_be_is_refused(
    client: httpx2.Client, week: BusyWeek, body: dict[str, Any], status: int
) -> None:
    assert client.post("/api/replays", json={**body, **BY}).status_code == status
    assert client.get("/api/replays/1").status_code == 404
