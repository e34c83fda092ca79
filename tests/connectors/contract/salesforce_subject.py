"""Salesforce for the contract suite: the stand-in organisation and its deals."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2

from tests.connectors.contract.standin import ControlApi
from tests.connectors.contract.subject import Feed, Sample
from tests.connectors.salesforce.org import PROJECT, Org, project
from tieline.connectors.salesforce import connect
from tieline.connectors.salesforce.org_id import eighteen
from tieline.model.closing import ProjectOutcome
from tieline.model.collection import InvoiceCollection
from tieline.model.invoice import InvoiceSummary, ProjectFinancials
from tieline.model.money import Money
from tieline.model.notice import CustomerLink
from tieline.model.opportunity import Readiness
from tieline.model.outlook import FollowUp, HealthSummary
from tieline.model.staffing import StaffingSummary
from tieline.sdk.connected import Connected
from tieline.sdk.connector import RoleName
from tieline.sdk.http import OpenGate
from tieline.sdk.operation import Written

NOWHERE = "006dM00003kRs59QAC"
"""An id that no record has."""
SHOWN, INVOICE, NUMBER = "Tieline_Project__c", "Tieline_Invoice__c", "Tieline_Customer_Link__c"


class SalesforceSubject(ControlApi):
    """The CRM."""

    role: RoleName = "crm"
    sign_in_call = "oauth.token"
    another_account = eighteen("00D000000000001")

    def __init__(self, org: Org) -> None:
        super().__init__(org.http)
        self.org = org
        self.buyer = org.customer()
        self.deal = org.won(AccountId=self.buyer)
        self.feeds = {"opportunities": Feed(self._deals, self._touch, self._page)}

    def connect(self, **options: Any) -> Connected:
        owners = options.pop("owners", {})
        options.setdefault("follow_ups", ["task", "opportunity"])
        return connect(replace(self.org.settings(**options), owners=owners), OpenGate())

    def count(self, kind: str) -> int:
        return len(self.org.rows(f"SELECT Id FROM {kind}"))

    def look(self, kind: str, external_id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.org.call("GET", f"sobjects/{kind}/{external_id}")
        return found

    def sample(self, connected: Connected, name: str) -> Sample:
        shown = project(opportunity_ref=self.deal, customer_ref=self.buyer)
        if name == "show_project":
            return _sample(
                SHOWN,
                record=shown,
                newer=shown.model_copy(update={"code": "BLU-002"}),
                shown=lambda row: row["Code__c"],
                values=("BLU-001", "BLU-002"),
                owned=("name", shown.name),
                refused=(shown.model_copy(update={"opportunity_ref": NOWHERE}), {}),
            )
        if name == "link_customer":
            link = CustomerLink(id="cus_1:US", legal_entity="US", erp_system="NetSuite", erp_number="CUST-7")
            return _sample(
                NUMBER,
                record=link,
                newer=link.model_copy(update={"erp_number": "CUST-8"}),
                links={"crm_customer": self.buyer},
                shown=lambda row: row["Name"],
                values=("CUST-7", "CUST-8"),
                owned=("erp_system", "NetSuite"),
                refused=(link, {"crm_customer": NOWHERE}),
            )
        if name == "show_readiness":
            lacking = Readiness(id="opp_1", state="Incomplete", missing="The currency is missing. Fill it in.")
            return _sample(
                "Opportunity",
                adds=0,
                create="Opportunity.update",
                record=lacking,
                newer=lacking.model_copy(update={"state": "Ready"}),
                links={"opportunity": self.deal},
                shown=lambda row: row["Tieline_Readiness__c"],
                values=("Incomplete", "Ready"),
                owned=("missing", "The currency is missing"),
                refused=(lacking, {"opportunity": NOWHERE}),
            )
        if name in ("show_health", "create_task", "create_opportunity"):
            return self._outlook(name)
        assert connected.crm is not None
        there = connected.crm.show_project.create(connected.crm.show_project.render(shown, {}), "key")
        assert isinstance(there, Written)
        if name == "show_collection":
            return self._collection(connected, there.external_id)
        return self._of_project(name, there.external_id)

    def _of_project(self, name: str, parent: str) -> Sample:
        if name == "show_staffing":
            staffing = StaffingSummary(
                id=PROJECT,
                requested_hours=Decimal(640),
                confirmed_hours=Decimal(320),
                people=("Priya Raman",),
                status="partly staffed",
            )
            return _sample(
                SHOWN,
                adds=0,
                record=staffing,
                newer=staffing.model_copy(update={"status": "staffed"}),
                shown=lambda row: row["Staffing_Status__c"],
                values=("partly staffed", "staffed"),
                owned=("people", "Priya Raman"),
                refused=(staffing.model_copy(update={"id": "prj_nowhere"}), {}),
            )
        if name == "show_financials":
            money = ("contract_value", "billed_to_date", "paid_to_date", "outstanding", "unbilled")
            hours = dict.fromkeys(("hours_worked", "hours_budgeted", "burn_percent"), Decimal(40))
            financials = ProjectFinancials(
                id=PROJECT, **{one: usd("40000") for one in money}, **hours, collection_status="current"
            )
            return _sample(
                SHOWN,
                adds=0,
                record=financials,
                newer=financials.model_copy(update={"billed_to_date": usd("41000")}),
                shown=lambda row: row["Billed_To_Date__c"],
                values=(Decimal(40000), Decimal(41000)),
                owned=("collection_status", "current"),
                refused=(financials.model_copy(update={"id": "prj_nowhere"}), {}),
            )
        if name == "show_outcome":
            outcome = ProjectOutcome(
                id=PROJECT,
                closed_on=date(2026, 11, 2),
                delivered_value=usd("40000"),
                hours_delivered=Decimal(320),
                hours_budgeted=Decimal(300),
                on_time=True,
            )
            return _sample(
                SHOWN,
                adds=0,
                record=outcome,
                newer=outcome.model_copy(update={"delivered_value": usd("41000")}),
                shown=lambda row: row["Delivered_Value__c"],
                values=(Decimal(40000), Decimal(41000)),
                owned=("closed_on", "2026-11-02"),
                refused=(outcome.model_copy(update={"id": "prj_nowhere"}), {}),
            )
        return self._invoice(parent)

    def _outlook(self, name: str) -> Sample:
        if name == "show_health":
            names = {"id": "eng_1", "scope": "engagement", "name": "Grid", "customer_ref": self.buyer}
            health = HealthSummary.model_validate(names | {"colour": "red", "reasons": ("An invoice is late",)})
            return _sample(
                "Tieline_Health__c",
                record=health,
                newer=health.model_copy(update={"colour": "green"}),
                shown=lambda row: row["Colour__c"],
                values=("red", "green"),
                owned=("reasons", "An invoice is late"),
                refused=(health.model_copy(update={"customer_ref": NOWHERE}), {}),
            )
        refs = {"customer_ref": self.buyer, "opportunity_ref": self.deal}
        words: dict[str, Any] = {"kind": "renewal", "name": "Renewal: Grid", "text": "It ends", "amount": usd("900")}
        follow_up = FollowUp(id="con_1:2027-01-31:renewal", due_on=date(2027, 1, 31), **words, **refs)
        kind, shown = ("Task", "Subject") if name == "create_task" else ("Opportunity", "Name")
        sample = _sample(
            kind,
            record=follow_up,
            newer=None,
            shown=lambda row: row[shown],
            values=("Renewal: Grid", None),
            owned=("", ""),
            refused=(follow_up.model_copy(update={"customer_ref": NOWHERE, "opportunity_ref": NOWHERE}), {}),
        )
        return replace(sample, create=f"{kind}.create", update="")

    def _collection(self, connected: Connected, parent: str) -> Sample:
        assert connected.crm is not None
        invoice, links = _invoice(), {"project": parent}
        connected.crm.show_invoice.create(connected.crm.show_invoice.render(invoice, links), "key")
        disputed = InvoiceCollection(id=invoice.id, status="disputed", dispute="Rate of week 12", reminders=1)
        return _sample(
            INVOICE,
            adds=0,
            record=disputed,
            newer=disputed.model_copy(update={"status": "promised"}),
            shown=lambda row: row["Collection_Status__c"],
            values=("disputed", "promised"),
            owned=("dispute", "Rate of week 12"),
            refused=(disputed.model_copy(update={"id": "inv_nowhere"}), {}),
        )

    @staticmethod
    def _invoice(parent: str) -> Sample:
        invoice = _invoice()
        return _sample(
            INVOICE,
            record=invoice,
            newer=invoice.model_copy(update={"status": "paid"}),
            links={"project": parent},
            shown=lambda row: row["Status__c"],
            values=("open", "paid"),
            owned=("number", "INV-9"),
            refused=(invoice, {"project": NOWHERE}),
        )

    def _deals(self, number: int) -> set[str]:
        return {self.org.deal(f"Deal {place}") for place in range(number)}

    def _touch(self, deal: str) -> None:
        self.org.later(3600)
        self.org.change("Opportunity", deal, StageName="Closed Won")

    @staticmethod
    def _page(connected: Connected, cursor: str | None) -> tuple[list[str], str, bool]:
        assert connected.crm is not None
        page = connected.crm.list_changed_opportunities(cursor)
        return [item.external_id for item in page.items], page.cursor, page.more


def _sample(sobject: str, *, reason: str = r"\w", **values: Any) -> Sample:
    values = {"create": f"{sobject}.upsert", "update": f"{sobject}.update"} | values
    return Sample(kind=sobject, reason=reason, **values)


def _invoice() -> InvoiceSummary:
    amounts = {name: usd("40000") for name in ("net", "total", "outstanding")}
    days = {"issued_on": date(2027, 2, 1), "due_on": date(2027, 3, 3)}
    return InvoiceSummary(id="inv_1", project_id=PROJECT, number="INV-9", status="open", **days, **amounts)


def usd(amount: str) -> Money:
    """Dollars."""
    return Money(amount=Decimal(amount), currency="USD")


@contextmanager
def salesforce(url: str) -> Iterator[SalesforceSubject]:
    """A fresh organisation on a running stand-in."""
    with httpx2.Client(base_url=url, trust_env=False) as http:
        org = Org(url, http)
        org.control("POST", "reset")
        org.prepare()
        yield SalesforceSubject(org)
