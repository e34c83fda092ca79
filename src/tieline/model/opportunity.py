"""The opportunity: what sales agrees with a customer, with its service packages and estimates by workstream."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from tieline.model.record import Owned, Record


class OpportunityLine(Record):
    """One service package or estimate: a role's hours on a workstream, or a fixed amount (no role, no hours)."""

    product_code: Annotated[str | None, Owned("crm")] = None
    description: Annotated[str | None, Owned("crm")] = None
    workstream: Annotated[str | None, Owned("crm")] = None
    role: Annotated[str | None, Owned("crm")] = None
    quantity: Annotated[Decimal, Owned("crm", "C2")]
    """Hours where a role is given, else pieces."""
    unit_price: Annotated[Decimal, Owned("crm", "C2")]
    due_on: Annotated[date | None, Owned("crm")] = None
    """When a fixed amount falls due (milestone)."""
    delivering_entity: Annotated[str | None, Owned("crm")] = None

    @property
    def amount(self) -> Decimal:
        """Quantity times price, unrounded."""
        return self.quantity * self.unit_price


class Opportunity(Record):
    """A deal. `is_committed` is the site's stage rule (won, or signed) applied by the connector's mapping."""

    name: Annotated[str, Owned("crm")]
    customer_id: Annotated[str | None, Owned("crm")] = None
    customer_ref: Annotated[str | None, Owned("crm")] = None
    """The customer's id in the CRM, where it is read."""
    stage: Annotated[str, Owned("crm")]
    is_committed: Annotated[bool, Owned("crm")] = False
    is_lost: Annotated[bool, Owned("crm")] = False
    is_deleted: Annotated[bool, Owned("crm")] = False
    amount: Annotated[Decimal | None, Owned("crm", "C2")] = None
    currency: Annotated[str | None, Owned("crm", "C2")] = None
    close_date: Annotated[date | None, Owned("crm")] = None
    probability: Annotated[Decimal | None, Owned("crm")] = None
    """0 to 1."""
    sales_owner: Annotated[str | None, Owned("crm")] = None
    """E-mail of the account executive."""
    legal_entity: Annotated[str | None, Owned("crm", "C2")] = None
    service_line: Annotated[str | None, Owned("crm")] = None
    contract_type: Annotated[str | None, Owned("crm", "C2")] = None
    billing_method: Annotated[str | None, Owned("crm", "C2")] = None
    """time_and_materials, fixed_price, milestone or retainer."""
    payment_terms: Annotated[str | None, Owned("crm", "C2")] = None
    tax_treatment: Annotated[str | None, Owned("crm", "C2")] = None
    po_number: Annotated[str | None, Owned("crm")] = None
    start_date: Annotated[date | None, Owned("crm")] = None
    end_date: Annotated[date | None, Owned("crm")] = None
    region: Annotated[str | None, Owned("crm")] = None
    billing_terms: Annotated[str | None, Owned("crm", "C2")] = None
    """What the deal agrees about billing otherwise than its service line, in the words of `[service_line.billing]`."""
    document_url: Annotated[str | None, Owned("crm")] = None
    """Where the signed document is."""
    parent_engagement: Annotated[str | None, Owned("crm")] = None
    """Id of the engagement an add-on deal belongs to."""
    lines: Annotated[tuple[OpportunityLine, ...], Owned("crm")] = ()
    source_version: int = 0
    """The CRM's modification stamp in microseconds."""


class Readiness(Record):
    """What the CRM shows of a deal before it is a contract; both None takes away what was shown. `id` is the deal's."""

    legal_entity: str | None = None
    state: str | None = None
    """Ready, Ready after approval, or Incomplete."""
    missing: str | None = None
    """A line for each thing that is missing, with what mends it."""
