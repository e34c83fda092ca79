"""What programs do about exceptions: filter, assign, postpone, edit, write off by two, and many at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.api.test_acting import number_of, rows
from tests.console.week import GRID, BusyWeek

PRIYA, DANA = {"by": "Priya Raman"}, {"by": "Dana Whitfield"}


def listed(client: httpx2.Client, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/exceptions?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_an_exception_tells_what_waits_how_much_and_by_when(client: httpx2.Client, week: BusyWeek) -> None:
    (item,) = listed(client, "kind=mapping")
    assert item["headline"] == (
        "5 time entries (USD 11,062.50) wait: Role 'Sr. Architect' has no service item in NetSuite"
    )
    assert item["money"] == [{"currency": "USD", "amount": "11062.50"}]
    assert (item["sla"], item["lines"], item["waiting"]) == ("on_time", 5, 5)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("owner=finance", 3),
        ("owner=sales&kind=missing_field", 1),
        ("connection=netsuite", 2),
        (f"engagement={GRID}", 1),
        ("older_than_hours=3", 1),
        ("sla=broken", 0),
        ("show=postponed", 0),
        ("show=all&sort=newest", 5),
        ("legal_entity=%00", 0),
    ],
)
def test_the_queue_is_filtered(client: httpx2.Client, week: BusyWeek, query: str, count: int) -> None:
    assert len(listed(client, query)) == count


def test_it_is_assigned_commented_postponed_and_taken_up(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/api/exceptions/{number_of(week, 'mapping')}"
    person = "tom.okafor@haldenmarsh.example"
    assert client.post(f"{path}/assign", json={**PRIYA, "owner": "cats"}).status_code == 409
    assert client.post(f"{path}/assign", json={**PRIYA, "owner": person}).status_code == 200
    assert client.post(f"{path}/comment", json={**PRIYA, "text": "ask Tom"}).status_code == 200
    assert client.post(f"{path}/postpone", json={**PRIYA, "until": "2020-01-01T00:00:00Z"}).status_code == 409
    assert client.post(f"{path}/postpone", json={**PRIYA, "until": "2020-01-01T00:00:00"}).status_code == 422
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    assert client.post(f"{path}/postpone", json={**PRIYA, "until": until}).status_code == 200
    shown = client.get(path).json()
    assert (shown["exception"]["owner"], shown["exception"]["postponed_by"]) == (person, "Priya Raman")
    assert [item["action"] for item in shown["history"]][:3] == [
        "exception.postponed",
        "exception.commented",
        "exception.assigned",
    ]
    assert len(listed(client)) == 4
    assert client.post(f"{path}/postpone", json={**PRIYA, "until": None}).status_code == 200
    assert len(listed(client)) == 5


def test_an_edit_is_shown_first_and_taken_as_shown(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/api/exceptions/{number_of(week, 'mapping')}"
    assert {"record": "time", "field": "role", "type": "text", "named": False} in client.get(path).json()["editable"]
    wanted = {"record": "time", "field": "role", "value": "Consultant"}
    diff = client.get(f"{path}/edit", params=wanted).json()
    assert diff["groups"] == [{"now": "Sr. Architect", "source": "Sr. Architect", "records": 5}]
    body = {**PRIYA, **wanted, "reason": "mistyped"}
    assert client.post(f"{path}/edit", json={**body, "shown": "something else"}).status_code == 409
    assert client.post(f"{path}/edit", json={**body, "shown": diff["shown"]}).json()["woken"] == 5
    assert client.get(f"{path}/edit", params={**wanted, "field": "amount"}).status_code == 409
    found = rows(week.database, "select distinct role from project_transaction where state = 'in_exception'")
    assert found == [{"role": "Consultant"}]


def test_a_write_off_needs_two_persons(client: httpx2.Client, week: BusyWeek) -> None:
    path = f"/api/exceptions/{number_of(week, 'mapping')}"
    assert client.post(f"{path}/write-off", json={**PRIYA, "reason": " "}).status_code == 422
    assert client.post(f"{path}/write-off", json={**PRIYA, "reason": "agreed"}).status_code == 200
    told = client.get(path).json()["write_off"]
    assert (told["proposed_by"], told["lines"]) == ("Priya Raman", 5)
    assert told["money"] == [{"currency": "USD", "amount": "11062.50"}]
    assert client.post(f"{path}/write-off/confirm", json=PRIYA).status_code == 409
    same = {"by": "priya.raman@haldenmarsh.example"}
    assert client.post(f"{path}/write-off/confirm", json=same).status_code == 409
    assert client.post(f"{path}/write-off/withdraw", json=PRIYA).status_code == 200
    assert client.post(f"{path}/write-off/confirm", json=DANA).status_code == 409
    client.post(f"{path}/write-off", json={**PRIYA, "reason": "agreed"})
    assert client.post(f"{path}/write-off/confirm", json=DANA).json()["woken"] == 5
    shown = client.get(path).json()
    assert shown["exception"]["closed_by"] == "Dana Whitfield"
    assert shown["write_off"] is None


def test_many_are_previewed_and_then_acted_on_as_shown(client: httpx2.Client, week: BusyWeek) -> None:
    shown = client.get("/api/bulk/exceptions?owner=finance").json()
    assert (shown["exceptions"], shown["lines"], shown["processes"]) == (3, 5, 2)
    assert shown["money"] == [{"currency": "USD", "amount": "312312.50"}]
    body = {**PRIYA, "exceptions": 3, "newest": shown["newest"]}
    assert client.post("/api/bulk/exceptions/retry?owner=finance", json={**body, "exceptions": 2}).status_code == 409
    done = client.post("/api/bulk/exceptions/retry?owner=finance", json=body).json()
    assert done == {"exceptions": 3, "left": 0, "records": 7}
    off = client.post("/api/bulk/exceptions/write-off?owner=finance", json={**body, "reason": "agreed"}).json()
    assert (off["exceptions"], off["left"]) == (1, 2)
    waits = client.get("/api/bulk/exceptions?show=write_off").json()
    confirm = {**DANA, "exceptions": waits["exceptions"], "newest": waits["newest"]}
    assert client.post("/api/bulk/exceptions/write-off/confirm?show=write_off", json=confirm).json()["records"] == 5
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    body["exceptions"] = 2
    assert client.post("/api/bulk/exceptions/postpone?owner=finance", json={**body, "until": until}).status_code == 200
    given = client.post("/api/bulk/exceptions/assign?owner=finance&show=all", json={**body, "owner": "sales"})
    assert given.json()["exceptions"] == 2


@pytest.mark.parametrize(
    "body", [{}, {"exceptions": 0, "newest": 1}, {"exceptions": 1}, {"exceptions": -1, "newest": 1}]
)
def test_nothing_is_done_to_many_without_a_preview(client: httpx2.Client, week: BusyWeek, body: dict[str, int]) -> None:
    assert client.post("/api/bulk/exceptions/retry", json={**PRIYA, **body}).status_code == 422
    assert rows(week.database, "select * from procrastinate_jobs") == []
