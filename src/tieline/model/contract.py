"""The contract in immutable versions: terms, scope lines, rate card, billing schedule and budget."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from tieline.model.billing_terms import BillingMethod as BillingMethod
from tieline.model.billing_terms import BillingTerms
from tieline.model.change_order import ContractChange
from tieline.model.money import Money
from tieline.model.record import Owned, Record

RevenueMethod = Literal["as_billed", "on_milestone", "percent_complete", "straight_line"]
"""How a fixed price is earned; work is earned as delivered and fees by days, whatever the method."""


class Agreement(Record):
    """A framework (MSA): groups contracts of one customer."""

    customer_id: str
    name: str
    starts_on: date | None = None
    ends_on: date | None = None


class Engagement(Record):
    """The thread: one contract, 1..n opportunities, 1..n projects."""

    name: str
    customer_id: str
    agreement_id: str | None = None
    contract_id: str | None = None
    opportunity_ids: tuple[str, ...] = ()


class PackageUse(Record):
    """The service package a contract line was made of; `id` is the package's."""

    version: int
    sku: str
    quantity: Decimal
    line: str
    """Our id of the quoted line."""


class ContractLine(Record):
    """One line of scope: a role's hours on a workstream at a rate, or a fixed amount."""

    workstream: str
    description: str | None = None
    role: str | None = None
    hours: Annotated[Decimal, Owned("tieline", "C2")] = Decimal(0)
    rate: Annotated[Decimal | None, Owned("tieline", "C2")] = None
    amount: Annotated[Money, Owned("tieline", "C2")]
    delivering_entity: str
    billing_method: BillingMethod | None = None
    """Where a line is billed in another way than its contract."""
    package: PackageUse | None = None
    skills: tuple[str, ...] = ()
    start_date: date | None = None
    """When its work begins and ends, where that is not the contract's start and end."""
    end_date: date | None = None


class RateCardRow(Record):
    """A bill rate per hour, in force from `valid_from` up to but not including `valid_to`.

    `precedence` decides between rows that fit: 1 assignment (person and project), 2 person, 3 project and role,
    4 contract and role, 5 the firm's standard. The lowest number wins; of the firm's rows those of the customer go
    before those of a service line or region, and a row that says more about the person before one that says less.
    """

    precedence: Literal[1, 2, 3, 4, 5]
    role: str | None = None
    person: str | None = None
    level: str | None = None
    location: str | None = None
    contract_id: str | None = None
    project_id: str | None = None
    customer_id: str | None = None
    service_line: str | None = None
    region: str | None = None
    currency: str
    rate: Annotated[Decimal, Owned("tieline", "C2")]
    valid_from: date
    valid_to: date | None = None

    @property
    def is_general(self) -> bool:
        """Whether it holds for all customers, service lines, regions, levels and locations."""
        return not (self.customer_id or self.service_line or self.region or self.level or self.location)


class BillingScheduleItem(Record):
    """One planned billing: by date, or on completion of a milestone."""

    name: str
    amount: Annotated[Money, Owned("tieline", "C2")]
    due_on: date | None = None
    milestone_id: str | None = None
    delivering_entity: str | None = None
    """Whose project bills it, where no line of the contract says so: an item of a package's invoice plan."""


class BillingSchedule(Record):
    """How a contract is billed; `time_and_materials` has no items, it bills actuals by `cycle`."""

    contract_id: str
    method: BillingMethod
    cycle: Literal["monthly", "on_completion", "as_scheduled"] = "monthly"
    items: tuple[BillingScheduleItem, ...] = ()


class Budget(Record):
    """The baseline: hours, revenue and planned cost."""

    hours: Decimal
    revenue: Annotated[Money, Owned("tieline", "C2")]
    cost: Annotated[Money | None, Owned("tieline", "C3")] = None


class ContractVersion(Record):
    """One approved state of the terms. Never changed: a change order adds the next version.

    `id` is the contract's id; `version` counts from 1.
    """

    version: int
    engagement_id: str
    name: str
    customer_id: str
    opportunity_id: str
    legal_entity: Annotated[str, Owned("tieline", "C2")]
    currency: Annotated[str, Owned("tieline", "C2")]
    contract_type: Annotated[str, Owned("tieline", "C2")]
    billing_method: Annotated[BillingMethod, Owned("tieline", "C2")]
    payment_terms: Annotated[str, Owned("tieline", "C2")]
    tax_treatment: Annotated[str, Owned("tieline", "C2")]
    tax_nexus: Annotated[str, Owned("tieline", "C2")]
    po_number: str | None = None
    start_date: date
    end_date: date
    service_line: str
    region: str | None = None
    sales_owner: str | None = None
    revenue_method: str
    value: Annotated[Money, Owned("tieline", "C2")]
    lines: tuple[ContractLine, ...]
    rate_card: tuple[RateCardRow, ...]
    billing_schedule: BillingSchedule
    billing_terms: BillingTerms = BillingTerms()
    budget: Budget
    dimensions: dict[str, str] = {}
    phases: tuple[str, ...] = ()
    """What every project of it starts with."""
    closing_phases: tuple[str, ...] = ()
    delivery_leads: tuple[str, ...] = ()
    is_standard: bool = True
    deviations: tuple[str, ...] = ()
    """Why the terms are not standard, in words."""
    signed_on: date | None = None
    document_url: str | None = None
    """Where the signed document is."""
    effective_from: date | None = None
    """Work from this day on is billed by it; None: from the contract's start."""
    change: ContractChange | None = None
    """What made it of the version before; None for version 1."""
