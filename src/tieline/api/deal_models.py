"""The shapes of answers about deals: the verdict, and the plan of what one would become."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from tieline.api.errors import ErrorText
from tieline.api.parts import Answer


class DealProblem(Answer):
    """One thing that is missing or wrong."""

    field: str = Field(description="Field of the deal, such as `payment_terms` or `lines.quantity`.")
    message: str
    suggestion: str = Field(description="What mends it.")
    kind: str = Field(description="`missing_field`, or `mapping` for a code that is in no list of the firm.")


class DealValue(Answer):
    """An exact amount."""

    amount: Decimal
    currency: str


class DealReady(Answer):
    """A deal that may be closed."""

    ready: Literal[True]
    name: str
    value: DealValue | None = Field(description="Of the contract it would become.")
    problems: list[DealProblem]
    approvals: list[str] = Field(description="What a person would have to approve afterwards.")


class DealNotReady(Answer):
    """A deal that cannot become a contract: all problems at once."""

    error: ErrorText = Field(description="The problems in a sentence, for a rule that shows one text.")
    ready: Literal[False]
    name: str
    value: None
    problems: list[DealProblem]
    approvals: list[str]


class PlannedContract(Answer):
    """The contract a deal would become, or has become."""

    id: str
    version: int
    active: bool = Field(description="Whether it is there already.")
    name: str
    value: DealValue
    legal_entity: str
    currency: str
    contract_type: str
    billing_method: str
    revenue_method: str
    payment_terms: str
    tax_treatment: str
    tax_nexus: str
    po_number: str | None
    start_date: date
    end_date: date
    service_line: str
    region: str | None
    document_url: str | None = Field(description="Where the signed document is.")
    is_standard: bool
    approvals: list[str] = Field(description="Why its terms need an approval.")


class PlannedPackage(Answer):
    """The service package a line of work comes from."""

    id: str
    version: int


class PlannedWork(Answer):
    """A line of the contract: a role's work, or a fixed amount."""

    workstream: str
    task: str | None
    role: str | None
    hours: Decimal
    rate: Decimal | None = Field(description="Per hour, where the work is priced by time.")
    amount: DealValue
    package: PlannedPackage | None
    start_date: date
    end_date: date


class PlannedMilestone(Answer):
    """A part of the invoice plan."""

    name: str
    due_on: date
    amount: DealValue


class PlannedRequest(Answer):
    """People wanted."""

    role: str
    hours: Decimal
    start_date: date
    end_date: date
    region: str | None
    skills: list[str]


class ProjectPlan(Answer):
    """A project that would be made."""

    id: str
    code: str
    name: str
    legal_entity: str
    value: DealValue
    hours: Decimal
    dimensions: dict[str, str]
    lines: list[PlannedWork]
    milestones: list[PlannedMilestone]
    resource_requests: list[PlannedRequest]


class PlannedWrites(Answer):
    """Records of one kind that a system would receive."""

    connection: str
    system: str
    label: str
    target: str
    what: str = Field(description="`create`, `update` or `withdraw`.")
    records: int


class DealPlanned(Answer):
    """What a deal would become."""

    opportunity: str
    name: str
    stage: str
    customer: str | None
    problems: list[DealProblem] = Field(description="What it lacks; then there may be no contract yet.")
    contract: PlannedContract | None
    projects: list[ProjectPlan]
    writes: list[PlannedWrites]
    refusals: list[str] = Field(description="What a system would refuse.")
