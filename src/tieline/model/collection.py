"""What people do about an open invoice, and the rules of a firm for reminding its customers."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tieline.model.record import Owned, Record

ActionKind = Literal["dispute", "settle", "promise", "remind", "call", "note"]
"""`settle` ends a dispute; `promise` is the customer's word to pay by a day."""
NextStep = Literal["settle_dispute", "call", "escalate", "remind", "await_promise", "wait"]


class CollectionRules(BaseModel):
    """When a customer is reminded, by days after the due date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reminder_days: tuple[Annotated[int, Field(ge=0, le=3650)], ...] = (3, 14, 30)
    """Days overdue at which the first, second … reminder is due."""
    escalate_days: int = Field(default=60, ge=1, le=3650)
    """From so many days overdue somebody above decides."""
    promise_grace_days: int = Field(default=2, ge=0, le=365)
    """How long after the promised day money may still be under way."""

    @model_validator(mode="after")
    def _rising(self) -> "CollectionRules":
        if any(later <= earlier for earlier, later in zip(self.reminder_days, self.reminder_days[1:], strict=False)):
            raise ValueError("reminder_days must rise")
        return self


class CollectionAction(Record):
    """One thing a person did about an invoice; `id` counts up."""

    invoice_id: str
    kind: ActionKind
    note: str | None = None
    promised_on: date | None = None
    by: str
    at: datetime


class Standing(Record):
    """Where the collection of an invoice stands; `id` is the invoice's id."""

    dispute: str | None = None
    """Why the customer does not accept it, until that is settled."""
    promised_on: date | None = None
    """The newest day the customer named."""
    reminders: int = 0
    last_action: str | None = None
    last_on: date | None = None


class InvoiceCollection(Record):
    """Dispute, dunning and promise of an invoice, as the CRM shows them; `id` is the invoice's id."""

    status: Annotated[str, Owned("tieline")]
    """`disputed`, `promised`, `promise broken`, `reminded`, `overdue`, `current`, `paid` or `void`."""
    dispute: str | None = None
    promised_on: date | None = None
    reminders: int = 0
    last_action: str | None = None
    last_on: date | None = None
