"""What a project manager, a consultant and an administrator do in Kantata, over HTTP like everybody else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx2

from tieline.connectors.kantata import connect
from tieline.connectors.kantata.assembly import HERE
from tieline.model.contract import Budget
from tieline.model.money import Money
from tieline.model.project import Milestone, Project, ProjectSummary, ResourceRequest, WbsElement
from tieline.sdk import jsontext
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings, load_facts
from tieline.sdk.feed import SourceLine
from tieline.sdk.http import Gate, OpenGate
from tieline.sdk.operation import Operation
from tieline.sdk.roles import Psa

TOKEN = "kantata-admin-token"
LEAD = "dana.whitfield@haldenmarsh.example"
LENA = "lena.brandt@haldenmarsh.example"
START, END = date(2026, 1, 5), date(2026, 6, 30)


@dataclass
class Delivery:
    """A stand-in account with the custom fields we need."""

    url: str
    http: httpx2.Client
    secrets: dict[str, str] = field(default_factory=lambda: {"token": TOKEN})

    def prepare(self) -> None:
        """Create what `connector.toml` asks for; unknown parameters are refused, so that we ask for nothing odd."""
        self.customize(custom_fields=load_facts(HERE).custom_fields, settings={"unknown_parameters": "refuse"})

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The stand-in's control API."""
        content = None if body is None else jsontext.dumps(body)
        answer = self.http.request(method, f"/__standin__/{path}", content=content)
        assert answer.is_success, answer.text
        return jsontext.loads(answer.content) if answer.content else None

    def customize(self, **change: Any) -> Any:
        """What an administrator changes."""
        return self.control("POST", "customize", change)

    def fault(self, operation: str, effect: str, **more: Any) -> None:
        """Disturb the next call of an operation."""
        self.control("POST", "faults", {"operation": operation, "effect": effect, "times": 1} | more)

    def later(self, seconds: int) -> None:
        """Move the vendor's clock."""
        offset = self.control("GET", "clock")["offset_seconds"]
        self.control("POST", "clock", {"offset_seconds": int(offset) + seconds})

    def requests(self) -> Mapping[str, int]:
        """How often each operation was called."""
        found: Mapping[str, int] = self.control("GET", "requests")["operations"]
        return found

    def committed(self, operation: str) -> list[dict[str, Any]]:
        """Writes of an operation that took place."""
        entries: list[dict[str, Any]] = self.control("GET", f"ledger?operation={operation}")["entries"]
        return entries

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """A call of somebody else than Tieline."""
        answer = self.http.request(
            method,
            f"/api/v1/{path}",
            content=None if body is None else jsontext.dumps(body),
            params=params,
            headers={"authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
        )
        assert answer.is_success, answer.text
        return jsontext.loads(answer.content) if answer.content else None

    def list(self, plural: str, **params: Any) -> list[dict[str, Any]]:
        """Records in their order."""
        envelope = self.call("GET", plural, **{"per_page": 200} | params)
        return [envelope[result["key"]][result["id"]] for result in envelope["results"]]

    def one(self, plural: str, identifier: str, **params: Any) -> dict[str, Any]:
        """A record by id, archived or not."""
        shown = {"include_archived": "true"} if plural == "workspaces" else {}
        envelope = self.call("GET", f"{plural}/{identifier}", **shown | params)
        record: dict[str, Any] = envelope[plural][identifier]
        return record

    def create(self, plural: str, **fields: Any) -> str:
        """A new record; its id."""
        singular = f"{plural[:-3]}y" if plural.endswith("ies") else plural[:-1]
        return str(self.call("POST", plural, {singular: fields})["results"][0]["id"])

    def change(self, plural: str, identifier: str, **fields: Any) -> None:
        """Edit a record."""
        singular = f"{plural[:-3]}y" if plural.endswith("ies") else plural[:-1]
        self.call("PUT", f"{plural}/{identifier}", {singular: fields})

    def person(self, email: str) -> int:
        """The id of somebody of the firm."""
        return int(next(row["id"] for row in self.list("users") if row["email_address"] == email))

    def project(self, title: str = "Grid study", **fields: Any) -> str:
        """A project made by hand."""
        return self.create("workspaces", **{"title": title, "require_time_approvals": True} | fields)

    def entry(self, project: str, minutes: int = 60, day: date = START, email: str = LENA, **fields: Any) -> str:
        """A time entry."""
        base = {"workspace_id": int(project), "user_id": self.person(email), "date_performed": day.isoformat()}
        return self.create("time_entries", **base, time_in_minutes=minutes, **fields)

    def submit(self, project: str, *lines: str, email: str = LENA, kind: str = "timesheet") -> str:
        """A timesheet or expense report of some lines."""
        ids = [int(line) for line in lines]
        plural = f"{kind}_submissions"
        return self.create(
            plural, workspace_id=int(project), user_id=self.person(email), title="Week", line_item_ids=ids
        )

    def decide(self, submission: str, step: str, kind: str = "timesheet") -> None:
        """Approve, reject or cancel."""
        self.call("PUT", f"{kind}_submissions/{submission}/{step}", {"resolution": {}})

    def settings(self, *, account: str = "1", **options: Any) -> ConnectionSettings:
        """A connection of the site to this account."""
        return ConnectionSettings(
            name="kantata",
            connector="kantata",
            account=account,
            url=self.url,
            options=options,
            secret=self.secrets.__getitem__,
        )

    def connect(self, gate: Gate | None = None, **options: Any) -> Connected:
        """Tieline's connection to this account."""
        return connect(self.settings(**options), gate or OpenGate())


def lines_since(psa: Psa, cursor: str | None, kind: str = "time") -> tuple[list[SourceLine], str]:
    """All lines of a feed from a cursor to its end."""
    read = psa.list_changed_time if kind == "time" else psa.list_changed_expenses
    lines: list[SourceLine] = []
    while True:
        page = read(cursor)
        lines += page.lines
        cursor = page.cursor
        if not page.more:
            return lines, cursor


def changed_since(psa: Psa, cursor: str | None) -> tuple[list[str], str]:
    """Ids of the projects a sweep brings."""
    found: list[str] = []
    while True:
        page = psa.list_changed_projects(cursor)
        found += [item.external_id for item in page.items]
        cursor = page.cursor
        if not page.more:
            return found, cursor


def ensure(operation: Operation[Any], record: Any, **links: str) -> str:
    """What the engine does for a record it knows nothing of: look up, then create or update."""
    payload = operation.render(record, links)
    found = operation.find(payload) if operation.find else []
    if found and operation.update:
        answer = operation.update(found[0].external_id, payload)
    else:
        answer = operation.create(payload, "site/kantata/x#1")
    return str(answer.external_id)  # type: ignore[union-attr]


def usd(amount: str) -> Money:
    """Dollars."""
    return Money(amount=Decimal(amount), currency="USD")


def project(**changes: Any) -> Project:
    """A project as the flow plans it."""
    values: dict[str, Any] = {
        "id": "prj_1",
        "engagement_id": "eng_1",
        "contract_id": "con_1",
        "contract_version": 1,
        "name": "Grid modernisation",
        "code": "P-ABC123",
        "customer_id": "cus_1",
        "customer_name": "Bluepeak Energy",
        "legal_entity": "US",
        "currency": "USD",
        "billing_method": "time_and_materials",
        "revenue_method": "as_billed",
        "start_date": START,
        "end_date": END,
        "value": usd("120000.00"),
        "budget": Budget(id="prj_1", hours=Decimal(600), revenue=usd("120000.00")),
        "delivery_leads": (LEAD,),
        "po_number": "PO-7",
    }
    values |= changes
    summary = {name: values[name] for name in ("id", "engagement_id", "name", "code", "legal_entity", "start_date")}
    values["summary"] = ProjectSummary(
        **summary,
        opportunity_id="opp_1",
        opportunity_ref="006",
        customer_ref="001",
        contract_version=values["contract_version"],
        value=values["value"],
        end_date=values["end_date"],
        planned_hours=Decimal(600),
    )
    return Project(**values)


def task(**changes: Any) -> WbsElement:
    """A phase; with `parent_id` a task."""
    base = {"id": "wbs_1", "project_id": "prj_1", "code": "1", "name": "Build", "start_date": START, "end_date": END}
    return WbsElement(**base | changes)


def milestone(**changes: Any) -> Milestone:
    """A milestone of USD 40,000."""
    base = {"id": "mil_1", "project_id": "prj_1", "name": "Design accepted", "due_on": END, "amount": usd("40000.00")}
    return Milestone(**base | changes)


def request(**changes: Any) -> ResourceRequest:
    """Two hundred and one and a half hours of a consultant."""
    base: dict[str, Any] = {
        "id": "req_1",
        "project_id": "prj_1",
        "role": "Consultant",
        "hours": Decimal("201.5"),
        "start_date": START,
        "end_date": START + timedelta(days=60),
        "region": "EMEA",
        "skills": ("SCADA", "Python"),
    }
    return ResourceRequest(**base | changes)
