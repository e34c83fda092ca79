"""Routes of outlooks: how engagements and customers do, and what a customer said."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Acting, Answer, JsonOnly, Limit, Line, OnDesk
from tieline.app.outlooks import look_ahead, say_satisfaction
from tieline.app.views.paging import snapshot
from tieline.billing.health import worst
from tieline.model.outlook import Colour, Outlook
from tieline.store.outlooks import list_outlooks, outlooks_of_customer

router = APIRouter(tags=["outlook"], dependencies=[JsonOnly])


class SignalValue(Answer):
    """One signal; `value` is null where nothing is known, and then it counts for nothing."""

    id: str
    value: Decimal | None
    points: int = Field(description="0 fine, 1 amber, 2 red.")
    weight: Decimal
    words: str
    reason: str | None = Field(description="The threshold it is over.")


class WarningTold(Answer):
    """Something that is about to cost money or time."""

    id: str
    project_id: str
    title: str
    text: str


class ChanceTold(Answer):
    """A reason to talk about renewal or more work."""

    id: str
    kind: str
    title: str
    reason: str


class OutlookAnswer(Answer):
    """How an engagement does."""

    id: str
    name: str
    customer_id: str
    customer: str
    colour: Colour
    score: Decimal
    reasons: list[str]
    missing: list[str] = Field(description="Signals without data.")
    signals: list[SignalValue]
    warnings: list[WarningTold]
    chances: list[ChanceTold]
    outcomes: str


class Outlooks(Answer):
    """How engagements do, the worst first."""

    items: list[OutlookAnswer]


class CustomerHealth(Answer):
    """How a customer does: as its worst engagement."""

    customer_id: str
    customer: str
    colour: Colour
    engagements: list[OutlookAnswer]


@router.get("/api/outlooks", response_model=Outlooks, summary="How engagements do, the worst first")
def everything(
    desk: OnDesk, colour: Annotated[Colour | None, Query(description="Only these.")] = None, limit: Limit = 50
) -> object:
    """As last looked at (`[health] every_seconds`)."""
    with snapshot(desk.database) as db:
        return {"items": list_outlooks(db, colour, limit)}


@router.get("/api/outlooks/{engagement_id}", response_model=OutlookAnswer, summary="How one engagement does now")
def one(desk: OnDesk, engagement_id: Line) -> object:
    """Health with each signal's value, early warnings, and chances to renew."""
    with snapshot(desk.database) as db:
        found = look_ahead(db, desk.site.firm, datetime.now(UTC).date(), engagement_id)
    if not found:
        raise ApiError(
            404, f"There is no engagement {engagement_id} with a contract", "List them: GET /api/engagements."
        )
    return found[0]


@router.get("/api/customers/{customer_id}/health", response_model=CustomerHealth, summary="How a customer does")
def customer(desk: OnDesk, customer_id: Line) -> object:
    """The colour of its worst engagement, with all of them."""
    with snapshot(desk.database) as db:
        found: list[Outlook] = outlooks_of_customer(db, customer_id)
    if not found:
        raise ApiError(404, f"No engagement of customer {customer_id} was looked at", "See GET /api/outlooks.")
    colour = worst(each.colour for each in found)
    return {"customer_id": customer_id, "customer": found[0].customer, "colour": colour, "engagements": found}


class Said(Acting):
    """What the customer said."""

    score: Decimal = Field(ge=0, le=100, description="0 (not at all satisfied) to 100.")


class Recorded(Answer):
    """It counts from now on."""

    engagement_id: str
    score: Decimal


@router.post(
    "/api/engagements/{engagement_id}/satisfaction", response_model=Recorded, summary="Record a customer's satisfaction"
)
def satisfaction(desk: OnDesk, engagement_id: Line, body: Said) -> object:
    """The newest one counts, before what the CRM says."""
    if not say_satisfaction(desk.database, engagement_id, body.score, body.by):
        raise ApiError(404, f"There is no engagement {engagement_id}", "List them with GET /api/engagements.")
    return {"engagement_id": engagement_id, "score": body.score}
