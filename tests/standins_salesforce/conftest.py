"""A logged-in caller of a fresh Salesforce stand-in."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tieline_standins.core.background import running
from tieline_standins.salesforce import build

CREDENTIALS = {"client_id": "3MVG9haldenmarsh.tieline", "client_secret": "halden-marsh-consumer-secret"}
ROOT = "/services/data/v66.0/"


class Caller:
    """Calls the REST API with a session; `control` is the administrator's side."""

    def __init__(self, http: httpx2.Client) -> None:
        self.http = http
        self.log_in()

    def log_in(self) -> None:
        form = {"grant_type": "client_credentials", **CREDENTIALS}
        answer = self.http.post("/services/oauth2/token", data=form).raise_for_status().json()
        self.token = answer["access_token"]

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> httpx2.Response:
        """One call; `path` is below the version unless it begins with a slash."""
        headers = {"authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        if json is not None:
            more["json"] = json
        return self.http.request(method, path if path.startswith("/") else ROOT + path, headers=headers, **more)

    def create(self, kind: str, **fields: Any) -> str:
        answer = self.call("POST", f"sobjects/{kind}", fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def read(self, kind: str, record_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"sobjects/{kind}/{record_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refused(self, method: str, path: str, json: Any = None, **more: Any) -> tuple[int, str]:
        """Status and error code of a call that must not succeed."""
        answer = self.call(method, path, json, **more)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, str(answer.json()[0]["errorCode"])

    def query(self, soql: str, resource: str = "query", **headers: str) -> Any:
        answer = self.call("GET", resource, params={"q": soql}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def names(self, soql: str) -> list[str]:
        return [row["Name"] for row in self.query(soql)["records"]]

    def control(self, path: str, json: Any) -> Any:
        answer = self.http.post(f"/__standin__/{path}", json=json)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def operations(self) -> list[str]:
        entries = self.http.get("/__standin__/ledger").json()["entries"]
        return [entry["operation"] for entry in entries]

    def later(self, seconds: int) -> None:
        self.control("clock", {"offset_seconds": seconds})


@pytest.fixture
def sf() -> Iterator[Caller]:
    """Fails the test when the stand-in itself had a bug."""
    with running(build) as url, httpx2.Client(base_url=url, timeout=30) as http:
        caller = Caller(http)
        caller.control(
            "customize",
            {
                "fields": [
                    {"object": "Account", "name": "Ext_Id__c", "length": 40, "externalId": True, "unique": True},
                    {"object": "Account", "name": "Number_Key__c", "type": "double", "scale": 0, "externalId": True},
                    {"object": "Opportunity", "name": "Go_Live__c", "type": "datetime"},
                    {
                        "object": "Opportunity",
                        "name": "Skills__c",
                        "type": "multipicklist",
                        "picklist": ["A", "B", "C"],
                    },
                ]
            },
        )
        yield caller
        assert http.get("/__standin__/health").json()["bugs"] == []
