"""The console as one application: pages, static files and error pages, behind the guard."""

from functools import cache

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from tieline.app.desk import Desk
from tieline.app.guard import Guard
from tieline.console import (
    accruals,
    answers,
    bulk,
    capacity,
    collections,
    deals,
    engagements,
    errors,
    exceptions,
    figures,
    lineage,
    master_data,
    missing_time,
    operations,
    reconciliation,
    replays,
    wip,
)
from tieline.console.rendering import STATIC

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}


class KeptFiles(StaticFiles):
    """Static files; an address with its version may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long a browser may keep it."""
        response = await super().get_response(path, scope)
        versioned = scope["query_string"].startswith(b"v=")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response


def build(desk: Desk) -> ASGIApp:
    """Every page; the home page is the exception queue."""
    return Guard(_application(), headers=HEADERS, tell=errors.tell, state={"desk": desk})


@cache
def _application() -> FastAPI:
    """The routes, which are the same for every desk and take a while to make."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    errors.install(app)
    for module in (
        engagements,
        deals,
        exceptions,
        bulk,
        lineage,
        replays,
        answers,
        wip,
        collections,
        accruals,
        capacity,
        missing_time,
        figures,
        master_data,
        reconciliation,
        operations,
    ):
        app.include_router(module.router)
    app.mount("/static", KeptFiles(directory=STATIC))
    return app
