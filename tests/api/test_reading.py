"""What programs read."""

from decimal import Decimal

import httpx2
import pytest

from tests.console.week import CLAIMS, GRID, TREASURY, BusyWeek


def test_health_tells_that_no_worker_runs(client: httpx2.Client, week: BusyWeek) -> None:
    found = client.get("/api/health").json()
    assert (found["status"], found["workers"], found["exceptions"]) == ("no worker", 0, 5)


def test_engagements_are_paged_and_searched(client: httpx2.Client, week: BusyWeek) -> None:
    first = client.get("/api/engagements", params={"limit": 3}).json()
    second = client.get("/api/engagements", params={"limit": 3, "cursor": first["next"]}).json()
    assert len(first["items"]) == 3
    assert [item["id"] for item in second["items"]] == [TREASURY]
    assert second["next"] is None
    assert first["items"][0]["health"] == "trouble"
    assert [item["id"] for item in client.get("/api/engagements?search=INV-20417").json()["items"]] == [GRID]
    assert {item["id"] for item in client.get("/api/engagements?show=trouble").json()["items"]} == {GRID, CLAIMS}


def test_one_engagement_has_everything_with_exact_amounts(client: httpx2.Client, week: BusyWeek) -> None:
    found = client.get(f"/api/engagements/{GRID}").json()
    assert found["engagement"]["stage"] == "billing"
    assert sum(Decimal(line["amount"]) for line in found["lines"]) == Decimal("89437.50")
    assert found["contract"]["versions"][0]["in_force"] is True
    assert found["timeline"][0]["number"] > found["timeline"][-1]["number"]
    assert found["exceptions"][0]["money"] == [{"currency": "USD", "amount": "11062.50"}]


def test_an_exception_tells_its_fix_and_pages_its_lines(client: httpx2.Client, week: BusyWeek) -> None:
    item = client.get("/api/exceptions?owner=finance").json()["items"][0]
    found = client.get(f"/api/exceptions/{item['id']}", params={"limit": 2}).json()
    assert (found["fix"], len(found["lines"]), found["next_line"]) == ("add_code", 2, 2)
    rest = client.get(f"/api/exceptions/{item['id']}", params={"after": 2}).json()
    assert len(rest["lines"]) == 3
    assert rest["next_line"] is None
    assert found["history"][0]["actor"] == "Dana Whitfield"


def test_approvals_and_connections_are_listed(client: httpx2.Client, week: BusyWeek) -> None:
    (approval,) = client.get("/api/approvals").json()["items"]
    assert approval["content"]["value"] == {"amount": "240000.00", "currency": "USD"}
    found = client.get("/api/connections").json()
    assert [(one["name"], one["health"]) for one in found["connections"]] == [
        ("salesforce", "healthy"),
        ("kantata", "failing"),
        ("netsuite", "healthy"),
    ]


def test_an_empty_database_answers_every_list(client: httpx2.Client) -> None:
    for path in ("/api/engagements", "/api/exceptions", "/api/approvals"):
        assert client.get(path).json() == {"items": [], "next": None}


def test_the_description_names_every_route_and_its_failures(client: httpx2.Client) -> None:
    described = client.get("/api/openapi.json").json()
    assert {"/api/engagements/{engagement_id}", "/hooks/{connection}", "/api/pauses/{scope}/{name}"} <= set(
        described["paths"]
    )
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            assert route.get("summary"), f"{method} {path} says what it is for"
            assert "4XX" in route["responses"], f"{method} {path} tells its failures"


@pytest.mark.parametrize(
    "path",
    [
        "/api/engagements/eng_none",
        "/api/exceptions/999",
        "/api/exceptions/0",
        "/api/exceptions/99999999999999999999999",
        "/api/exceptions/abc",
        "/api/exceptions?owner=cats",
        "/api/exceptions?cursor=nonsense",
        "/api/engagements?limit=201",
        "/api/engagements?limit=0",
        "/api/engagements?search=%00",
        "/api/engagements?show=none",
        "/api/engagements?limit=1&limit=2",
        "/api/engagements/%00",
        "/api/nothing",
        "/api",
        "/api/exceptions/%F0%9F%A6%8A",
        "/api/approvals?after=-1",
    ],
)
def test_what_cannot_be_read_is_a_clear_failure(client: httpx2.Client, path: str) -> None:
    answer = client.get(path)
    assert 400 <= answer.status_code < 500
    assert set(answer.json()["error"]) == {"message", "hint"}
    assert "Traceback" not in answer.text


def test_a_value_that_says_a_huge_text_is_cut(client: httpx2.Client) -> None:
    answer = client.get("/api/engagements", params={"cursor": "x" * 5000})
    assert answer.status_code == 422
    assert len(answer.text) < 1000
