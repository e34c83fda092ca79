"""What a Salesforce administrator and a salesperson do in the tests, over HTTP like everybody else."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2

from tieline.connectors.salesforce import connect
from tieline.connectors.salesforce.assembly import HERE
from tieline.model.money import Money
from tieline.model.project import ProjectSummary
from tieline.sdk import jsontext
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings, load_facts
from tieline.sdk.http import Gate, OpenGate

CLIENT_ID = "3MVG9haldenmarsh.tieline"
CLIENT_SECRET = "halden-marsh-consumer-secret"
PROJECT = "prj_5f0c1a"


@dataclass
class Org:
    """A stand-in organisation with our custom objects and fields."""

    url: str
    http: httpx2.Client
    account: str = ""
    _token: str = field(default="", repr=False)

    def prepare(self) -> None:
        """Sign in as the salesperson and create what `connector.toml` asks for."""
        self.sign_in()
        wanted = load_facts(HERE).custom_fields
        self.control(
            "POST",
            "customize",
            {
                "objects": [row for row in wanted if "object" not in row],
                "fields": [row for row in wanted if "object" in row],
            },
        )

    def sign_in(self) -> None:
        """A token of the salesperson's own."""
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        answer = self.http.post("/services/oauth2/token", data=form).raise_for_status().json()
        self._token = answer["access_token"]
        self.account = answer["id"].split("/")[-2]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The stand-in's control API."""
        content = None if body is None else jsontext.dumps(body)
        answer = self.http.request(method, f"/__standin__/{path}", content=content)
        assert answer.is_success, answer.text
        return jsontext.loads(answer.content) if answer.content else None

    def customize(self, **change: Any) -> Any:
        """What an administrator changes in Setup."""
        return self.control("POST", "customize", change)

    def fault(self, operation: str, effect: str, **more: Any) -> None:
        """Disturb the next call of an operation."""
        self.control("POST", "faults", {"operation": operation, "effect": effect, "times": 1} | more)

    def requests(self) -> Mapping[str, int]:
        """How often each operation was called."""
        found: Mapping[str, int] = self.control("GET", "requests")["operations"]
        return found

    def ledger(self) -> list[dict[str, Any]]:
        """Everything that was committed."""
        entries: list[dict[str, Any]] = self.control("GET", "ledger")["entries"]
        return entries

    def later(self, seconds: int) -> None:
        """Move the vendor's clock."""
        offset = self.control("GET", "clock")["offset_seconds"]
        self.control("POST", "clock", {"offset_seconds": int(offset) + seconds})
        self.sign_in()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A REST call of somebody else than Tieline."""
        answer = self.http.request(
            method,
            f"/services/data/v66.0/{path}",
            # Not our encoder, which sorts: `attributes` must come first in a collection's records.
            content=None if body is None else json.dumps(body, default=float),
            headers={"authorization": f"Bearer {self._token}", "content-type": "application/json"} | headers,
        )
        assert answer.is_success, answer.text
        return jsontext.loads(answer.content) if answer.content else None

    def create(self, sobject: str, **fields: Any) -> str:
        """A new record; its id."""
        return str(self.call("POST", f"sobjects/{sobject}", fields)["id"])

    def change(self, sobject: str, identifier: str, **fields: Any) -> None:
        """Edit a record."""
        self.call("PATCH", f"sobjects/{sobject}/{identifier}", fields)

    def delete(self, sobject: str, identifier: str) -> None:
        """Put a record into the recycle bin."""
        self.call("DELETE", f"sobjects/{sobject}/{identifier}")

    def rows(self, soql: str) -> list[dict[str, Any]]:
        """A query."""
        answer = self.http.get(
            "/services/data/v66.0/query", params={"q": soql}, headers={"authorization": f"Bearer {self._token}"}
        )
        assert answer.is_success, answer.text
        found: list[dict[str, Any]] = jsontext.loads(answer.content)["records"]
        return found

    def customer(self, name: str = "Bluepeak Energy Norte", **fields: Any) -> str:
        """An account."""
        return self.create("Account", Name=name, **fields)

    def deal(self, name: str = "Grid modernisation", **fields: Any) -> str:
        """An open opportunity."""
        base = {"Name": name, "StageName": "Qualification", "CloseDate": "2026-12-15"}
        return self.create("Opportunity", **base | fields)

    def won(self, name: str = "Grid modernisation", **fields: Any) -> str:
        """A won opportunity."""
        return self.deal(name, **{"StageName": "Closed Won"} | fields)

    def line(self, deal: str, product: str = "IMP-BUILD", price: Any = 200, **fields: Any) -> str:
        """A line of an opportunity, on the standard price book."""
        book = self.rows("SELECT Id FROM Pricebook2 WHERE IsStandard = true")[0]["Id"]
        self.change("Opportunity", deal, Pricebook2Id=book)
        entries = self.rows(
            f"SELECT Id FROM PricebookEntry WHERE ProductCode = '{product}' AND Pricebook2Id = '{book}'"
        )
        base = {"OpportunityId": deal, "PricebookEntryId": entries[0]["Id"], "Quantity": 10, "UnitPrice": price}
        return self.create("OpportunityLineItem", **base | fields)

    def settings(
        self, *, account: str | None = None, secret: str = CLIENT_SECRET, **options: Any
    ) -> ConnectionSettings:
        """A connection of the site to this organisation."""
        secrets = {"client_id": CLIENT_ID, "client_secret": secret}
        private_key = options.pop("private_key", None)
        return ConnectionSettings(
            name="salesforce",
            connector="salesforce",
            account=account or self.account,
            url=self.url,
            options={"poll_seconds": 1} | options,
            secret=(secrets | {"private_key": private_key}).__getitem__,
        )

    def connect(self, gate: Gate | None = None, **options: Any) -> Connected:
        """Tieline's connection to this organisation."""
        return connect(self.settings(**options), gate or OpenGate())


Connecting = Callable[..., Connected]


def project(**changes: Any) -> ProjectSummary:
    """What sales shall see of a project."""
    values: dict[str, Any] = {
        "id": PROJECT,
        "engagement_id": "eng_1",
        "opportunity_id": "opp_1",
        "opportunity_ref": "",
        "customer_ref": "",
        "name": "Grid modernisation",
        "code": "BLU-001",
        "legal_entity": "US",
        "contract_version": 1,
        "value": Money(amount=Decimal("125000.50"), currency="USD"),
        "start_date": date(2027, 1, 11),
        "end_date": date(2027, 6, 30),
        "planned_hours": Decimal(640),
    }
    return ProjectSummary(**values | changes)
