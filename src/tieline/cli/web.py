"""API and console on one address: `/api` and `/hooks` for programs, all else for people."""

from starlette.types import ASGIApp, Receive, Scope, Send

from tieline import api, console
from tieline.api.application import PREFIXES
from tieline.app.assembly import FLOWS, Tieline
from tieline.app.desk import Desk
from tieline.app.intake import Intake
from tieline.app.replay import replays_of
from tieline.app.views.systems import cards_of


def web_app(tieline: Tieline) -> ASGIApp:
    """What a web server runs."""
    desk = desk_of(tieline)
    programs, people = api.build(desk), console.build(desk)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_program = any(path == prefix or path.startswith(f"{prefix}/") for prefix in PREFIXES)
        await (programs if is_program else people)(scope, receive, send)

    return dispatch


def desk_of(tieline: Tieline) -> Desk:
    """The desk of a running Tieline."""
    return Desk(
        site=tieline.site,
        database=tieline.database,
        cards=cards_of(tieline.connected),
        flows=tuple(FLOWS),
        concerns=Intake(tieline).concerns,
        replays=replays_of(tieline),
    )
