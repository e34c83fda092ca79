"""Stewards' programs: pairs are listed, read and decided; owners and codes are told."""

import httpx2

from tests.console.twins import TWIN, twins
from tieline.store.database import Database


def test_a_pair_is_found_read_made_one_and_taken_back(client: httpx2.Client, books: Database) -> None:
    number = twins(books)
    listed = client.get("/api/matches").json()
    assert [item["number"] for item in listed["items"]] == [number]
    assert listed["counts"] == {"open": 1, "same": 0, "different": 0}
    detail = client.get(f"/api/matches/{number}").json()
    assert {"field": "phone", "a": "312 555 0199", "b": "312 555 0199", "chosen": None} in detail["fields"]

    body = {"by": "Ada", "survivor": TWIN.id, "choices": {"name": TWIN.id}}
    assert client.post(f"/api/matches/{number}/same", json=body).json() == {"number": number, "woken": 0}
    again = client.post(f"/api/matches/{number}/same", json=body)
    assert (again.status_code, again.json()["error"]["message"][:20]) == (409, "they are one already")
    taken = client.post(f"/api/matches/{number}/different", json={"by": "Ada", "reason": "two after all"})
    assert taken.json()["woken"] == 0
    assert client.get("/api/matches?show=different").json()["items"][0]["reason"] == "two after all"
    assert client.post("/api/matches/search", json={"by": "Ada"}).json() == {"customers": 3, "likely": 0, "gone": 0}
    assert client.get(f"/api/matches/{number + 1}").status_code == 404


def test_owners_and_codes_are_told(client: httpx2.Client) -> None:
    owners = client.get("/api/owners?record=customer").json()
    assert {"phone": "crm", "erp_number": "erp"}.items() <= {one["field"]: one["owner"] for one in owners}.items()
    assert client.get("/api/owners?record=nothing").status_code == 404
    codes = {(one["domain"], one["value"]): one["theirs"] for one in client.get("/api/reference").json()}
    assert codes["legal entity", "US"] == "1"
    assert codes["role", "Sr. Architect"] is None
