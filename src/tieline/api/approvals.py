"""Routes of approvals: what is asked, and the decision."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.models import Approvals, Decided
from tieline.api.parts import Acting, JsonOnly, Limit, Number, OnDesk, Words
from tieline.app.views.approvals import list_approvals, read_approval
from tieline.engine.approvals import MayNotDecide, ask_again, decide_approval

router = APIRouter(tags=["approvals"], dependencies=[JsonOnly])


class Deciding(Acting):
    """The decision."""

    reason: Words = Field(default="", description="Needed to decline.")
    content_hash: str | None = Field(
        default=None, max_length=128, description="Of what was shown; another content is refused."
    )


@router.get("/api/approvals", response_model=Approvals, summary="List approvals")
def list_all(
    desk: OnDesk,
    state: Annotated[Literal["asked", "approved", "declined", "expired", "void"], Query()] = "asked",
    after: Annotated[int, Query(ge=0, le=2**62, description="`next` of the page before.")] = 0,
    limit: Limit = 50,
) -> object:
    """What people are asked to decide, exactly as it will count."""
    with desk.database.connection() as db:
        rows = list_approvals(db, state=state, after=after, limit=limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1].id if len(rows) > limit else None}


@router.post("/api/approvals/{approval_id}/approve", response_model=Decided, summary="Approve what was shown")
def approve(desk: OnDesk, approval_id: Number, body: Deciding) -> object:
    """The process goes on with exactly this content."""
    return _decide(desk, approval_id, body, approve=True)


@router.post("/api/approvals/{approval_id}/decline", response_model=Decided, summary="Decline what was asked")
def decline(desk: OnDesk, approval_id: Number, body: Deciding) -> object:
    """Nothing is done; a reason is needed."""
    if not body.reason:
        raise ApiError(422, "A decision to decline needs a reason", "Send `reason`.")
    return _decide(desk, approval_id, body, approve=False)


@router.post("/api/approvals/{approval_id}/ask-again", response_model=Decided, summary="Ask again what expired")
def again(desk: OnDesk, approval_id: Number, body: Acting) -> object:
    """The process asks anew, for what its source says now."""
    if not ask_again(desk.database, approval_id, body.by):
        raise ApiError(409, f"Approval {approval_id} has not expired", "List them with GET /api/approvals.")
    return {"approval": approval_id, "state": "void"}


def _decide(desk: OnDesk, approval_id: int, body: Deciding, *, approve: bool) -> dict[str, object]:
    with desk.database.connection() as db:
        row = read_approval(db, approval_id)
    if row is None:
        raise ApiError(404, f"There is no approval {approval_id}", "List them with GET /api/approvals.")
    if body.content_hash not in (None, row.content_hash):
        raise ApiError(409, "What this approval shows is not what you saw", "Read it again, then decide.")
    policy = desk.site.approvals
    try:
        state = decide_approval(
            desk.database, approval_id, approve=approve, by=body.by, reason=body.reason, policy=policy
        )
    except MayNotDecide as refused:
        raise ApiError(403, f"{refused}. Nothing was changed", "Somebody else decides this.") from refused
    if state is None:
        raise ApiError(
            409, f"Approval {approval_id} does not wait any more", "It was decided or expired, or its content changed."
        )
    return {"approval": approval_id, "state": state}
