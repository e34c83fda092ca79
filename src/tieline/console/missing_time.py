"""Page of missing time: closed weeks with too little approved time, by week."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tieline.app.views.missing_time import MissingTime, at_risk, read_missing_time
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.console.forms import OnDesk
from tieline.console.rendering import page
from tieline.console.words import many, moneys

router = APIRouter()

SHOWN = 25
"""People of a week; the command line and the API have all."""


@router.get("/missing-time")
def missing_time(request: Request, desk: OnDesk) -> Response:
    """Who lacks how much of which week, the oldest week first."""
    with snapshot(desk.database) as db:
        rows = read_missing_time(db, desk.site.firm, datetime.now(UTC))
        counts = count_exceptions(db)
    weeks = [(monday, most_first(week)) for monday, week in groupby(rows, key=lambda row: row.monday)]
    content: dict[str, Any] = {
        "weeks": weeks,
        "answer": told(rows),
        "rules": desk.site.firm.missing_time,
        "hours_of": hours_of,
        "shown": SHOWN,
    }
    return page(request, "missing_time.html", here="capacity", counts=counts, **content)


def most_first(week: Iterable[MissingTime]) -> list[MissingTime]:
    """Who lacks most comes first."""
    return sorted(week, key=lambda row: (-row.missing, row.name))


def hours_of(rows: Sequence[MissingTime]) -> str:
    """Their missing hours."""
    return f"{sum(row.missing for row in rows):,.1f}".removesuffix(".0")


def told(rows: Sequence[MissingTime]) -> str:
    """The answer in a sentence."""
    if not rows:
        return "No time is missing."
    people = len({row.email for row in rows if row.missing})
    worth = at_risk(rows)
    money = f"; they may be worth {moneys(worth)}" if worth else ""
    waiting = f"{sum(row.submitted for row in rows):,.1f}".removesuffix(".0")
    wait = f"{waiting} handed-in hours wait for approval"
    if not people:
        return f"No time is missing; {wait}{money}."
    also = f", {wait}" if waiting != "0" else ""
    return f"{hours_of(rows)} hours of {many(people, 'person', 'people')} are missing{also}{money}."
