"""The shapes of the API's answers. Amounts are exact decimals, written as text."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field, field_validator

from tieline.api.parts import Answer
from tieline.app.views.engagement import ContractView, InvoiceRow, LineState, ProjectRow, RecordRow


class Amount(Answer):
    """Money of one currency; different currencies are never summed."""

    currency: str
    amount: Decimal


class Engagement(Answer):
    """Where one engagement stands, why, and who must act."""

    id: str
    name: str
    customer: str
    legal_entity: str | None
    currency: str | None
    value: Decimal | None = Field(description="Of the contract in force.")
    contract_version: int | None
    stage: str = Field(description="proposal, contract & project set-up, delivery & time, billing, paid, withdrawn.")
    health: str = Field(description="`ok`, `waiting` (goes on by itself) or `trouble` (a person must act).")
    stands: str = Field(description="Where it stands and why, in a sentence.")
    acts: str | None = Field(description="The team that must act.")
    exception_id: int | None = Field(description="The oldest open exception.")
    open_exceptions: int
    invoiced: Decimal
    paid: Decimal
    opened_at: datetime


class Engagements(Answer):
    """A page of engagements, the newest first."""

    items: list[Engagement]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


class QueueItem(Answer):
    """An exception: what waits for a person."""

    id: int
    kind: str
    message: str
    suggestion: str | None
    owner: str = Field(description="The team that mends it.")
    connection: str | None
    field: str | None
    key: str | None = Field(description="The missing or offending value.")
    legal_entity: str | None
    opened_at: datetime
    waiting: int = Field(description="Records and processes that wait for it.")
    money: list[Amount] = Field(description="What is held back, by currency.")
    engagements: list[str]
    approval_id: int | None
    closed_at: datetime | None
    closed_by: str | None
    closing_note: str | None

    @field_validator("money", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        return [{"currency": currency, "amount": amount} for currency, amount in value]


class Queue(Answer):
    """A page of open exceptions, the oldest first."""

    items: list[QueueItem]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


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


class Step(Answer):
    """A line of the timeline."""

    number: int
    at: datetime
    step: str
    connection: str | None
    target: str | None
    outcome: str
    vendor_id: str | None
    detail: str | None
    actor: str


class WaitingNow(Answer):
    """A step that is not settled."""

    flow: str
    label: str
    what: str
    connection: str | None
    detail: str | None
    due_at: datetime | None


class Approval(Answer):
    """A question to a person, bound to exactly this content."""

    id: int
    label: str
    engagement_id: str | None
    exception_id: int | None
    state: str = Field(description="asked, approved, declined, or void (what it showed has changed).")
    content: dict[str, Any]
    content_hash: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


class EngagementDetail(Answer):
    """Everything about one engagement."""

    engagement: Engagement
    opportunities: list[RecordRow]
    contract: ContractView | None
    projects: list[ProjectRow]
    lines: list[LineState] = Field(description="Approved lines by state, reversals netted.")
    invoices: list[InvoiceRow]
    exceptions: list[QueueItem]
    approvals: list[Approval]
    waiting: list[WaitingNow]
    timeline: list[Step] = Field(description="The newest first, at most 200.")


class Feed(Answer):
    """An inbound feed."""

    stream: str
    feed: str
    read_at: datetime | None
    failures: int
    problem: str | None


class Pause(Answer):
    """What stands still."""

    scope: str
    name: str
    reason: str
    paused_by: str
    paused_at: datetime


class System(Answer):
    """A connection and its health."""

    name: str
    system: str
    account: str
    roles: list[str]
    health: str = Field(description="healthy, failing (a feed cannot be read), down (calls rest) or paused.")
    why: str | None
    pause: Pause | None
    unsettled: int = Field(description="Writes that are not confirmed yet.")
    unclear: int = Field(description="Of those: whether they happened is being looked up.")
    last_write: datetime | None
    feeds: list[Feed]


class Connections(Answer):
    """The connections of the site, and all that is paused."""

    connections: list[System]
    pauses: list[Pause]


class Approvals(Answer):
    """Approvals, the oldest first."""

    items: list[Approval]
    next: int | None = Field(description="`after` of the next page; null on the last.")


class Health(Answer):
    """Whether Tieline works."""

    status: str
    version: str
    workers: int = Field(description="Workers seen within the last ten seconds.")
    exceptions: int = Field(description="Open exceptions.")


class Done(Answer):
    """What an action did."""

    exception: int
    woken: int = Field(description="Processes that look again now; waiting transactions go on within seconds.")


class Decided(Answer):
    """A recorded decision."""

    approval: int
    state: str


class Received(Answer):
    """An event."""

    received: bool = Field(description="True also for an event that was received before.")
    new: bool
