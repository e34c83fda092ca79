"""Pages of engagements: the list, and one engagement."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tieline.app.closing import CannotClose, close_engagement, read_close, reopen_engagement
from tieline.app.desk import Desk
from tieline.app.outlooks import look_ahead
from tieline.app.readings import LONGEST, BadReadings, read_readings, store_readings
from tieline.app.views.billing_terms import read_agreed_billing
from tieline.app.views.costs import KINDS, cost_sums, read_costs
from tieline.app.views.engagement import read_engagement
from tieline.app.views.engagements import Show, count_engagements, page_engagements
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions, money_held
from tieline.app.views.thread import columns, thread_rows, waiting_rows
from tieline.app.views.timeline import fingerprint, read_newest, read_waiting
from tieline.billing.health import worst
from tieline.console.errors import NotFound
from tieline.console.forms import LONGEST_LINE, Form, FormError, OnDesk, Posted, see_other
from tieline.console.rendering import page
from tieline.engine.audit import audit
from tieline.engine.wake import wake_engagement
from tieline.model.outlook import Colour
from tieline.store.database import Connection
from tieline.store.outlooks import outlooks_of_customer

router = APIRouter()

ROWS = 50
STEPS = 60
"""Rows of the timeline on one page."""
READINGS = 12
"""Of meters, the newest."""
EVENTS = 240
"""Events read for them; neighbours of one step are one row."""

Thread = Literal["all", "money", "open"]
Text = Annotated[str, Query(max_length=200)]


@router.get("/engagements")
def everything(
    request: Request,
    desk: OnDesk,
    show: Show = "all",
    q: Text = "",
    after: Text | None = None,
    colour: Colour | None = None,
) -> Response:
    """Where every engagement stands, why, and who must act."""
    search = q.strip().replace("\0", "")
    with snapshot(desk.database) as db:
        found = page_engagements(db, limit=ROWS, show=show, search=search or None, cursor=after, colour=colour)
        totals, counts, held = count_engagements(db), count_exceptions(db), money_held(db)
    return page(
        request,
        "engagements.html",
        here="engagements",
        found=found,
        totals=totals,
        counts=counts,
        held=held,
        show=show,
        colour=colour,
        search=search,
        first=after is None,
    )


@router.get("/engagements/{engagement_id}")
def one(
    request: Request,
    desk: OnDesk,
    engagement_id: str,
    thread: Thread = "all",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    seen: Text | None = None,
) -> Response:
    """One engagement; a script that has `seen` the newest state gets 204."""
    if "\0" in engagement_id:
        raise NotFound("There is no such engagement")
    with snapshot(desk.database) as db:
        print_ = fingerprint(db, engagement_id)
        if seen == print_:
            return Response(status_code=204)
        shown = read_engagement(db, engagement_id, datetime.now(UTC).date())
        if shown is None:
            raise NotFound("There is no such engagement")
        items = read_newest(db, engagement_id, before=before, limit=EVENTS)
        rows = thread_rows(items, desk.cards)
        waits = waiting_rows(read_waiting(db, engagement_id), desk.cards) if before is None else []
        counts = count_exceptions(db)
        costs = read_costs(db, engagement_id)
        close = read_close(db, engagement_id, datetime.now(UTC).date())
        agreed = read_agreed_billing(db, engagement_id, datetime.now(UTC).date())
        metered = read_readings(db, engagement_id, READINGS) if agreed else None
        outlook = next(iter(look_ahead(db, desk.site.firm, datetime.now(UTC).date(), engagement_id)), None)
        siblings = outlooks_of_customer(db, outlook.customer_id) if outlook else []
    more = len(rows) > STEPS or len(items) == EVENTS
    kept = rows[:STEPS]
    wanted = [row for row in kept if thread == "all" or (thread == "money" and row.money)]
    return page(
        request,
        "engagement.html",
        here="engagements",
        counts=counts,
        shown=shown,
        outlook=outlook,
        customer_colour=worst(each.colour for each in siblings) if len(siblings) > 1 else None,
        agreed=agreed,
        costs=costs,
        cost_sums=cost_sums(costs),
        cost_kinds=KINDS,
        metered=metered,
        close=close,
        rows=[*waits, *wanted],
        columns=columns([*waits, *rows], desk.cards),
        thread=thread,
        older=kept[-1].number if more and kept else None,
        seen=print_,
        live=before is None,
    )


@router.post("/engagements/{engagement_id}/look")
def look(desk: OnDesk, engagement_id: str, form: Posted) -> Response:
    """Run its processes again; whatever is as it should be is left alone."""
    by = form.by
    with desk.database.transaction() as db:
        if "\0" in engagement_id or not _exists(db, engagement_id):
            raise NotFound("There is no such engagement")
        audit(db, "engagement.looked_at", engagement=engagement_id, actor=by, detail={"label": "Run again"})
        wake_engagement(db, engagement_id, "operator")
    return see_other(f"/engagements/{engagement_id}", by)


@router.post("/engagements/{engagement_id}/readings")
def enter_reading(desk: OnDesk, engagement_id: str, form: Posted) -> Response:
    """What a meter counted, or how much is done; billing follows by itself."""
    by = form.by
    if "\0" in engagement_id:
        raise NotFound("There is no such engagement")
    cells = {
        "engagement": engagement_id,
        "meter": form.line("meter", "The meter"),
        "date": form.day("day", "The day").date().isoformat(),
        "quantity": form.line("quantity", "The quantity").replace(",", ""),
        "source": form.text("source", "The source", LONGEST),
    }
    try:
        store_readings(desk.database, [(1, cells)], by)
    except BadReadings as error:
        raise FormError(f"Not taken: {error.defects[0][1]}. Nothing was changed.") from error
    return see_other(f"/engagements/{engagement_id}#readings", by)


@router.post("/engagements/{engagement_id}/close")
def close_it(desk: OnDesk, engagement_id: str, form: Posted) -> Response:
    """Bill what was worked, then close it in every system."""
    return _closing(desk, engagement_id, form, close_engagement)


@router.post("/engagements/{engagement_id}/reopen")
def reopen_it(desk: OnDesk, engagement_id: str, form: Posted) -> Response:
    """Take it up again, or call the close off."""
    return _closing(desk, engagement_id, form, reopen_engagement)


def _closing(desk: Desk, engagement_id: str, form: Form, act: Callable[..., object]) -> Response:
    by, reason = form.by, form.text("reason", "The reason", LONGEST_LINE)
    if "\0" in engagement_id:
        raise NotFound("There is no such engagement")
    try:
        act(desk.database, engagement_id, by=by, reason=reason)
    except CannotClose as error:
        raise FormError(f"{error}. Nothing was changed.", 409) from error
    return see_other(f"/engagements/{engagement_id}", by)


def _exists(db: Connection, engagement_id: str) -> bool:
    return db.execute("select from engagement where id = %s", [engagement_id]).fetchone() is not None
