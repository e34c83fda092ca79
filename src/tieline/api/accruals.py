"""Route of accruals: what is earned and not billed, and billed and not earned, at a month's end."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Answer, JsonOnly, Line, OnDesk
from tieline.app.views.accruals import NoSuchDay, day_of, read_accruals
from tieline.app.views.paging import snapshot

router = APIRouter(tags=["accruals"], dependencies=[JsonOnly])


class AccrualRow(Answer):
    """One obligation of a project in the month that ends with `until`. What is accrued is not deferred."""

    legal_entity: str
    currency: str
    engagement_id: str
    engagement: str
    customer: str
    project_id: str
    code: str
    obligation: Literal["work", "fixed_price", "retainer", "subscription"]
    name: str
    method: str = Field(description="How it is earned: as_delivered, by_days, or the contract's revenue method.")
    opening: Decimal = Field(description="At the end of the month before: accrued, or below zero deferred.")
    earned: Decimal = Field(description="In the month; opening + earned - billed = accrued - deferred.")
    billed: Decimal
    accrued: Decimal
    deferred: Decimal
    earned_to_date: Decimal
    billed_to_date: Decimal
    unpriced: int = Field(description="Lines of the project without a price: they count with nothing.")


class AccrualSum(Answer):
    """A legal entity in a currency, and what is to be booked."""

    legal_entity: str
    currency: str
    accrued_before: Decimal
    deferred_before: Decimal
    earned: Decimal
    billed: Decimal
    accrued: Decimal
    deferred: Decimal
    obligations: int
    accrued_change: Decimal
    deferred_change: Decimal


class AccrualFigures(Answer):
    """All obligations of which there is anything to tell."""

    since: date = Field(description="The end of the month before.")
    until: date
    known: date | None = Field(description="As known at the end of this day; null: as it is.")
    rows: list[AccrualRow]
    sums: list[AccrualSum]


@router.get("/api/v1/accruals", response_model=AccrualFigures, summary="Accruals and deferrals at a month's end")
def accruals(
    desk: OnDesk,
    at: Annotated[Line | None, Query(description="2026-10-31 or 2026-10; else the end of last month.")] = None,
    known: Annotated[date | None, Query(description="As known at the end of this day.")] = None,
    entity: Annotated[Line | None, Query(description="Only of this legal entity.")] = None,
    engagement: Annotated[Line | None, Query(description="Only of this engagement.")] = None,
) -> object:
    """The ERP stays the record of revenue: this is what to book there, or to compare with it."""
    try:
        until = day_of(at, datetime.now(UTC).date())
    except NoSuchDay as error:
        raise ApiError(422, f"{error}", "Correct the question.") from error
    with snapshot(desk.database) as db:
        return read_accruals(db, until, known=known, entity=entity, engagement=engagement)
