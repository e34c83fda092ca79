"""The web application of `serve`: the API below /api and /hooks, the console at every other path."""

from starlette.types import ASGIApp, Receive, Scope, Send

from tieline import api, console
from tieline.app.assembly import FLOWS, Tieline
from tieline.app.desk import Desk
from tieline.app.intake import Intake
from tieline.app.views.systems import cards_of

API_PATHS = ("/api", "/hooks")


def web_app(tieline: Tieline) -> ASGIApp:
    """Both, on one address."""
    desk = Desk(
        site=tieline.site,
        database=tieline.database,
        cards=cards_of(tieline.connected),
        flows=tuple(FLOWS),
        handle=Intake(tieline).handle,
    )
    programs, people = api.build(desk), console.build(desk)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        is_api = any(path == prefix or path.startswith(f"{prefix}/") for prefix in API_PATHS)
        await (programs if is_api else people)(scope, receive, send)

    return application
