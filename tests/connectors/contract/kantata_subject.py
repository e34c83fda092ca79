"""Kantata for the contract suite: the stand-in account, its projects and its time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx2

from tests.connectors.contract.standin import ControlApi
from tests.connectors.contract.subject import Feed, Sample
from tests.connectors.kantata.delivery import LENA, Delivery, ensure, milestone, project, request, task, usd
from tieline.connectors.kantata import connect
from tieline.model.invoice import ProjectFinancials
from tieline.model.notice import Notice
from tieline.sdk.connected import Connected
from tieline.sdk.connector import RoleName
from tieline.sdk.http import OpenGate

NOBODY = "987654"
SHOWN_WITH = {"workspace_resources": "role", "posts": "workspace", "workspaces": "custom_field_values"}


class KantataSubject(ControlApi):
    """The PSA."""

    role: RoleName = "psa"
    sign_in_call = "none"
    another_account = "9999999"

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(delivery.http)
        self.delivery = delivery
        self._project: str | None = None
        self.feeds = {
            "projects": Feed(self._projects, self._touch_project, self._project_page),
            "time": Feed(self._entries, self._touch_entry, self._time_page),
            "expenses": Feed(self._expenses, self._touch_expense, self._expense_page),
        }

    def connect(self, **options: Any) -> Connected:
        owners = options.pop("owners", {})
        return connect(replace(self.delivery.settings(**options), owners=owners), OpenGate())

    def count(self, kind: str) -> int:
        return len(self.delivery.list(kind))

    def look(self, kind: str, external_id: str) -> Mapping[str, Any]:
        include = {"include": SHOWN_WITH[kind]} if kind in SHOWN_WITH else {}
        envelope = self.delivery.call("GET", f"{kind}/{external_id}", **include)
        row: Mapping[str, Any] = envelope[kind][external_id]
        return {**row, "beside": envelope}

    def sample(self, connected: Connected, name: str) -> Sample:
        assert connected.psa is not None
        if name == "ensure_project":
            return _sample(
                "workspaces",
                (project(), project(name="Grid modernisation II")),
                owned=("name", "Grid modernisation"),
                refused=(project(delivery_leads=("nobody@haldenmarsh.example",)), {}),
                reason="nobody@haldenmarsh.example",
            )
        links = {"project": ensure(connected.psa.ensure_project, project())}
        match name:
            case "ensure_wbs_element":
                records: tuple[Any, Any] = task(), task(name="Build more")
                return _sample("stories", records, owned=("start_date", "start_date"), links=links)
            case "ensure_milestone":
                records = milestone(), milestone(name="Design accepted in writing")
                return _sample("stories", records, owned=("due_on", "due_date"), links=links)
            case "ensure_resource_request":
                return self._request(links)
            case "show_financials":
                return self._financials(links)
        assert name == "notify"
        notice = Notice(id="ready:prj_1:1", subject_line="Ready to staff", text="The contract is active")
        return Sample(
            record=notice,
            newer=None,
            links=links,
            kind="posts",
            create="posts.create",
            owned=("", ""),
            refused=(notice, {"project": NOBODY}),
            reason=r"\w",
        )

    def _request(self, links: dict[str, str]) -> Sample:
        records = request(), request(role="Data Engineer")
        sample = _sample("workspace_resources", records, owned=("start_date", "start_date"), links=links)
        roles = {row["id"]: row["name"] for row in self.delivery.list("roles")}
        return replace(
            sample,
            shown=lambda row: roles[str(row["role_id"])],
            values=("Consultant", "Data Engineer"),
            refused=(request(role="Astrologer"), links),
            reason="Astrologer",
        )

    @staticmethod
    def _financials(links: dict[str, str]) -> Sample:
        money = ("contract_value", "billed_to_date", "paid_to_date", "outstanding", "unbilled")
        hours = dict.fromkeys(("hours_worked", "hours_budgeted", "burn_percent"), Decimal(40))
        amounts = {one: usd("40000") for one in money}
        record = ProjectFinancials(id="prj_1", **amounts, **hours, collection_status="current")
        sample = _sample(
            "workspaces",
            (record, record.model_copy(update={"collection_status": "overdue"})),
            owned=("collection_status", "current"),
            links=links,
        )
        return replace(sample, adds=0, create=sample.update, shown=_collection, values=("current", "overdue"))

    def _projects(self, number: int) -> set[str]:
        made = {self.delivery.project(f"Project {place}") for place in range(number)}
        self.delivery.later(600)
        return made

    def _touch_project(self, identifier: str) -> None:
        self.delivery.later(600)
        self.delivery.change("workspaces", identifier, title="Renamed")
        self.delivery.later(5)

    def _entries(self, number: int) -> set[str]:
        self._project = self.delivery.project()
        made = {self.delivery.entry(self._project) for _ in range(number)}
        self.delivery.later(600)
        return made

    def _touch_entry(self, identifier: str) -> None:
        self.delivery.later(600)
        self.delivery.change("time_entries", identifier, notes="corrected")
        self.delivery.later(5)

    def _expenses(self, number: int) -> set[str]:
        work = int(self.delivery.project())
        base: dict[str, Any] = {
            "workspace_id": work,
            "date": "2026-01-05",
            "amount_in_cents": 1200,
            "user_id": self.delivery.person(LENA),
        }
        category = self.delivery.list("expense_categories")[0]
        base |= {"expense_category_id": int(category["id"]), "category": category["name"]}
        made = {self.delivery.create("expenses", **base, currency="USD") for _ in range(number)}
        self.delivery.later(600)
        return made

    def _touch_expense(self, identifier: str) -> None:
        self.delivery.later(600)
        self.delivery.change("expenses", identifier, notes="corrected")
        self.delivery.later(5)

    @staticmethod
    def _project_page(connected: Connected, cursor: str | None) -> tuple[list[str], str, bool]:
        assert connected.psa is not None
        page = connected.psa.list_changed_projects(cursor)
        return [item.external_id for item in page.items], page.cursor, page.more

    @staticmethod
    def _time_page(connected: Connected, cursor: str | None) -> tuple[list[str], str, bool]:
        assert connected.psa is not None
        page = connected.psa.list_changed_time(cursor)
        return [line.source_id for line in page.lines], page.cursor, page.more

    @staticmethod
    def _expense_page(connected: Connected, cursor: str | None) -> tuple[list[str], str, bool]:
        assert connected.psa is not None
        page = connected.psa.list_changed_expenses(cursor)
        return [line.source_id for line in page.lines], page.cursor, page.more


def _collection(row: Mapping[str, Any]) -> Any:
    values = row["beside"]["custom_field_values"].values()
    return next((one["value"] for one in values if one["custom_field_name"] == "Collection status"), None)


def _sample(plural: str, records: tuple[Any, Any], *, links: dict[str, str] | None = None, **values: Any) -> Sample:
    base: dict[str, Any] = {
        "links": links or {},
        "shown": lambda row: row["title"],
        "values": tuple(getattr(record, "name", None) for record in records),
        "refused": (records[0], {"project": NOBODY}),
        "reason": r"\w",
    }
    base |= {"create": f"{plural}.create", "update": f"{plural}.update"}
    return Sample(kind=plural, record=records[0], newer=records[1], **base | values)


@contextmanager
def kantata(url: str) -> Iterator[KantataSubject]:
    """A fresh account on a running stand-in."""
    with httpx2.Client(base_url=url, trust_env=False) as http:
        delivery = Delivery(url, http)
        delivery.control("POST", "reset")
        delivery.prepare()
        yield KantataSubject(delivery)
