"""Page of accruals: what is earned and not billed, and billed and not earned, at a month's end, and what to book."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from tieline.app.desk import Desk
from tieline.app.views.accruals import (
    METHODS,
    NOTE,
    Accruals,
    NoSuchDay,
    accruals_csv,
    day_of,
    month_end,
    read_accruals,
)
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.console.forms import FormError, OnDesk
from tieline.console.rendering import page
from tieline.console.words import moneys

router = APIRouter()

Text = Annotated[str, Query(max_length=100)]
SHOWN = 300
"""Obligations shown; the CSV and the API have all of them."""


class Asked:
    """What is looked at, as it stands in the address."""

    def __init__(self, at: Text = "", known: Text = "", entity: Text = "", engagement: Text = "") -> None:
        if "\0" in at + known + entity + engagement:
            raise FormError("The filter has characters that cannot be stored.")
        self.at = at
        self.known = known
        self.entity = entity
        self.engagement = engagement

    def days(self, today: date) -> tuple[date, date | None]:
        """The day asked for, and the day it was known on. Raises FormError."""
        try:
            return day_of(self.at, today), day_of(self.known, today) if self.known else None
        except NoSuchDay as error:
            raise FormError(f"{error}.") from error

    def address(self, path: str, **more: str) -> str:
        """A path with this filter and something more."""
        chosen = {name: text for name, text in {**vars(self), **more}.items() if text}
        return f"{path}?{urlencode(chosen)}" if chosen else path


Filter = Annotated[Asked, Depends(Asked)]


@router.get("/accruals")
def accruals(request: Request, desk: OnDesk, asked: Filter) -> Response:
    """By legal entity and currency, and each obligation."""
    today = datetime.now(UTC).date()
    found = _read(desk, asked, today)
    with snapshot(desk.database) as db:
        counts = count_exceptions(db)
    following = month_end(found.until + timedelta(days=1))
    content: dict[str, Any] = {
        "found": found,
        "asked": asked,
        "answer": told(found),
        "note": NOTE,
        "methods_of_earning": METHODS,
        "before": found.since.isoformat(),
        "after": following.isoformat() if found.until < today else "",
        "month_after": f"{following:%B %Y}",
        "shown": SHOWN,
        "counts": counts,
    }
    return page(request, "accruals.html", here="accruals", **content)


@router.get("/accruals/csv")
def as_csv(desk: OnDesk, asked: Filter) -> Response:
    """Every obligation, for a spreadsheet."""
    found = _read(desk, asked, datetime.now(UTC).date())
    return Response(
        accruals_csv(found).encode(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="accruals-{found.until}.csv"'},
    )


def _read(desk: Desk, asked: Asked, today: date) -> Accruals:
    until, known = asked.days(today)
    with snapshot(desk.database) as db:
        return read_accruals(db, until, known=known, entity=asked.entity or None, engagement=asked.engagement or None)


def told(found: Accruals) -> str:
    """The answer in a sentence."""
    sums = {
        what: [(one.currency, getattr(one, what)) for one in found.together if getattr(one, what)]
        for what in ("accrued", "deferred")
    }
    accrued, deferred = (moneys(sums[what]) for what in ("accrued", "deferred"))
    if not accrued and not deferred:
        return "Nothing is accrued or deferred."
    parts = [f"{accrued} accrued"] * bool(accrued) + [f"{deferred} deferred"] * bool(deferred)
    return f"{', '.join(parts)}."
