"""Pages of capacity: a table of roles by week, and one role with its people and its work."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from tieline.app.desk import Desk
from tieline.app.views.capacity import MOST_WEEKS, Capacity, capacity_csv, read_capacity
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.capacity.plan import CapacityPlan, Cell
from tieline.capacity.weeks import ZERO, Weeks
from tieline.console.errors import NotFound
from tieline.console.forms import FormError, OnDesk
from tieline.console.rendering import page
from tieline.console.words import day, many
from tieline.model.readable import MINUS

router = APIRouter()

Text = Annotated[str, Query(max_length=100)]
KINDS = {"confirmed": "confirmed", "unstaffed": "not staffed yet", "pipeline": "open deal"}
SHOWN = 100
"""People and pieces of work shown; the CSV and the API have all hours."""


class Asked:
    """What is looked at, as it stands in the address."""

    def __init__(
        self, role: Text = "", region: Text = "", weeks: Annotated[int, Query(ge=1, le=MOST_WEEKS)] = 12
    ) -> None:
        if "\0" in role + region:
            raise FormError("The filter has characters that cannot be stored.")
        self.role = role
        self.region = region
        self.weeks = weeks

    def address(self, path: str, **more: str) -> str:
        """A path with this filter and something more."""
        chosen = {
            name: value for name, value in {**vars(self), **more}.items() if value and (name, value) != ("weeks", 12)
        }
        return f"{path}?{urlencode(chosen)}" if chosen else path


Filter = Annotated[Asked, Depends(Asked)]


@router.get("/capacity")
def capacity(request: Request, desk: OnDesk, asked: Filter) -> Response:
    """Supply and demand by role and week; of one role with people and work."""
    found = _read(desk, asked)
    with snapshot(desk.database) as db:
        counts = count_exceptions(db)
    plan = found.plan
    if asked.role and not plan.roles:
        raise NotFound("Nobody has this role, and no work asks for it")
    content: dict[str, Any] = {
        "found": found,
        "plan": plan,
        "asked": asked,
        "answer": told(plan),
        "heat": heat,
        "left": left,
        "when": when,
        "bench": [one for one in plan.people if one.benched_from is not None],
        "work": sorted(plan.work, key=lambda one: (one.start, one.name, one.role))[:SHOWN],
        "kinds_of_work": KINDS,
        "shown": SHOWN,
        "counts": counts,
    }
    return page(request, "capacity.html", here="capacity", **content)


@router.get("/capacity/csv")
def as_csv(desk: OnDesk, asked: Filter) -> Response:
    """Every role and week, for a spreadsheet."""
    return Response(
        capacity_csv(_read(desk, asked).plan).encode(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="capacity.csv"'},
    )


def _read(desk: Desk, asked: Asked) -> Capacity:
    ahead = Weeks(datetime.now(UTC).date(), asked.weeks)
    with snapshot(desk.database) as db:
        return read_capacity(db, desk.site.firm, ahead, role=asked.role or None, region=asked.region or None)


def told(plan: CapacityPlan) -> str:
    """The answer in a sentence."""
    span = many(len(plan.weeks), "week")
    lacking = {row.role: sum((max(ZERO, -cell.gap) for cell in row.cells), ZERO) for row in plan.roles}
    whole = sum(lacking.values(), ZERO)
    if any(lacks(row.cells) for row in plan.roles):
        at, _, role = min((number, cell.gap, row.role or "") for row in plan.roles for number, cell in lacks(row.cells))
        return f"{whole:,.0f} hours lack in {span}, first for {role} in the week of {day(plan.weeks[at])}."
    free = sum((sum(one.free, ZERO) for one in plan.people), ZERO)
    return (
        f"Nobody lacks in the next {span}; {free:,.0f} hours are free." if plan.people else "people.csv names nobody."
    )


def lacks(cells: Sequence[Cell]) -> list[tuple[int, Cell]]:
    """The weeks in which at least an hour lacks."""
    return [(number, cell) for number, cell in enumerate(cells) if round(cell.gap) < 0]


def when(hours: Sequence[Decimal], plan: CapacityPlan) -> str:
    """`5 weeks from 30 Nov to 18 Jan, at most 34 hours in one`."""
    weeks = [week for week, one in zip(plan.weeks, hours, strict=True) if round(one) > 0]
    span = f"{weeks[0].day} {weeks[0]:%b}"
    if len(weeks) > 1:
        span = (
            f"{len(weeks)} weeks from {span} to {weeks[-1].day} {weeks[-1]:%b}, at most {max(hours):,.0f} hours in one"
        )
    return span


def left(hours: Decimal) -> str:
    """Hours with a sign one can read."""
    whole = round(hours)
    return f"{MINUS}{-whole:,}" if whole < 0 else f"{whole:,}"


def heat(cell: Cell) -> str:
    """How full a week is, as a class: two tones of lacking, two of free."""
    if cell.fill is None:
        return "" if not cell.hard + cell.weighted else "over2"
    for bound, name in (
        (Decimal("1.25"), "over2"),
        (Decimal("1.005"), "over1"),
        (Decimal("0.85"), ""),
        (Decimal("0.5"), "free1"),
    ):
        if cell.fill >= bound:
            return name
    return "free2"
