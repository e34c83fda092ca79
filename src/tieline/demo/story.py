"""The story of the demo: a deal is won, staffed, worked, billed and paid, each by its people in their own system.

Nothing here writes through Tieline. Every expectation is read back from the vendors' side.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from tieline.demo.people import Delivery, SalesRep, today

T = TypeVar("T")

PATIENCE = 90.0
"""Seconds a state may take to arrive before the demo says what is missing."""

ROLES = {
    "Senior Consultant": ("Design", 80, Decimal(210), "tom.okafor@haldenmarsh.example"),
    "Consultant": ("Build", 120, Decimal(165), "marco.silva@haldenmarsh.example"),
}


class Finance(Protocol):
    """What finance does in any of the ERPs."""

    system: str

    def draft(self, project: str, worth: Decimal) -> str | None:
        """The draft invoice of a project, once its net amount is what was worked."""

    def release(self, invoice: str) -> None:
        """Post the draft."""

    def total(self, invoice: str) -> Decimal:
        """What the customer owes for it, tax included."""

    def outstanding(self, invoice: str) -> Decimal:
        """What is still owed."""

    def pay(self, invoice: str, amount: Decimal) -> None:
        """Money received."""

    def hours(self, project: str) -> Decimal:
        """Hours booked on a project."""


@dataclass(frozen=True)
class Check:
    """One expected state, read back from a vendor."""

    name: str
    ok: bool
    expected: str
    found: str


class Missing(Exception):
    """A state did not arrive in time."""


@dataclass
class Story:
    """The plot; `say` is told each step, `stalled` what Tieline itself reports as waiting."""

    sales: SalesRep
    delivery: Delivery
    finance: Finance
    legal_entity: str
    currency: str
    say: Callable[[str, str], None]
    """(who, what)"""
    stalled: Callable[[], str]
    checks: list[Check] = field(default_factory=list)
    _minutes: int = 0

    def play(self) -> None:
        """All of it. Raises Missing or NotDone."""
        opportunity = self.win()
        project = self.wait("the project in Salesforce", lambda: self._shown(opportunity))
        workspace = self.wait("the project in Kantata", lambda: self.delivery.project(str(project["Name"])))
        self.check("Salesforce shows the Kantata project", workspace["id"], project["PSA_Id__c"])
        self.staff(workspace, project)
        worth = self.work(workspace)
        invoice = self.bill(project, worth)
        self.get_paid(project, invoice)

    def win(self) -> str:
        """Sales creates the customer and wins the deal."""
        country = {"US": "United States", "DE": "Germany"}[self.legal_entity]
        nexus = {"US": "US-CA", "DE": "DE"}[self.legal_entity]
        account = self.sales.create(
            "Account",
            Name="Northlight Utilities",
            Tax_Nexus__c=nexus,
            Legal_Entity__c=self.legal_entity,
            BillingCountry=country,
            BillingCity="Fresno" if self.legal_entity == "US" else "Hamburg",
            CurrencyIsoCode=self.currency,
        )
        start = today().replace(day=1)
        opportunity = self.sales.create(
            "Opportunity",
            Name="Grid analytics platform",
            AccountId=account,
            StageName="Negotiation/Review",
            CloseDate=today().isoformat(),
            CurrencyIsoCode=self.currency,
            Legal_Entity__c=self.legal_entity,
            Service_Line__c="Implementation",
            Contract_Type__c="SOW",
            Billing_Method__c="time_and_materials",
            Payment_Terms__c="NET30",
            Tax_Treatment__c="standard",
            Start_Date__c=start.isoformat(),
            End_Date__c=(start + timedelta(days=120)).isoformat(),
            PO_Number__c="PO-88213",
            Region__c="Americas",
        )
        for role, (workstream, hours, rate, _) in ROLES.items():
            self.sales.price_line(
                opportunity,
                "IMP-BUILD",
                currency=self.currency,
                Quantity=hours,
                UnitPrice=rate,
                Workstream__c=workstream,
                Role__c=role,
                Description=f"{workstream} by {role}",
            )
        self.say("Sales", "wins the deal 'Grid analytics platform' of Northlight Utilities in Salesforce")
        self.sales.change("Opportunity", opportunity, StageName="Closed Won")
        return opportunity

    def staff(self, workspace: dict[str, Any], project: dict[str, Any]) -> None:
        """The resource manager confirms people; sales sees it."""
        start = date.fromisoformat(str(project["Start_Date__c"]))
        for _, hours, _, email in ROLES.values():
            self.delivery.staff(str(workspace["id"]), email, start, start + timedelta(days=100), hours)
        self.say("Delivery", "staffs Tom Okafor and Marco Silva in Kantata")
        shown = self.wait(
            "the staffing in Salesforce",
            lambda: self._project(project["Id"], "Staffing_Status__c = 'staffed'"),
        )
        self.check("Salesforce shows the staffing", "staffed", shown["Staffing_Status__c"])

    def work(self, workspace: dict[str, Any]) -> Decimal:
        """Consultants book a week, the project manager approves; returns what it is worth."""
        stories = self.wait("the tasks in Kantata", lambda: self._tasks(str(workspace["id"])))
        monday = today() - timedelta(days=today().weekday() + 7)
        monday = max(monday, today().replace(day=1))
        worth, minutes = Decimal(0), 0
        for role, (workstream, _, rate, email) in ROLES.items():
            days = [(monday + timedelta(days=n), 450, f"{workstream} work") for n in range(5)]
            days = [day for day in days if day[0] <= today()]
            submission = self.delivery.book(str(workspace["id"]), stories[f"{workstream} by {role}"], email, days)
            self.delivery.approve(submission)
            booked = sum(day[1] for day in days)
            minutes += booked
            worth += rate * booked / 60
        self.say("Delivery", f"books and approves {minutes / 60:g} hours in Kantata")
        self._minutes = minutes
        return worth

    def bill(self, project: dict[str, Any], worth: Decimal) -> str:
        """The time arrives in the ERP, a draft invoice too; finance releases it."""
        hours = Decimal(self._minutes) / 60
        erp_project = str(project["ERP_Id__c"])
        self.wait("the time in the ERP", lambda: self.finance.hours(erp_project) >= hours or None)
        self.check("ERP holds the approved hours", hours, self.finance.hours(erp_project))
        invoice = self.wait("the draft invoice", lambda: self.finance.draft(erp_project, worth))
        self.say("Finance", f"releases the draft invoice in {self.finance.system}")
        self.finance.release(invoice)
        return invoice

    def get_paid(self, project: dict[str, Any], invoice: str) -> None:
        """The customer pays; sales sees invoice and payment."""
        total = self.finance.total(invoice)
        shown = self.wait(
            "the posted invoice in Salesforce", lambda: self._invoice(project["Id"], "Status__c = 'open'")
        )
        self.check("Salesforce shows the invoice total of the ERP", total, Decimal(str(shown["Total__c"])))
        self.say("Customer", f"pays {self.currency} {total:,.2f}")
        self.finance.pay(invoice, total)
        paid = self.wait("the payment in Salesforce", lambda: self._invoice(project["Id"], "Status__c = 'paid'"))
        self.check("Nothing is owed in the ERP", Decimal(0), self.finance.outstanding(invoice))
        self.check("Nothing is owed in Salesforce", Decimal(0), Decimal(str(paid["Outstanding__c"])))
        summary = self.wait(
            "the billing summary in Salesforce",
            lambda: self._project(project["Id"], "Collection_Status__c = 'paid'"),
        )
        self.check("Salesforce shows nothing unbilled", Decimal(0), Decimal(str(summary["Unbilled__c"])))

    # ---- reading back ----

    def wait(self, what: str, look: Callable[[], T | None]) -> T:
        """Look until it is there. Raises Missing with what Tieline says about it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise Missing(f"{what} did not arrive within {PATIENCE:g} seconds. {self.stalled()}")
            time.sleep(0.2)

    def check(self, name: str, expected: object, found: object) -> None:
        """Remember one read-back; numbers are compared as numbers."""
        ok = expected == found if not isinstance(found, Decimal) else Decimal(str(expected)) == found
        self.checks.append(Check(name, ok, f"{expected}", f"{found}"))

    def _shown(self, opportunity: str) -> dict[str, Any] | None:
        rows = self.sales.query(
            "SELECT Id, Name, Tieline_Id__c, ERP_Id__c, PSA_Id__c, Start_Date__c FROM Tieline_Project__c"
            f" WHERE Opportunity__c = '{opportunity}' AND ERP_Id__c != null AND PSA_Id__c != null"
        )
        return rows[0] if rows else None

    def _project(self, identifier: str, condition: str) -> dict[str, Any] | None:
        rows = self.sales.query(
            "SELECT Id, Staffing_Status__c, Collection_Status__c, Unbilled__c FROM Tieline_Project__c"
            f" WHERE Id = '{identifier}' AND {condition}"
        )
        return rows[0] if rows else None

    def _invoice(self, project: str, condition: str) -> dict[str, Any] | None:
        rows = self.sales.query(
            "SELECT Id, Name, Status__c, Total__c, Outstanding__c FROM Tieline_Invoice__c"
            f" WHERE Project__c = '{project}' AND {condition}"
        )
        return rows[0] if rows else None

    def _tasks(self, workspace: str) -> dict[str, str] | None:
        rows = self.delivery.list("stories", workspace_id=workspace)
        titles = {str(row["title"]): str(row["id"]) for row in rows}
        wanted = [f"{workstream} by {role}" for role, (workstream, *_rest) in ROLES.items()]
        return titles if all(title in titles for title in wanted) else None
