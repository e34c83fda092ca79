"""Pages of stewards: customers that may be one side by side, who owns which field, and codes without a counterpart."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from tieline.app.desk import Desk
from tieline.app.matches import look_through
from tieline.app.ownership import register
from tieline.app.reference import counterparts, gaps
from tieline.app.views.matches import MatchDetail, Show, count_matches, list_matches, number_of, read_match
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.console.errors import NotFound
from tieline.console.forms import Form, FormError, Number, OnDesk, Posted, see_other
from tieline.console.rendering import page
from tieline.exception_queue import matches
from tieline.exception_queue.actions import NotPossible
from tieline.matching.customers import CHOOSABLE

router = APIRouter()

ROWS = 100
DONE = {
    "same": "They are one from now on; what waited looks again now. Nothing was deleted in any system.",
    "different": "They are two, and nobody is asked again.",
    "search": "All customers were compared.",
}
Text = Annotated[str, Query(max_length=300)]


@router.get("/master-data")
def list_all(request: Request, desk: OnDesk, show: Show = "open", of: Text = "", done: Text = "") -> Response:
    """Pairs of customers that may be one; `of` leads to the pair an exception is about."""
    with snapshot(desk.database) as db:
        number = number_of(db, of.replace("\0", "")) if of else None
        rows, by_state, counts = list_matches(db, show, ROWS), count_matches(db), count_exceptions(db)
    if number is not None:
        return RedirectResponse(f"/master-data/matches/{number}", 303)
    return page(
        request,
        "matches.html",
        here="master-data",
        rows=rows,
        show=show,
        by_state=by_state,
        counts=counts,
        bound=float(desk.site.firm.auto_link),
        done=DONE.get(done),
    )


@router.get("/master-data/owners")
def owners(request: Request, desk: OnDesk, record: Text = "customer") -> Response:
    """Who owns which field, and which systems read and write it."""
    every = register(desk.site, desk.mappings)
    names = sorted({one.record for one in every})
    if record not in names:
        raise NotFound("There is no such record")
    with snapshot(desk.database) as db:
        counts = count_exceptions(db)
    fields = [one for one in every if one.record == record]
    return page(request, "owners.html", here="master-data", fields=fields, names=names, record=record, counts=counts)


@router.get("/master-data/reference")
def reference(request: Request, desk: OnDesk) -> Response:
    """Codes of the site and what each system calls them."""
    codes = counterparts(desk.site)
    with snapshot(desk.database) as db:
        counts = count_exceptions(db)
    return page(request, "reference.html", here="master-data", codes=codes, missing=gaps(codes), counts=counts)


@router.post("/master-data/search")
def search(desk: OnDesk, form: Posted) -> Response:
    """Compare all customers with each other."""
    by = form.by
    look_through(desk.database, desk.site.firm)
    return see_other("/master-data?done=search", by)


@router.get("/master-data/matches/{number}")
def one(request: Request, desk: OnDesk, number: Number, done: Text = "") -> Response:
    """Two customers side by side."""
    return _page(request, desk, number, done=done)


@router.post("/master-data/matches/{number}/same")
def unite(request: Request, desk: OnDesk, number: Number, form: Posted) -> Response:
    """The two are one, with the chosen record and fields."""
    try:
        by, row = form.by, _read(desk, number).row
        sides = {"a": row.a, "b": row.b}
        choices = {name: sides[side] for name in CHOOSABLE if (side := form.text(name, name, 1)) in sides}
        survivor = sides.get(form.line("keep", "Which of the two stands for both"))
        reason = form.text("reason", "The reason")
        matches.same(desk.database, number, by, reason, survivor=survivor, choices=choices)
    except (NotPossible, FormError) as error:
        return _page(request, desk, number, wrong=str(error), status=422)
    return see_other(f"/master-data/matches/{number}?done=same", by)


@router.post("/master-data/matches/{number}/different")
def part(request: Request, desk: OnDesk, number: Number, form: Posted) -> Response:
    """The two are two; a merge is taken back."""
    try:
        by = form.by
        matches.different(desk.database, number, by, _why(form))
    except (NotPossible, FormError) as error:
        return _page(request, desk, number, wrong=str(error), status=422)
    return see_other(f"/master-data/matches/{number}?done=different", by)


def _why(form: Form) -> str:
    return form.text("reason", "The reason")


def _read(desk: Desk, number: int) -> MatchDetail:
    with snapshot(desk.database) as db:
        found = read_match(db, desk.cards, number)
    if found is None:
        raise NotFound(f"There is no pair {number}")
    return found


def _page(
    request: Request, desk: Desk, number: int, *, done: str = "", wrong: str | None = None, status: int = 200
) -> Response:
    detail = _read(desk, number)
    with snapshot(desk.database) as db:
        counts = count_exceptions(db)
    told = wrong[:1].upper() + wrong[1:] if wrong else None
    return page(
        request,
        "match.html",
        status=status,
        here="master-data",
        detail=detail,
        row=detail.row,
        counts=counts,
        wrong=told,
        done=DONE.get(done),
    )
