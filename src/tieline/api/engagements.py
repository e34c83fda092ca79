"""Routes that read engagements."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from tieline.api.errors import ApiError
from tieline.api.models import EngagementDetail, Engagements
from tieline.api.parts import Cursor, Limit, Line, OnDesk
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
