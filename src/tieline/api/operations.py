"""Routes to operate: health, connections, pauses."""

from fastapi import APIRouter
from pydantic import Field

from tieline import __version__
from tieline.api.errors import ApiError
from tieline.api.models import Connections, Health, Pause
from tieline.api.parts import Acting, JsonOnly, Line, OnDesk
from tieline.app.desk import Scope
from tieline.app.views.operations import list_connections, list_pauses, read_operations
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.engine.controls import pause, resume

router = APIRouter(tags=["operations"], dependencies=[JsonOnly])


@router.get("/api/health", response_model=Health, summary="Whether Tieline works")
def health(desk: OnDesk) -> object:
    """`ok` when the database answers and a worker is alive, else `no worker`."""
    with snapshot(desk.database) as db:
        workers = read_operations(db, {}).workers
        exceptions = count_exceptions(db).open
    status = "ok" if workers else "no worker"
    return {"status": status, "version": __version__, "workers": workers, "exceptions": exceptions}


@router.get("/api/connections", response_model=Connections, summary="How the connections do")
def connections(desk: OnDesk) -> object:
    """Feeds, circuits, pauses and unsettled writes of each connection."""
    with snapshot(desk.database) as db:
        return {"connections": list_connections(db, desk.cards), "pauses": list_pauses(db)}


class Pausing(Acting):
    """What shall stand still, and why."""

    scope: Scope
    name: Line = Field(description="A connection, a flow or a legal entity of the site.")
    reason: Line = Field(description="Shown to everybody who waits.")


@router.post("/api/pauses", response_model=Pause, status_code=201, summary="Pause a connection, flow or legal entity")
def begin(desk: OnDesk, body: Pausing) -> object:
    """Nothing more is sent within a second or so; intake goes on and nothing is lost."""
    if not desk.has(body.scope, body.name):
        raise ApiError(404, f"The site has no {body.scope} '{body.name}'", "Look into site.toml for the names.")
    pause(desk.database, body.scope, body.name, body.reason, body.by)
    with desk.database.connection() as db:
        found = [one for one in list_pauses(db) if (one.scope, one.name) == (body.scope, body.name)]
    if not found:
        raise ApiError(409, "Somebody resumed it in the same moment", "Pause it again if you still want to.")
    return found[0]


@router.delete("/api/pauses/{scope}/{name}", status_code=204, summary="Resume what was paused")
def end(desk: OnDesk, scope: Scope, name: Line, by: Line) -> None:
    """What waited looks again now."""
    if not resume(desk.database, scope, name, by):
        raise ApiError(404, f"{scope} '{name}' is not paused", "List the pauses with GET /api/connections.")
