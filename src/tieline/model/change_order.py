"""The change order: an agreed change of a contract as deltas, so that two of them compose; and what came of one."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from tieline.model.money import Money
from tieline.model.record import Owned, Record

ChangeKind = Literal["scope", "rate", "milestone", "resource", "term"]
ChangeStatus = Literal["draft", "proposed", "approved", "rejected", "cancelled"]
ChangeAction = Literal["add", "change", "remove"]


class ChangeOrderLine(Record):
    """One delta. Workstream, role, description and delivering entity name the line of the contract it is about.

    `add`: a new line; with a role it has hours and a rate (without one the rate agreed for the role), else an amount.
    `change`: hours or an amount that are added, negative ones taken away; a new due date; or a role's new rate, which
    counts for every line of the role. `remove`: the line goes.
    """

    action: Annotated[ChangeAction, Owned("crm")]
    workstream: Annotated[str | None, Owned("crm")] = None
    description: Annotated[str | None, Owned("crm")] = None
    role: Annotated[str | None, Owned("crm")] = None
    delivering_entity: Annotated[str | None, Owned("crm")] = None
    hours: Annotated[Decimal | None, Owned("crm", "C2")] = None
    rate: Annotated[Decimal | None, Owned("crm", "C2")] = None
    """Per hour, from the day the order takes effect."""
    amount: Annotated[Decimal | None, Owned("crm", "C2")] = None
    due_on: Annotated[date | None, Owned("crm")] = None


class ChangeOrder(Record):
    """What sales and the customer agreed to change, from a day on. Only an approved one becomes a contract version."""

    number: Annotated[str, Owned("crm")]
    kind: Annotated[ChangeKind, Owned("crm")]
    status: Annotated[ChangeStatus, Owned("crm")]
    reason: Annotated[str | None, Owned("crm")] = None
    effective_from: Annotated[date | None, Owned("crm")] = None
    """Work before this day is billed by the version before."""
    proposed_by: Annotated[str | None, Owned("crm")] = None
    approved_by: Annotated[str | None, Owned("crm")] = None
    approved_at: Annotated[datetime | None, Owned("crm")] = None
    document_url: Annotated[str | None, Owned("crm")] = None
    currency: Annotated[str | None, Owned("crm", "C2")] = None
    legal_entity: Annotated[str | None, Owned("crm", "C2")] = None
    customer_id: Annotated[str | None, Owned("crm")] = None
    """These three say what the contract says, or nothing: they never change by an amendment."""
    end_date: Annotated[date | None, Owned("crm")] = None
    payment_terms: Annotated[str | None, Owned("crm", "C2")] = None
    po_number: Annotated[str | None, Owned("crm")] = None
    billing_terms: Annotated[str | None, Owned("crm", "C2")] = None
    """The parts of the billing terms that change, in the words of `[service_line.billing]`."""
    lines: Annotated[tuple[ChangeOrderLine, ...], Owned("crm")] = ()


class ContractChange(Record):
    """Why a contract version differs from the one before; `id` is the change order's."""

    order: ChangeOrder
    """As it was when it became the version."""
    changed: tuple[str, ...]
    """Old and new, in words."""
    difference: Annotated[Money, Owned("tieline", "C2")]
    """Of the contract's value."""
