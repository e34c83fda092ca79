"""The shapes of the API's answers about the exception queue."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from tieline.api.parts import Answer


class Amount(Answer):
    """Money of one currency; different currencies are never summed."""

    currency: str
    amount: Decimal


def _pairs(value: Any) -> Any:
    return [{"currency": currency, "amount": amount} for currency, amount in value]


Moneys = Annotated[list[Amount], BeforeValidator(_pairs)]


class QueueItem(Answer):
    """An exception: what waits for a person."""

    id: int
    kind: str
    headline: str = Field(description="What waits, how much money, and why, in one sentence.")
    message: str = Field(description="Why alone.")
    suggestion: str | None
    owner: str = Field(description="The team, or the e-mail of the person, that mends it.")
    domain: str | None = Field(description="The team the problem itself names, before the site's rules.")
    assigned_by: str | None = Field(description="Who gave it to its owner by hand.")
    connection: str | None
    field: str | None
    key: str | None = Field(description="The missing or offending value.")
    legal_entity: str | None
    opened_at: datetime
    due_at: datetime = Field(description="By when it is to be mended, by the site's rules.")
    sla: str = Field(description="`on_time`, `at_risk` or `broken`.")
    postponed_until: datetime | None = Field(description="Until then it is left out of the default list.")
    postponed_by: str | None
    write_off_by: str | None = Field(description="Who proposed to write it off; a second person must confirm.")
    waiting: int = Field(description="Records and processes that wait for it.")
    lines: int = Field(description="Of those: time entries, expenses and milestones.")
    money: Moneys = Field(description="What is held back, by currency.")
    engagements: list[str]
    approval_id: int | None
    closed_at: datetime | None
    closed_by: str | None
    closing_note: str | None


class Queue(Answer):
    """A page of open exceptions."""

    items: list[QueueItem]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


class WriteOff(Answer):
    """A write-off that waits for a second person."""

    reason: str
    proposed_by: str
    proposed_at: datetime
    lines: int
    money: Moneys


class Editable(Answer):
    """A field of the waiting records that a person may correct."""

    record: str
    field: str
    type: str = Field(description="`text`, `words` (not empty), `day` (2026-11-30) or `yes_no`.")
    named: bool = Field(description="The exception itself names this field.")


class DiffGroup(Answer):
    """Records that hold the same value now."""

    now: str | bool | None
    source: str | bool | None = Field(description="What their source holds.")
    records: int


class EditDiff(Answer):
    """What an edit would change."""

    record: str
    field: str
    new: str | bool | None
    groups: list[DiffGroup]
    records: int
    shown: str = Field(description="Names exactly this content; hand it back to take the edit.")


class BulkGroup(Answer):
    """Exceptions of one kind and owner."""

    kind: str
    owner: str
    exceptions: int
    lines: int
    processes: int


class BulkPreview(Answer):
    """What an action on a filter would touch now. Hand `exceptions` and `newest` back to act."""

    exceptions: int
    lines: int
    processes: int
    money: Moneys
    groups: list[BulkGroup]
    newest: int


class BulkDone(Answer):
    """What an action did."""

    exceptions: int = Field(description="Touched.")
    left: int = Field(description="Left alone: closed meanwhile, or the action does not fit them.")
    records: int = Field(description="Records concerned.")


class Waiting(Answer):
    """A transaction or a step of a process that waits."""

    number: int
    engagement_id: str | None
    engagement: str | None
    step: str
    record: str | None
    connection: str | None
    person: str | None
    role: str | None
    quantity: Decimal | None
    unit: str | None
    amount: Decimal | None
    currency: str | None


class History(Answer):
    """What somebody did about it."""

    at: datetime
    actor: str
    action: str
    detail: str | None


class QueueItemDetail(Answer):
    """An exception with what waits for it."""

    exception: QueueItem
    fix: str = Field(description="The suggested way: add_code, link, happened, decide, adopt, resume or retry.")
    suggested_code: str | None = Field(description="For add_code: the vendor's code of the most similar value.")
    lines: list[Waiting]
    next_line: int | None = Field(description="`after` of the next lines; null when these are all.")
    history: list[History]
    editable: list[Editable]
    write_off: WriteOff | None


class Done(Answer):
    """What an action did."""

    exception: int
    woken: int = Field(description="Processes that look again now; waiting transactions go on within seconds.")
