"""Invoices, payments and the financial picture of a project that goes back to CRM and PSA."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from tieline.model.money import Money
from tieline.model.record import Owned, Record

InvoiceStatus = Literal["draft", "open", "partly_paid", "paid", "void"]


class InvoiceLine(Record):
    """A line of a proposed invoice, with every transaction it bills."""

    item: str
    description: str
    quantity: Decimal
    unit: str
    rate: Annotated[Decimal, Owned("tieline", "C2")]
    amount: Annotated[Decimal, Owned("tieline", "C2")]
    tax_code: str | None = None
    start_date: date | None = None
    """The days its revenue belongs to: of the work, or those a fee is for."""
    end_date: date | None = None
    transaction_ids: tuple[str, ...] = ()


class Invoice(Record):
    """A draft we propose; number, tax, dates and payment state are the ERP's and are only read back."""

    engagement_id: str
    contract_id: str
    project_id: str
    customer_id: str
    legal_entity: str
    currency: str
    period_start: date
    period_end: date
    posts_on: date | None = None
    """Its date where the period of its last day is closed in the ERP."""
    payment_terms: str
    po_number: str | None = None
    dimensions: dict[str, str] = {}
    lines: tuple[InvoiceLine, ...]
    net: Annotated[Money, Owned("tieline", "C2")]

    @property
    def dated(self) -> date:
        """The day by which the ERP books it."""
        return self.posts_on or self.period_end

    @property
    def is_credit(self) -> bool:
        """Whether it is worth less than nothing: a credit memo."""
        return self.net.amount < 0


class InvoiceState(Record):
    """What the ERP says of an invoice; `id` is ours where we proposed it."""

    external_id: str
    number: Annotated[str | None, Owned("erp")] = None
    status: Annotated[InvoiceStatus, Owned("erp")]
    issued_on: Annotated[date | None, Owned("erp")] = None
    due_on: Annotated[date | None, Owned("erp")] = None
    net: Annotated[Money, Owned("erp", "C2")]
    tax: Annotated[Money, Owned("erp", "C2")]
    total: Annotated[Money, Owned("erp", "C2")]
    paid: Annotated[Money, Owned("erp", "C2")]
    dispute: Annotated[str | None, Owned("erp")] = None
    """Why the customer does not accept it, where the ERP keeps that."""
    dunning_level: Annotated[int | None, Owned("erp")] = None
    """How often the ERP has reminded the customer, where it does."""
    source_version: int = 0

    @property
    def outstanding(self) -> Money:
        """What the customer still owes on this invoice."""
        return self.total - self.paid


class Payment(Record):
    """Money received, applied to an invoice."""

    invoice_ref: Annotated[str, Owned("erp")]
    amount: Annotated[Money, Owned("erp", "C2")]
    paid_on: Annotated[date | None, Owned("erp")] = None


class InvoiceSummary(Record):
    """An invoice as the CRM and the PSA show it."""

    project_id: str
    number: str | None
    status: InvoiceStatus
    issued_on: date | None
    due_on: date | None
    net: Annotated[Money, Owned("tieline", "C2")]
    total: Annotated[Money, Owned("tieline", "C2")]
    outstanding: Annotated[Money, Owned("tieline", "C2")]


class ProjectFinancials(Record):
    """Burn and billing of a project, shown in CRM and PSA; `id` is the project's id."""

    contract_value: Annotated[Money, Owned("tieline", "C2")]
    billed_to_date: Annotated[Money, Owned("tieline", "C2")]
    paid_to_date: Annotated[Money, Owned("tieline", "C2")]
    outstanding: Annotated[Money, Owned("tieline", "C2")]
    unbilled: Annotated[Money, Owned("tieline", "C2")]
    hours_worked: Decimal
    hours_budgeted: Decimal
    burn_percent: Decimal
    cost_to_date: Annotated[Money | None, Owned("tieline", "C3")] = None
    external_cost: Annotated[Money | None, Owned("tieline", "C3")] = None
    """The part of the cost that was born in the ERP; None where there is none."""
    margin_percent: Annotated[Decimal | None, Owned("tieline", "C3")] = None
    collection_status: str
    """`nothing billed`, `current`, `promised` (late, but the customer named a day), `overdue`, `disputed`, `paid`."""
