"""The shapes of the API's answers. Amounts are exact decimals, written as text."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from tieline.api.parts import Answer
from tieline.api.queue_models import QueueItem
from tieline.app.views.engagement import ContractView, InvoiceRow, LineState, ProjectRow, RecordRow


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
    colour: str | None = Field(description="Health as last looked at: `green`, `amber`, `red` or `unknown`.")


class Engagements(Answer):
    """A page of engagements, the newest first."""

    items: list[Engagement]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


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
    state: str = Field(description="asked, approved, declined, expired, or void (what it showed has changed).")
    content: dict[str, Any]
    content_hash: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    amount: Decimal | None = Field(description="What it is about in money, by which the site's rules say who decides.")
    currency: str | None
    legal_entity: str | None
    proposed_by: str | None = Field(description="Who may not decide it where a rule counts.")
    approved_by: list[str] = Field(description="Who has approved already where several must.")


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


class Decided(Answer):
    """A recorded decision."""

    approval: int
    state: str = Field(description="approved, declined, counted (others must approve too), or void (asked again).")


class Received(Answer):
    """An event."""

    received: bool = Field(description="True also for an event that was received before.")
    new: bool
