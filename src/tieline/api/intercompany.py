"""Route of intercompany figures: what entities owe each other for the work of a month."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Answer, JsonOnly, Line, OnDesk
from tieline.app.views.intercompany import NoSuchPeriod, as_json, month_named, read_intercompany
from tieline.app.views.paging import snapshot

router = APIRouter(tags=["intercompany"], dependencies=[JsonOnly])


class ProjectPart(Answer):
    """What one project has of a pair's amount; the parts add up to it."""

    project_id: str
    code: str
    engagement_id: str
    hours: Decimal
    amount: Decimal


class Pair(Answer):
    """What the seller owes the deliverer."""

    deliverer: str = Field(description="The entity whose people worked.")
    seller: str = Field(description="The entity whose project it is, and that invoices the customer.")
    hours: Decimal
    currency: str
    amount: Decimal
    rules: list[str]
    projects: list[ProjectPart]


class EntityPosition(Answer):
    """Over all pairs; the positions of a currency add up to zero."""

    legal_entity: str
    currency: str
    amount: Decimal = Field(description="What others owe it; below zero what it owes them.")


class Unpriced(Answer):
    """Hours without a price."""

    deliverer: str
    seller: str
    hours: Decimal
    reason: str


class IntercompanyFigures(Answer):
    """A month as it stands now. Tieline books none of it: the ERP does."""

    since: date
    until: date
    pairs: list[Pair]
    positions: list[EntityPosition]
    without_price: list[Unpriced]


@router.get("/api/v1/intercompany", response_model=IntercompanyFigures, summary="What entities owe each other")
def intercompany(
    desk: OnDesk,
    period: Annotated[Line | None, Query(description="The month, such as 2026-10; else the last one.")] = None,
) -> object:
    """People of one entity on projects of another, at the site's prices; what to book in the ERP."""
    try:
        month = month_named(period, datetime.now(UTC).date())
    except NoSuchPeriod as error:
        raise ApiError(422, f"{error}", "Correct the question.") from error
    with snapshot(desk.database) as db:
        return as_json(read_intercompany(db, desk.site.firm, month))
