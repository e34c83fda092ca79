"""The project that delivers a contract: WBS, milestones, demand for people, and what the CRM shows of it."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from tieline.model.contract import BillingMethod, Budget
from tieline.model.money import Money
from tieline.model.record import Owned, Record


class WbsElement(Record):
    """A task or phase of the work breakdown structure; a phase has no parent and bears no time of its own."""

    project_id: str
    parent_id: str | None = None
    code: str
    name: str
    role: str | None = None
    planned_hours: Decimal = Decimal(0)
    start_date: date
    end_date: date
    billable: bool = True


class Milestone(Record):
    """A deliverable whose completion may be billed."""

    project_id: str
    name: str
    due_on: date
    amount: Annotated[Money, Owned("tieline", "C2")]
    completed_on: Annotated[date | None, Owned("psa")] = None
    approved_by: Annotated[str | None, Owned("psa")] = None


class ResourceRequest(Record):
    """People wanted: a role for hours within dates, with region and skills."""

    project_id: str
    role: str
    hours: Decimal
    start_date: date
    end_date: date
    region: str | None = None
    skills: tuple[str, ...] = ()
    note: str | None = None


class ProjectSummary(Record):
    """What sales sees of a project in the CRM."""

    engagement_id: str
    opportunity_id: str
    opportunity_ref: str
    customer_ref: str
    name: str
    code: str
    legal_entity: str
    contract_version: int
    value: Annotated[Money, Owned("tieline", "C2")]
    start_date: date
    end_date: date
    planned_hours: Decimal


class Project(Record):
    """A project per delivering entity and currency of a contract version."""

    engagement_id: str
    contract_id: str
    contract_version: int
    name: str
    code: str
    customer_id: str
    customer_name: str
    legal_entity: str
    currency: str
    billing_method: Annotated[BillingMethod, Owned("tieline", "C2")]
    revenue_method: str
    start_date: date
    end_date: date
    value: Annotated[Money, Owned("tieline", "C2")]
    budget: Budget
    dimensions: dict[str, str] = {}
    delivery_leads: tuple[str, ...] = ()
    po_number: str | None = None
    document_url: str | None = None
    wbs: tuple[WbsElement, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    demand: tuple[ResourceRequest, ...] = ()
    summary: ProjectSummary


class ContractPartLine(Record):
    """One line of the ERP's contract; `item` is the role, or `fixed` for an amount without hours."""

    item: str
    description: str
    quantity: Decimal
    rate: Annotated[Decimal, Owned("tieline", "C2")]
    amount: Annotated[Decimal, Owned("tieline", "C2")]
    start_date: date | None = None
    """The days its work, and so its revenue, is planned for."""
    end_date: date | None = None


class ContractPart(Record):
    """The part of a contract one project's ERP holds (NetSuite sales order, Tryton sale): terms and priced lines."""

    contract_id: str
    contract_version: int
    project_id: str
    project_code: str
    name: str
    customer_id: str
    legal_entity: str
    currency: str
    payment_terms: str
    tax_treatment: str
    po_number: str | None = None
    document_url: str | None = None
    start_date: date
    end_date: date
    billing_method: Annotated[BillingMethod, Owned("tieline", "C2")]
    revenue_method: str | None = None
    value: Annotated[Money, Owned("tieline", "C2")]
    lines: tuple[ContractPartLine, ...]
    dimensions: dict[str, str] = {}
