"""Route of missing time: who lacks how much of which closed week, and who was told."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from tieline.api.parts import Answer, JsonOnly, OnDesk
from tieline.app.views.missing_time import read_missing_time
from tieline.app.views.paging import snapshot

router = APIRouter(tags=["capacity"], dependencies=[JsonOnly])


class MissingWeek(Answer):
    """One week of somebody with too little approved time."""

    email: str
    name: str
    legal_entity: str
    monday: date
    expected: Decimal = Field(description="Hours the calendar leaves, less time off.")
    recorded: Decimal = Field(description="Approved hours.")
    submitted: Decimal = Field(description="Hours that are handed in and not approved yet.")
    missing: Decimal = Field(description="Hours that were not even handed in.")
    cut_off: datetime
    step: Literal["remind", "escalate", "approve"] = Field(
        description="Who is to act: the person, who leads the projects too, or (`approve`) they alone."
    )
    leads: list[str]
    currency: str | None
    worth: Decimal | None = Field(
        description="What is not approved, by the person's usual rate, else the standard rate."
    )
    reminded_at: datetime | None
    escalated_at: datetime | None


class MissingWeeks(Answer):
    """Everybody's, the oldest first."""

    items: list[MissingWeek]


@router.get("/api/missing-time", response_model=MissingWeeks, summary="Closed weeks with too little approved time")
def missing_time(desk: OnDesk) -> object:
    """What the calendar leaves less what is approved, beyond the site's tolerance. Nothing is ever filled in."""
    with snapshot(desk.database) as db:
        return {"items": read_missing_time(db, desk.site.firm, datetime.now(UTC))}
