"""Routes that answer the firm's four questions: what can be billed, what failed, what is missing, what costs margin."""

from datetime import UTC, date, datetime
from decimal import Decimal

from fastapi import APIRouter
from pydantic import Field

from tieline.api.parts import Answer, JsonOnly, Limit, OnDesk
from tieline.app.views.contract_changes import read_changes
from tieline.app.views.failed_entries import read_failed
from tieline.app.views.invoice_ready import AGES, read_ages, read_ready
from tieline.app.views.margin_risk import read_held, read_kinds
from tieline.app.views.paging import snapshot

router = APIRouter(tags=["answers"], dependencies=[JsonOnly])


class ReadyProject(Answer):
    """One project with unbilled work or a draft."""

    project_id: str
    code: str
    project: str
    engagement_id: str
    engagement: str
    customer: str
    legal_entity: str
    currency: str
    state: str = Field(description="`release` (a draft waits for finance), `ready`, `partly`, `held` or `running`.")
    ready: Decimal = Field(description="Billable, of closed months, on no invoice yet.")
    ready_lines: int
    running: Decimal = Field(description="The same of this month.")
    held: Decimal
    held_lines: int
    drafts: int
    draft_amount: Decimal
    exception_id: int | None
    why: str | None


class Unbilled(Answer):
    """Unbilled work of one currency by age."""

    currency: str
    total: Decimal
    ages: dict[str, Decimal]


class InvoiceReady(Answer):
    """Which projects are ready to be invoiced."""

    items: list[ReadyProject]
    unbilled: list[Unbilled]


@router.get("/api/answers/invoice-ready", response_model=InvoiceReady, summary="Which projects are invoice-ready")
def invoice_ready(desk: OnDesk) -> object:
    """Those that can be billed first, the largest first; and unbilled work by age."""
    today = datetime.now(UTC).date()
    with snapshot(desk.database) as db:
        ages = [
            {"currency": row.currency, "total": row.total, "ages": dict(zip(AGES, row.amounts, strict=True))}
            for row in read_ages(db, today)
        ]
        return {"items": read_ready(db, today), "unbilled": ages}


class FailedLine(Answer):
    """One approved line that waits for a person."""

    id: int
    connection: str
    kind: str
    source_id: str
    person: str | None
    work_date: date
    quantity: Decimal
    unit: str
    amount: Decimal | None
    currency: str | None
    project: str | None
    engagement_id: str | None
    engagement: str | None
    exception_id: int
    why: str
    owner: str


class Failing(Answer):
    """Lines that go on by themselves as soon as their system takes them."""

    connection: str
    state: str
    batches: int
    lines: int
    problem: str | None
    next_at: datetime | None


class Failed(Answer):
    """Which approved entries failed to sync."""

    entries: list[FailedLine]
    total: int
    batches: list[Failing]


@router.get("/api/answers/failed-entries", response_model=Failed, summary="Which approved entries failed to sync")
def failed_entries(desk: OnDesk, limit: Limit = 200) -> object:
    """The oldest exceptions first."""
    with snapshot(desk.database) as db:
        return read_failed(db, limit=limit)


class MissingStep(Answer):
    """One step that has not happened yet."""

    label: str
    connection: str | None
    what: str
    detail: str | None


class ContractChange(Answer):
    """The newest version of a contract that some system does not hold yet."""

    contract_id: str
    version: int
    activated_at: datetime
    value: Decimal
    currency: str
    engagement_id: str
    engagement: str
    customer: str
    state: str
    there: int
    missing: list[MissingStep]
    exception_id: int | None
    owner: str | None
    order: str | None = Field(description="The number of the change order that made it.")
    behind: list[str] = Field(description="Connections invoices of its period wait for.")


class ContractChanges(Answer):
    """Which contract changes have not propagated."""

    items: list[ContractChange]


@router.get(
    "/api/answers/contract-changes",
    response_model=ContractChanges,
    summary="Which contract changes have not propagated",
)
def contract_changes(desk: OnDesk, limit: Limit = 200) -> object:
    """The oldest first, with what is missing where."""
    with snapshot(desk.database) as db:
        return {"items": read_changes(db, limit=limit)}


class HeldWork(Answer):
    """Billable work of one project and currency that open exceptions hold."""

    project: str | None
    engagement_id: str | None
    engagement: str | None
    legal_entity: str | None
    currency: str | None
    amount: Decimal = Field(description="At bill rates; what has no price yet is not in it.")
    exceptions: int
    lines: int
    unpriced: int
    oldest: datetime
    exception_id: int


class Kind(Answer):
    """One kind of exception over the last week."""

    kind: str
    open: int
    opened_week: int
    closed_week: int


class Margin(Answer):
    """Where margin-impacting exceptions pile up."""

    items: list[HeldWork]
    kinds: list[Kind]


@router.get("/api/answers/margin", response_model=Margin, summary="Where margin-impacting exceptions pile up")
def margin(desk: OnDesk, limit: Limit = 100) -> object:
    """Work that was done and cannot be billed, at bill rates, the largest first."""
    with snapshot(desk.database) as db:
        return {"items": read_held(db, limit=limit), "kinds": read_kinds(db)}
