"""The page that acts on many exceptions at once: what it would touch, and one form for each action."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tieline.app.desk import Desk
from tieline.app.views.exceptions import list_exceptions
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.console.forms import Form, FormError, OnDesk, Posted, see_other
from tieline.console.queue_filter import Asked, Wanted
from tieline.console.rendering import page
from tieline.console.words import many
from tieline.exception_queue import bulk
from tieline.exception_queue.actions import NotPossible
from tieline.exception_queue.bulk import Shown, Touched
from tieline.exception_queue.filter import Filter

router = APIRouter()

EXAMPLES = 20
Action = Literal["retry", "assign", "postpone", "write-off", "confirm"]
DONE: Mapping[str, str] = {
    "retry": "tried again now",
    "assign": "given to the new owner",
    "postpone": "postponed",
    "write-off": "proposed to be written off; a second person must confirm",
    "confirm": "written off",
}


@router.get("/bulk")
def show(
    request: Request,
    desk: OnDesk,
    asked: Wanted,
    done: Annotated[str, Query(max_length=20)] = "",
    touched: Annotated[int, Query(ge=0)] = 0,
    left: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """What an action on these would touch; nothing is changed."""
    told = f"{many(touched, 'exception')} {DONE[done]}." if done in DONE else None
    if told and left:
        told += f" {left:,} were left alone: it does not fit them, or they were closed meanwhile."
    return _page(request, desk, asked, told=told)


@router.post("/bulk/{action}")
def act(request: Request, desk: OnDesk, action: Action, asked: Wanted, form: Posted) -> Response:
    """Do it to no more than was shown."""
    try:
        by = form.by
        seen = Shown(exceptions=form.count("exceptions"), newest=form.count("newest"))
        touched = ACTIONS[action](desk, asked.filter(desk), seen, form, by)
    except (NotPossible, FormError) as error:
        wrong = str(error)[:1].upper() + str(error)[1:]
        return _page(request, desk, asked, wrong=wrong, status=422)
    query = asked.address(sort="", done=action, touched=str(touched.exceptions), left=str(touched.left))
    return see_other(f"/bulk{query}", by)


def _page(
    request: Request, desk: Desk, asked: Asked, *, told: str | None = None, wrong: str | None = None, status: int = 200
) -> Response:
    wanted = asked.filter(desk)
    with snapshot(desk.database) as db:
        content: dict[str, Any] = {
            "shown": bulk.preview(db, wanted),
            "examples": list_exceptions(db, wanted=wanted, sort="due", limit=EXAMPLES),
            "counts": count_exceptions(db),
        }
    return page(
        request, "bulk.html", status=status, here="exceptions", asked=asked, wanted=wanted, told=told, wrong=wrong,
        **content,
    )  # fmt: skip


def _retry(desk: Desk, wanted: Filter, seen: Shown, form: Form, by: str) -> Touched:
    return bulk.bulk_retry(desk.database, wanted, seen, by)


def _assign(desk: Desk, wanted: Filter, seen: Shown, form: Form, by: str) -> Touched:
    owner = form.line("owner", "The team or person")
    return bulk.bulk_assign(desk.database, wanted, seen, owner, by, known=desk.site.queue_owners)


def _postpone(desk: Desk, wanted: Filter, seen: Shown, form: Form, by: str) -> Touched:
    until, reason = form.day("until", "The day"), form.text("reason", "The reason")
    return bulk.bulk_postpone(desk.database, wanted, seen, until, by, reason=reason)


def _write_off(desk: Desk, wanted: Filter, seen: Shown, form: Form, by: str) -> Touched:
    return bulk.bulk_propose(desk.database, wanted, seen, by, form.text("reason", "The reason"))


def _confirm(desk: Desk, wanted: Filter, seen: Shown, form: Form, by: str) -> Touched:
    return bulk.bulk_confirm(desk.database, wanted, seen, by, people=desk.people)


ACTIONS: Mapping[Action, Callable[[Desk, Filter, Shown, Form, str], Touched]] = {
    "retry": _retry,
    "assign": _assign,
    "postpone": _postpone,
    "write-off": _write_off,
    "confirm": _confirm,
}
