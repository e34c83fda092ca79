"""Routes of unbilled work: by whom and age, line by line, and its write-ups, write-downs and write-offs."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Acting, Answer, Cursor, JsonOnly, Limit, Line, Number, OnDesk
from tieline.app.views.paging import snapshot
from tieline.app.views.wip import AGES, Age, By, group_wip, page_wip_lines
from tieline.lane.adjustment import MOST_LINES, confirm, list_adjustments, propose, withdraw
from tieline.lane.wip import Wip, read_wip
from tieline.model.money import LARGEST
from tieline.store.database import Connection

router = APIRouter(tags=["unbilled work"], dependencies=[JsonOnly])
Only = Annotated[Line | None, Query(description="Only of this one.")]
ProjectId = Annotated[Line, Path(description="The project's id.")]


class UnbilledFigures(Answer):
    """Work of one currency that no released invoice holds. The ages and `adjusted` add up to `total`."""

    currency: str
    ages: dict[str, Decimal] = Field(description="At agreed prices, by days since the work; without adjustments.")
    adjusted: Decimal = Field(description="Written up, or down below zero.")
    total: Decimal
    drafts: Decimal = Field(description="The part of `total` on draft invoices nobody has released.")
    unbilled: Decimal = Field(description="The part of `total` on no invoice.")
    waiting: Decimal = Field(description="The part of `unbilled` that waits for an exception or a correction.")
    realization: Decimal | None = Field(description="Per cent of the agreed prices left after all adjustments.")
    lines: int
    unpriced: int = Field(description="Lines without a price yet, which count for nothing in the amounts.")


_FIGURES = set(UnbilledFigures.model_fields) - {"ages"}


class UnbilledGroup(UnbilledFigures):
    """The same of one project, engagement, customer or legal entity."""

    id: str
    name: str
    projects: int


class UnbilledWork(Answer):
    """Unbilled work, the oldest first."""

    items: list[UnbilledGroup]


class AdjustmentMade(Answer):
    """Unbilled work written up, or down below zero."""

    id: int
    project_id: str
    currency: str
    amount: Decimal
    unbilled: Decimal = Field(description="What was unbilled when it was proposed: of the project, or of the lines.")
    words: str
    reason: str
    state: Literal["proposed", "confirmed", "withdrawn"]
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    lines: list[int] = Field(description="The chosen lines; empty: the project as a whole.")


class UnbilledProject(Answer):
    """One project; `figures` is null when nothing of it is unbilled."""

    project_id: str
    figures: UnbilledFigures | None
    adjustments: list[AdjustmentMade] = Field(description="The newest first.")


class UnbilledLine(Answer):
    """A line that no released invoice holds; quantity and amounts have their sign."""

    number: int
    kind: str
    source_id: str
    state: str
    reversal: bool
    work_date: date
    age: int = Field(description="Days since the work.")
    person: str | None
    role: str | None
    text: str | None
    quantity: Decimal
    unit: str
    amount: Decimal
    currency: str | None
    adjusted: Decimal = Field(description="Put on it, or taken off, by adjustments of chosen lines.")
    left: Decimal = Field(description="What may still be written down of it alone.")
    invoice_id: str | None = Field(description="The draft that holds it.")


class UnbilledLines(Answer):
    """Lines of a project, the oldest work first."""

    items: list[UnbilledLine]
    next: str | None


class Adjustments(Answer):
    """Adjustments, the newest first."""

    items: list[AdjustmentMade]


class Adjusting(Acting):
    """What to write up or down; give an `amount`, or `write_off`."""

    reason: Line
    amount: Decimal | None = Field(
        default=None, gt=-LARGEST, lt=LARGEST, description="To add, or to take off below zero."
    )
    write_off: bool = Field(default=False, description="Take all of it off.")
    lines: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field(
        default_factory=list, max_length=MOST_LINES, description="Only these lines; empty: the project as a whole."
    )


@router.get("/api/wip", response_model=UnbilledWork, summary="Unbilled work by age, the oldest first")
def unbilled(
    desk: OnDesk, by: By = "project", entity: Only = None, customer: Only = None, engagement: Only = None
) -> object:
    """By project, engagement, customer or legal entity; currencies are never summed."""
    with snapshot(desk.database) as db:
        rows = read_wip(db, _today(), entity=entity, customer=customer, engagement=engagement)
    items = [
        {"id": one.key, "name": one.name, "projects": one.projects, **_figures(one)} for one in group_wip(rows, by)
    ]
    return {"items": items}


@router.get("/api/wip/{project_id}", response_model=UnbilledProject, summary="Unbilled work of one project")
def one_project(desk: OnDesk, project_id: ProjectId) -> object:
    """With every adjustment that was proposed, confirmed or withdrawn."""
    with snapshot(desk.database) as db:
        _known(db, project_id)
        row = next(iter(read_wip(db, _today(), project=project_id)), None)
        done = list_adjustments(db, project=project_id)
    return {"project_id": project_id, "figures": _figures(row) if row else None, "adjustments": done}


@router.get("/api/wip/{project_id}/lines", response_model=UnbilledLines, summary="Unbilled lines of one project")
def lines(
    desk: OnDesk,
    project_id: ProjectId,
    age: Annotated[Age | None, Query(description="Up to 30, 60 or 90 days, or older.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> object:
    """Those on drafts and corrections included."""
    with snapshot(desk.database) as db:
        _known(db, project_id)
        return page_wip_lines(db, project_id, _today(), age=age, cursor=cursor, limit=limit)


@router.post("/api/wip/{project_id}/adjustments", response_model=AdjustmentMade, summary="Propose an adjustment")
def adjust(desk: OnDesk, project_id: ProjectId, body: Adjusting) -> object:
    """Nothing is changed before a second person confirms it."""
    if (body.amount is not None) == body.write_off:
        raise ApiError(422, "Give an amount, or write_off", "An amount below zero takes off so much.")
    with snapshot(desk.database) as db:
        _known(db, project_id)
    return propose(desk.database, project_id, body.amount, by=body.by, reason=body.reason, lines=body.lines)


@router.get("/api/adjustments", response_model=Adjustments, summary="Adjustments of unbilled work, the newest first")
def list_all(desk: OnDesk, state: Literal["proposed", "confirmed", "withdrawn"] | None = None) -> object:
    """At most 200; `proposed` wait for a second person."""
    with snapshot(desk.database) as db:
        return {"items": list_adjustments(db, state=state)}


@router.post("/api/adjustments/{number}/confirm", response_model=AdjustmentMade, summary="Agree as a second person")
def agree(desk: OnDesk, number: Number, body: Acting) -> object:
    """Within the site's rules of approvals; it becomes a line of the next invoice."""
    policy, people = desk.site.approvals, desk.people
    return confirm(desk.database, number, by=body.by, today=_today(), policy=policy, people=people)


@router.post("/api/adjustments/{number}/withdraw", response_model=AdjustmentMade, summary="Give a proposal up")
def give_up(desk: OnDesk, number: Number, body: Acting) -> object:
    """It counts no more."""
    return withdraw(desk.database, number, by=body.by)


def _figures(one: Wip) -> dict[str, object]:
    return {**{name: getattr(one, name) for name in _FIGURES}, "ages": dict(zip(AGES, one.ages, strict=True))}


def _known(db: Connection, project_id: str) -> None:
    if db.execute("select from project where id = %s", [project_id]).fetchone() is None:
        raise ApiError(404, f"There is no project {project_id}", "List unbilled work with GET /api/wip.")


def _today() -> date:
    return datetime.now(UTC).date()
