"""Routes of readings: what meters counted, outcomes that were accepted, and percentages complete."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Acting, Answer, Body, JsonOnly, Line, OnDesk
from tieline.app.readings import LONGEST, BadReadings, read_readings, store_readings
from tieline.app.views.paging import snapshot

router = APIRouter(tags=["billing terms"], dependencies=[JsonOnly])
Amount = Annotated[Decimal, Field(ge=0, lt=1_000_000_000)]


class Reading(Body):
    """What a meter counted by a day, or how much of a fixed price is done by then."""

    engagement: Line = Field(description="Its id.")
    meter: Line = Field(description="Of usage the meter, of progress the id of its terms.")
    day: date
    quantity: Amount = Field(description="Of progress: per cent, at most 100.")
    source: str = Field(
        default="", max_length=LONGEST, pattern=r"^[^\x00]*$", description="Tells apart several of a day."
    )


class Readings(Acting):
    """All of them are taken, or none."""

    readings: Annotated[list[Reading], Field(min_length=1, max_length=1000)]


class Taken(Answer):
    """How many there were, and how many of them were news."""

    readings: int
    changed: int


class MeterAnswer(Answer):
    """What a contract counts."""

    name: str
    words: str
    is_progress: bool = Field(description="Per cent complete; else a quantity.")


class KeptReading(Answer):
    """One reading as it counts now."""

    meter: str
    day: date
    source: str
    quantity: Decimal
    read_by: str | None
    read_at: datetime


class MeterReadings(Answer):
    """Meters of an engagement and its newest 200 readings."""

    meters: list[MeterAnswer]
    readings: list[KeptReading]


@router.post("/api/readings", response_model=Taken, summary="Take in readings of meters and of progress")
def take(desk: OnDesk, body: Readings) -> object:
    """The same reading again changes nothing; another quantity replaces it, and billing follows by itself."""
    rows = [(number, _cells(one)) for number, one in enumerate(body.readings)]
    try:
        return store_readings(desk.database, rows, body.by)
    except BadReadings as error:
        told = "; ".join(f"readings.{place}: {message}" for place, message in error.defects[:20])
        raise ApiError(422, told, "None of them was stored; correct these and send all again.") from error


@router.get(
    "/api/engagements/{engagement_id}/readings", response_model=MeterReadings, summary="Meters and their readings"
)
def read(desk: OnDesk, engagement_id: Line) -> object:
    """What the engagement's contract counts, and what was read."""
    with snapshot(desk.database) as db:
        found = read_readings(db, engagement_id)
    if found is None:
        raise ApiError(404, f"There is no engagement {engagement_id} with a contract", "See GET /api/engagements.")
    return found


def _cells(one: Reading) -> dict[str, str]:
    quantity, day = f"{one.quantity:f}", one.day.isoformat()
    return {
        "engagement": one.engagement,
        "meter": one.meter,
        "date": day,
        "quantity": quantity,
        "source": one.source.strip(),
    }
