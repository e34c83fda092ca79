"""A bare client of a Kantata stand-in: one HTTP call a method, nothing hidden."""

from typing import Any

import httpx2

ADMIN = "kantata-admin-token"


class Account:
    """Calls `/api/v1` with one token; `as_` gives the same account with another person's token."""

    def __init__(self, url: str, token: str = ADMIN) -> None:
        self.url = url
        self._members: list[Account] = []
        self.http = httpx2.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30)

    def __enter__(self) -> "Account":
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.http.close()
        self.http.close()

    def as_(self, token: str) -> "Account":
        self._members.append(Account(self.url, token))
        return self._members[-1]

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> httpx2.Response:
        return self.http.request(method, f"/api/v1/{path}", json=body, params=params)

    def read(self, path: str, **params: Any) -> Any:
        """A GET that must succeed."""
        response = self.call("GET", path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    def listed(self, plural: str, **params: Any) -> list[Any]:
        """The records of one page, in the order of `results`."""
        return in_order(self.read(plural, **params))

    def create(self, plural: str, /, *, include: str = "", **fields: Any) -> Any:
        """POST one record; returns it as answered."""
        response = self.call("POST", plural, {singular(plural): fields}, include=include)
        assert response.status_code == 200, response.text
        return in_order(response.json())[0]

    def update(self, plural: str, sid: str, /, **fields: Any) -> httpx2.Response:
        return self.call("PUT", f"{plural}/{sid}", {singular(plural): fields})

    def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        response = self.http.request(method, f"/__standin__/{path}", json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def settings(self, **changes: Any) -> None:
        self.control("customize", {"settings": changes})

    def workspace(self, **fields: Any) -> str:
        return str(self.create("workspaces", title="Grid study", **fields)["id"])

    def entry(self, workspace_id: str, minutes: int = 60, day: str = "2026-11-02", **fields: Any) -> str:
        fields |= {"workspace_id": workspace_id, "time_in_minutes": minutes, "date_performed": day}
        return str(self.create("time_entries", **fields)["id"])

    def submitted(self, workspace_id: str, *entries: str, **fields: Any) -> str:
        fields |= {"workspace_id": workspace_id, "line_item_ids": [int(sid) for sid in entries]}
        return str(self.create("timesheet_submissions", title="Week", **fields)["id"])

    def approved(self, workspace_id: str, *entries: str) -> str:
        submission = self.submitted(workspace_id, *entries)
        response = self.call("PUT", f"timesheet_submissions/{submission}/approve", {"resolution": {}})
        assert response.status_code == 200, response.text
        return submission


def in_order(envelope: Any) -> list[Any]:
    """The matches of an envelope; the maps may hold more."""
    return [envelope[result["key"]][result["id"]] for result in envelope["results"]]


def ids(records: list[Any]) -> list[str]:
    return [record["id"] for record in records]


def singular(plural: str) -> str:
    return f"{plural[:-3]}y" if plural.endswith("ies") else plural[:-1]


def error(response: httpx2.Response) -> tuple[int, str, str | None]:
    """Status, type and field of a refusal with one error."""
    (only,) = response.json()["errors"]
    assert only["message"]
    return response.status_code, only["type"], only.get("field")
