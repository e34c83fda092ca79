"""The operations page: connections, feeds, pauses and writes that need a look."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tieline.app.views.alerts import list_alerts
from tieline.app.views.calls import read_calls
from tieline.app.views.operations import Operations, read_operations
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.app.views.service import list_late, read_service
from tieline.console.forms import FormError, OnDesk, Posted, see_other
from tieline.console.rendering import page
from tieline.engine.controls import pause, resume
from tieline.model.durations import shortly

router = APIRouter()

SCOPES = ("connection", "flow", "entity")


@router.get("/operations")
def operations(request: Request, desk: OnDesk, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """How the connections do; a script asks for it again every ten seconds."""
    with snapshot(desk.database) as db:
        shown, counts = read_operations(db, desk.cards), count_exceptions(db)
        calls = read_calls(db, desk.site)
        tiers, late = read_service(db, desk.site.levels), list_late(db, desk.site.levels, limit=10)
        alerts = list_alerts(db, limit=10)
    backlog = sum(row.backlog for row in calls.values())
    a_minute = sum(row.a_minute for row in calls.values())
    return page(
        request,
        "operations.html",
        here="operations",
        counts=counts,
        shown=shown,
        answer=headline(shown),
        flows=desk.flows,
        calls=calls,
        tiers=tiers,
        late=late,
        alerts=alerts,
        backlog=backlog,
        a_minute=a_minute,
        drain=drain(backlog, a_minute),
        done=DONE.get(done),
    )


def drain(backlog: int, a_minute: float) -> str:
    """When everything will be gone at this speed."""
    if not backlog:
        return "nothing waits"
    return shortly(backlog / a_minute * 60) if a_minute else "not known"


DONE = {
    "pause": "It is paused: nothing more is sent; what comes in waits.",
    "resume": "It sends again; what waited looks again now.",
    "nothing": "It was not paused.",
}


def headline(shown: Operations) -> str:
    """The page's answer in a sentence."""
    ill = [one for one in shown.connections if one.health != "healthy"]
    if not shown.connections:
        return "The site has no connections yet."
    if not ill:
        many = len(shown.connections)
        return "The connection is healthy." if many == 1 else f"All {many} connections are healthy."
    words = {"paused": "is paused", "down": "does not answer", "failing": "cannot be read"}
    told = ", ".join(f"{one.system} {words[one.health]}" for one in ill[:3])
    return f"{len(shown.connections) - len(ill)} of {len(shown.connections)} connections are healthy. {told}."


@router.post("/operations/pause")
def begin(desk: OnDesk, form: Posted) -> Response:
    """Stop sending to a connection, of a flow or for a legal entity."""
    by, reason = form.by, form.line("reason", "The reason")
    scope, name = _what(form)
    if not desk.has(scope, name):  # type: ignore[arg-type]
        raise FormError("The site has nothing of that name. Nothing was changed.", 404)
    pause(desk.database, scope, name, reason, by)
    return see_other("/operations?done=pause", by)


@router.post("/operations/resume")
def end(desk: OnDesk, form: Posted) -> Response:
    """Let it send again."""
    by = form.by
    scope, name = _what(form)
    was_paused = resume(desk.database, scope, name, by)
    return see_other(f"/operations?done={'resume' if was_paused else 'nothing'}", by)


def _what(form: Posted) -> tuple[str, str]:
    scope, _, name = form.line("what", "What to pause").partition(":")
    if scope not in SCOPES or not name:
        raise FormError("It is not clear what is meant. Nothing was changed.")
    return scope, name
