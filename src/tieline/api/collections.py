"""Routes of collections: open invoices by customer with what to do next, and what a person did about one."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Acting, Answer, JsonOnly, OnDesk, Words
from tieline.app.collections import CannotAct, act_on_invoice
from tieline.app.views.collections import list_actions, read_collections, read_open_invoice
from tieline.app.views.paging import snapshot
from tieline.billing.collection import AGES
from tieline.model.collection import ActionKind

router = APIRouter(tags=["collections"], dependencies=[JsonOnly])
InvoiceName = Annotated[str, Path(max_length=100, description="Its number or our id.")]


class OpenInvoice(Answer):
    """One open invoice."""

    id: str
    number: str | None
    status: str
    engagement_id: str
    engagement: str
    project: str
    legal_entity: str
    customer: str
    contact: str | None
    sales_owner: str | None
    terms: str
    issued_on: date | None
    due_on: date | None
    days_overdue: int
    currency: str
    total: Decimal
    outstanding: Decimal
    at_risk: Decimal = Field(description="What is open, if it is overdue or disputed, or a promise was broken.")
    dispute: str | None
    promised_on: date | None
    promise_broken: bool
    reminders: int
    last_action: str | None
    last_on: date | None
    next: Literal["settle_dispute", "call", "escalate", "remind", "await_promise", "wait"]
    next_words: str


class Debtor(Answer):
    """A customer with its open invoices of one currency."""

    customer_id: str
    customer: str
    contact: str | None
    currency: str
    outstanding: Decimal
    at_risk: Decimal
    invoices: list[OpenInvoice]


class Aged(Answer):
    """Open money of one currency by days overdue."""

    currency: str
    total: Decimal
    ages: dict[str, Decimal]


class WorkList(Answer):
    """Who owes what, and what to do next."""

    items: list[Debtor]
    ages: list[Aged]


@router.get("/api/collections", response_model=WorkList, summary="Open invoices by customer, the most at risk first")
def work_list(desk: OnDesk) -> object:
    """With terms, contact, days overdue, dispute, promise, last action and the next one by the site's rules."""
    with snapshot(desk.database) as db:
        found = read_collections(db, desk.site.firm.collections, datetime.now(UTC).date())
    ages = [
        {"currency": row.currency, "total": row.total, "ages": dict(zip(AGES, row.amounts, strict=True))}
        for row in found.ages
    ]
    return {"items": found.debtors, "ages": ages}


class Done(Acting):
    """What was done about an invoice."""

    kind: ActionKind = Field(description="`settle` ends a dispute; `promise` is the customer's word to pay by a day.")
    note: Words = Field(default="", description="Needed for a dispute or a note.")
    promised_on: date | None = Field(default=None, description="Of a promise: the day.")


class ActionTaken(Answer):
    """One action."""

    kind: str
    note: str | None
    promised_on: date | None
    by: str
    on: date


class Collected(Answer):
    """The invoice as it stands now; None in `invoice` when nothing is open any more."""

    invoice: OpenInvoice | None
    actions: list[ActionTaken] = Field(description="The newest first.")


@router.post(
    "/api/invoices/{invoice}/actions", response_model=Collected, summary="Record what was done about an open invoice"
)
def act(desk: OnDesk, invoice: InvoiceName, body: Done) -> object:
    """A dispute, its end, a promise, a reminder, a call or a note; shown in CRM and PSA."""
    try:
        found = act_on_invoice(
            desk.database, invoice, body.kind, by=body.by, note=body.note, promised_on=body.promised_on
        )
    except CannotAct as error:
        raise ApiError(409, str(error), "See GET /api/collections.") from error
    with snapshot(desk.database) as db:
        row = read_open_invoice(db, found, desk.site.firm.collections, datetime.now(UTC).date())
        return {"invoice": row, "actions": list_actions(db, found)}
