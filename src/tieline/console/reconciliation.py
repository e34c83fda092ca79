"""The page of reconciliation: whether the systems agree, what differs, and what mends it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tieline.app.views.discrepancies import (
    Filters,
    Standing,
    ask_comparison,
    list_discrepancies,
    list_runs,
    list_verifications,
    read_standing,
)
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.console.forms import FormError, Number, OnDesk, Posted, see_other
from tieline.console.rendering import page
from tieline.reconciliation.period import period_of
from tieline.reconciliation.repair import CannotRepair, ask_repair
from tieline.reconciliation.words import KINDS, REPAIRS, THINGS

router = APIRouter()

ROWS = 100
DONE = {
    "repair": "It is being repaired; it goes from this list when the next comparison does not see it any more.",
    "compare": "The systems are compared within seconds. Reload to see what was found.",
}
Choice = Annotated[str, Query(max_length=40)]


@router.get("/reconciliation")
def reconciliation(
    request: Request,
    desk: OnDesk,
    kind: Choice = "",
    entity: Choice = "",
    after: Annotated[str | None, Query(max_length=300)] = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Open discrepancies and the last runs."""
    names = {name: card.system for name, card in desk.cards.items()}
    kind, entity = (kind if kind in KINDS else ""), entity.replace("\0", "")
    filters = Filters(kind=kind or None, entity=entity or None)
    with snapshot(desk.database) as db:
        found = list_discrepancies(db, names, filters, cursor=after, limit=ROWS)
        standing, runs, checks = read_standing(db), list_runs(db, 5), list_verifications(db, 1)
        counts = count_exceptions(db)
    return page(
        request,
        "reconciliation.html",
        here="reconciliation",
        counts=counts,
        found=found,
        standing=standing,
        runs=runs,
        checked=checks[0] if checks else None,
        answer=headline(standing, bool(runs)),
        kind=kind,
        entity=entity,
        kinds=KINDS,
        repairs=REPAIRS,
        things=THINGS,
        names=names,
        done=DONE.get(done),
    )


def headline(standing: Standing, compared: bool) -> str:
    """The page's answer in a sentence."""
    if not compared:
        return "The systems have not been compared yet."
    if not standing.open:
        return "The systems agree."
    return f"The systems disagree on {standing.open:,} {'record' if standing.open == 1 else 'records'}."


@router.post("/reconciliation/compare")
def compare(desk: OnDesk, form: Posted) -> Response:
    """Compare now."""
    by, text = form.by, form.text("period", "The period", 20)
    try:
        period = str(period_of(text)) if text else None
    except ValueError as error:
        raise FormError(f"{error}. Nothing was changed.") from error
    with desk.database.transaction() as db:
        ask_comparison(db, by, period, None, None)
    return see_other("/reconciliation?done=compare", by)


@router.post("/reconciliation/{discrepancy_id}/repair")
def repair(desk: OnDesk, discrepancy_id: Number, form: Posted) -> Response:
    """Repair one, where that is safe."""
    by = form.by
    try:
        ask_repair(desk.database, discrepancy_id, by)
    except LookupError as error:
        raise FormError("This discrepancy is not open any more. Nothing was changed.", 404) from error
    except CannotRepair as error:
        raise FormError(f"{error} Nothing was changed.", 409) from error
    return see_other("/reconciliation?done=repair", by)
