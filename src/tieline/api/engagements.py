"""Routes that read engagements."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.models import EngagementDetail, Engagements
from tieline.api.parts import Acting, Answer, Cursor, Limit, Line, OnDesk, Words
from tieline.app.closing import CannotClose, close_engagement, read_close, reopen_engagement
from tieline.app.desk import Desk
from tieline.app.views.engagement import read_engagement
from tieline.app.views.engagements import Show, page_engagements
from tieline.app.views.paging import snapshot
from tieline.app.views.timeline import read_newest, read_waiting
from tieline.model.outlook import Colour

router = APIRouter(tags=["engagements"])


@router.get("/api/engagements", response_model=Engagements, summary="List engagements, the newest first")
def list_all(
    desk: OnDesk,
    show: Annotated[Show, Query(description="`trouble`: only those that need a person.")] = "all",
    search: Annotated[Line | None, Query(description="Part of a name, or any id of any system.")] = None,
    colour: Annotated[Colour | None, Query(description="Of this health, as last looked at.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> object:
    """Where each engagement stands, why, and who must act."""
    with snapshot(desk.database) as db:
        return page_engagements(db, limit=limit, show=show, search=search, cursor=cursor, colour=colour)


@router.get("/api/engagements/{engagement_id}", response_model=EngagementDetail, summary="Read one engagement")
def read_one(desk: OnDesk, engagement_id: Line) -> object:
    """Contract, projects, approved lines, invoices, exceptions, approvals and timeline at one moment."""
    with snapshot(desk.database) as db:
        page = read_engagement(db, engagement_id, datetime.now(UTC).date())
        if page is None:
            raise ApiError(404, f"There is no engagement {engagement_id}", "List them with GET /api/engagements.")
        return {
            "engagement": page.row,
            "opportunities": page.opportunities,
            "contract": page.contract,
            "projects": page.projects,
            "lines": page.lines,
            "invoices": page.invoices,
            "exceptions": page.exceptions,
            "approvals": page.approvals,
            "waiting": read_waiting(db, engagement_id),
            "timeline": read_newest(db, engagement_id),
        }


class Open(Answer):
    """Money of one currency."""

    amount: Decimal
    currency: str


class Close(Answer):
    """Where the close of an engagement stands."""

    engagement_id: str
    state: Literal["open", "asked", "closed"]
    asked_by: str | None
    obstacles: list[str] = Field(description="What a close waits for; open change orders are read when it is closed.")
    retainer: str | None = Field(description="What becomes of what is left of the retainer.")
    outstanding: list[Open] = Field(description="Invoiced and unpaid; collected after the close as before.")
    projects: list[str]


class Closing(Acting):
    """Who closes it or takes it up again, and why."""

    reason: Words = ""


@router.get("/api/engagements/{engagement_id}/close", response_model=Close, summary="What a close would wait for")
def preview_close(desk: OnDesk, engagement_id: Line) -> object:
    """Unbilled work, waiting lines, questions, drafts, and the rest of a retainer."""
    return _close(desk, engagement_id)


@router.post("/api/engagements/{engagement_id}/close", response_model=Close, summary="Close an engagement")
def close(desk: OnDesk, engagement_id: Line, body: Closing) -> object:
    """It waits for what is open, and goes on by itself."""
    try:
        close_engagement(desk.database, engagement_id, by=body.by, reason=body.reason)
    except CannotClose as error:
        raise ApiError(404, str(error), "List them with GET /api/engagements.") from error
    return _close(desk, engagement_id)


@router.post("/api/engagements/{engagement_id}/reopen", response_model=Close, summary="Take an engagement up again")
def reopen(desk: OnDesk, engagement_id: Line, body: Closing) -> object:
    """Also calls off a close that waits."""
    try:
        reopen_engagement(desk.database, engagement_id, by=body.by, reason=body.reason)
    except CannotClose as error:
        raise ApiError(409, str(error), "See GET /api/engagements/{id}/close.") from error
    return _close(desk, engagement_id)


def _close(desk: Desk, engagement_id: str) -> object:
    with snapshot(desk.database) as db:
        view = read_close(db, engagement_id, datetime.now(UTC).date())
    if view is None:
        raise ApiError(404, f"There is no engagement {engagement_id}", "List them with GET /api/engagements.")
    return view
