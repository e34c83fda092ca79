"""What the firm's people do in the vendors' systems: win deals, book time, approve and correct it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Any, TypeVar

from tieline.demo.people import Browser, Row, SalesRep
from tieline.demo.setting import KANTATA_TOKEN
from tieline.rehearsal.firm import ARCHITECT, COUNTRIES, RATES, Consultant, Day, Engagement

T = TypeVar("T")
BULK = 100
"""The most Kantata takes in one request."""


@dataclass(frozen=True, slots=True)
class Place:
    """A project as its people see it."""

    workspace: int
    story: int


@dataclass(slots=True)
class Sheet:
    """One timesheet: a week of one consultant."""

    consultant: Consultant
    days: tuple[Day, ...]
    entries: list[int] = field(default_factory=list)
    submission: int = 0


def win(sales: SalesRep, engagement: Engagement, team: Sequence[Consultant], month: date) -> str:
    """A won deal with a line for each role of its team but the architect's, who joins later; its first line's id."""
    country, nexus = COUNTRIES[engagement.entity]
    account = sales.create(
        "Account",
        Name=engagement.customer,
        Tax_Nexus__c=nexus,
        Legal_Entity__c=engagement.entity,
        BillingCountry=country,
        CurrencyIsoCode=engagement.currency,
    )
    deal = sales.create(
        "Opportunity",
        Name=engagement.name,
        AccountId=account,
        StageName="Negotiation/Review",
        CloseDate=month.isoformat(),
        CurrencyIsoCode=engagement.currency,
        Legal_Entity__c=engagement.entity,
        Service_Line__c="Implementation",
        Contract_Type__c="SOW",
        Billing_Method__c="time_and_materials",
        Payment_Terms__c="NET30",
        Tax_Treatment__c="standard",
        Start_Date__c=month.isoformat(),
        End_Date__c=(month + timedelta(days=180)).isoformat(),
        PO_Number__c=f"PO-{engagement.number:05}",
        Region__c="Americas" if engagement.entity == "US" else "EMEA",
    )
    roles = dict.fromkeys(one.role for one in team if one.role != ARCHITECT)
    lines = [
        sales.price_line(
            deal,
            "IMP-BUILD",
            currency=engagement.currency,
            Quantity=160 * sum(one.role == role for one in team),
            UnitPrice=RATES[role, engagement.currency],
            Workstream__c="Build",
            Role__c=role,
            Description=f"Build by {role}",
        )
        for role in roles
    ]
    sales.change("Opportunity", deal, StageName="Closed Won")
    return lines[0]


class Office:
    """Everybody in Kantata, through its public API and in bulk where it takes that."""

    def __init__(self, url: str, users: dict[str, str]) -> None:
        self._browser = Browser("Delivery", url, {"authorization": f"Bearer {KANTATA_TOKEN}"})
        self._users = users

    def task(self, workspace: int) -> int:
        """A task of a project."""
        rows = self._list("stories", workspace_id=workspace, per_page=200)
        return next(int(row["id"]) for row in rows if row["story_type"] == "task")

    def enter(self, sheets: Sequence[Sheet], places: dict[int, Place]) -> None:
        """Consultants type in their days."""
        rows = [(sheet, self._entry(sheet.consultant, day, places)) for sheet in sheets for day in sheet.days]
        for some in chunks(rows, BULK):
            for (sheet, _), identifier in zip(
                some, self._create("time_entries", [row for _, row in some]), strict=True
            ):
                sheet.entries.append(identifier)

    def submit(self, sheets: Sequence[Sheet], places: dict[int, Place]) -> None:
        """They hand in their timesheets."""
        filled = [sheet for sheet in sheets if sheet.entries]
        for some in chunks(filled, BULK):
            rows = [
                {
                    "workspace_id": places[sheet.consultant.project].workspace,
                    "user_id": int(self._users[sheet.consultant.email]),
                    "title": f"Week of {sheet.days[0].on:%d %b}",
                    "line_item_ids": sheet.entries,
                }
                for sheet in some
            ]
            for sheet, identifier in zip(some, self._create("timesheet_submissions", rows), strict=True):
                sheet.submission = identifier

    def approve(self, sheets: Sequence[Sheet]) -> None:
        """Project managers approve."""
        self._decide("timesheet_approvals", sheets)

    def reject(self, sheets: Sequence[Sheet]) -> None:
        """Project managers take approvals back."""
        self._decide("timesheet_rejections", sheets)

    def correct(self, sheet: Sheet, minutes: int) -> None:
        """A manager changes the first day of an approved timesheet."""
        body = {"time_entry": {"time_in_minutes": minutes}}
        self._browser.call("PUT", f"/api/v1/time_entries/{sheet.entries[0]}", body)

    def _entry(self, one: Consultant, day: Day, places: dict[int, Place]) -> Row:
        return {
            "workspace_id": places[one.project].workspace,
            "story_id": places[one.project].story,
            "user_id": int(self._users[one.email]),
            "date_performed": day.on.isoformat(),
            "time_in_minutes": day.minutes,
            "billable": True,
            "notes": "Platform work",
        }

    def _decide(self, plural: str, sheets: Sequence[Sheet]) -> None:
        for some in chunks([sheet for sheet in sheets if sheet.submission], BULK):
            body = {"resolution": {"submission_ids": [sheet.submission for sheet in some]}}
            self._browser.call("POST", f"/api/v1/{plural}", body)

    def _create(self, plural: str, rows: Sequence[Row]) -> list[int]:
        envelope = self._browser.json("POST", f"/api/v1/{plural}", {plural: list(rows)})
        return [int(result["id"]) for result in envelope["results"]]

    def _list(self, plural: str, **params: Any) -> list[Row]:
        envelope = self._browser.json("GET", f"/api/v1/{plural}", params=params)
        return [envelope[result["key"]][result["id"]] for result in envelope["results"]]


def chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of so many."""
    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield some
