"""Lineage over HTTP: from any id to the whole way of a line."""

from decimal import Decimal

import httpx2

from tests.console.week import GRID, BusyWeek


def test_an_invoice_leads_to_its_lines_and_each_to_its_whole_way(client: httpx2.Client, week: BusyWeek) -> None:
    (match,) = client.get("/api/lineage", params={"id": "INV-20417"}).json()["items"]
    assert (match["kind"], match["engagement"]) == ("invoice", "Grid settlement platform, phase 2")
    invoice = client.get(f"/api/invoices/{match['id']}").json()["invoice"]
    assert invoice["number"] == "INV-20417"
    lines = client.get("/api/lines", params={"of": "invoice", "id": match["id"], "limit": 200}).json()
    assert len(lines["items"]) == invoice["transactions"] > 1
    assert sum(Decimal(line["amount"]) for line in lines["items"]) == Decimal(match["amount"])
    found = client.get(f"/api/lines/{lines['items'][0]['number']}").json()["lineage"]
    (version,) = found["versions"]
    assert (found["engagement_id"], version["invoice"]["number"]) == (GRID, "INV-20417")
    assert version["booking"]["place"]["url"].startswith("https://netsuite.example/time/")
    assert version["cost"] is None
    back = client.get("/api/lineage", params={"id": version["id"]}).json()["items"]
    assert [one["number"] for one in back] == [version["number"]]


def test_lines_come_in_pages(client: httpx2.Client, week: BusyWeek) -> None:
    query = {"of": "engagement", "id": GRID}
    whole = client.get("/api/lines", params={**query, "limit": 200}).json()["items"]
    first = client.get("/api/lines", params={**query, "limit": 10}).json()
    rest = client.get("/api/lines", params={**query, "limit": 200, "after": first["next"]}).json()
    assert [*first["items"], *rest["items"]] == whole
    assert rest["next"] is None


def test_what_is_not_there_is_told(client: httpx2.Client) -> None:
    assert client.get("/api/lineage?id=nobody").json() == {"items": []}
    assert client.get("/api/lines?of=invoice&id=nobody").json() == {"items": [], "next": None}
    for path in ("/api/lines/7", "/api/invoices/inv_0"):
        answer = client.get(path)
        assert (answer.status_code, "hint" in answer.json()["error"]) == (404, True), path
    for path in ("/api/lineage", "/api/lineage?id=%00", "/api/lines?of=people&id=1", "/api/lines/0", "/api/lines/x"):
        assert client.get(path).status_code == 422, path
