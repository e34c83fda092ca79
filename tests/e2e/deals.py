"""Deals as sales makes them in Salesforce, and what the people of delivery and finance see of them."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.e2e.world import World
from tieline.demo.people import today


@dataclass(frozen=True)
class Line:
    """One estimate or package of a deal."""

    workstream: str = "Design"
    role: str | None = "Senior Consultant"
    quantity: int = 40
    price: int = 210
    entity: str | None = None
    description: str = ""


@dataclass(frozen=True)
class Deal:
    """A deal in Salesforce."""

    id: str
    account: str
    name: str
    lines: tuple[str, ...]


def offer(
    here: World,
    name: str,
    *lines: Line,
    customer: str | None = None,
    entity: str | None = "US",
    currency: str = "USD",
    **fields: Any,
) -> Deal:
    """A complete deal that is not won yet; with a customer of its own unless one is named."""
    sales = here.sales
    place = {"BillingCountry": "Germany"} if entity == "DE" else {"BillingCountry": "United States"}
    nexus = {"DE": "DE", "UK": "GB"}.get(entity or "", "US-CA")
    account = sales.create(
        "Account", Name=customer or f"{name} Ltd", Tax_Nexus__c=nexus, CurrencyIsoCode=currency, **place
    )
    start = today().replace(day=1)
    terms = {
        "StageName": "Negotiation/Review",
        "CloseDate": today().isoformat(),
        "CurrencyIsoCode": currency,
        "Service_Line__c": "Implementation",
        "Contract_Type__c": "SOW",
        "Billing_Method__c": "time_and_materials",
        "Payment_Terms__c": "NET30",
        "Tax_Treatment__c": "standard",
        "Start_Date__c": start.isoformat(),
        "End_Date__c": (start + timedelta(days=120)).isoformat(),
    }
    if entity is not None:
        terms["Legal_Entity__c"] = entity
    deal = sales.create("Opportunity", Name=name, AccountId=account, **(terms | fields))
    rows = [_add(here, deal, line, currency) for line in lines or (Line(),)]
    return Deal(deal, account, name, tuple(rows))


def win(here: World, name: str, *lines: Line, **more: Any) -> Deal:
    """A deal, won."""
    deal = offer(here, name, *lines, **more)
    stage(here, deal, "Closed Won")
    return deal


def stage(here: World, deal: Deal, name: str) -> None:
    """Sales moves the deal to a stage."""
    here.sales.change("Opportunity", deal.id, StageName=name)


def _add(here: World, deal: str, line: Line, currency: str) -> str:
    fields: dict[str, Any] = {"Workstream__c": line.workstream, "Quantity": line.quantity, "UnitPrice": line.price}
    fields["Description"] = line.description or f"{line.workstream} by {line.role}"
    if line.role is not None:
        fields["Role__c"] = line.role
    if line.entity is not None:
        fields["Delivering_Entity__c"] = line.entity
    return here.sales.price_line(deal, "IMP-BUILD", currency=currency, **fields)


def shown(here: World, deal: Deal, more: str = "AND ERP_Id__c != null AND PSA_Id__c != null") -> dict[str, Any] | None:
    """The project as sales sees it in Salesforce, once it is there."""
    rows = here.sales.query(
        "SELECT Id, Name, Legal_Entity__c, ERP_Id__c, PSA_Id__c, Hours_Worked__c, Unbilled__c, Billed_To_Date__c,"
        f" Outstanding__c, Collection_Status__c FROM Tieline_Project__c WHERE Opportunity__c = '{deal.id}' {more}"
    )
    return rows[0] if rows else None


def invoices(here: World, project: dict[str, Any]) -> list[dict[str, Any]]:
    """The invoices of a project in Salesforce."""
    return here.sales.query(
        "SELECT Id, Name, Status__c, Net__c, Total__c, Outstanding__c FROM Tieline_Invoice__c"
        f" WHERE Project__c = '{project['Id']}'"
    )


def work(here: World, project: dict[str, Any], email: str, *days: tuple[date, int], note: str = "work") -> str:
    """Somebody books time on the first task and has it approved; the submission's id."""
    stories = here.delivery.list("stories", workspace_id=project["PSA_Id__c"])
    task = next(str(row["id"]) for row in stories if row["story_type"] == "task")
    entries = [(day, minutes, note) for day, minutes in days]
    submission = here.delivery.book(str(project["PSA_Id__c"]), task, email, entries)
    here.delivery.approve(submission)
    return submission


def workday(back: int = 0) -> date:
    """A day of this month, some days back."""
    return max(today() - timedelta(days=back), today().replace(day=1))


def money(value: object) -> Decimal:
    """An amount of an answer."""
    return Decimal(str(value))


def netsuite_record(here: World, kind: str, number: str) -> dict[str, Any]:
    """A record with its lines, as finance sees it."""
    path = f"/services/rest/record/v1/{kind}/{number}?expandSubResources=true"
    row: dict[str, Any] = here.finance._browser.json("GET", path)
    return row
