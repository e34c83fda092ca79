"""The API as one application: routes, errors, description, behind the guard."""

from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from tieline import __version__
from tieline.api import (
    accruals,
    answers,
    approvals,
    bulk,
    capacity,
    collections,
    deals,
    engagements,
    errors,
    exceptions,
    intercompany,
    key_figures,
    lineage,
    matches,
    missing_time,
    operations,
    outlook,
    readings,
    reconciliation,
    replays,
    service,
    webhooks,
    wip,
)
from tieline.api.group_commit import GroupCommit
from tieline.app.desk import Desk
from tieline.app.guard import Guard

HEADERS = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
PREFIXES = ("/api", "/hooks", "/metrics")
FAILURES: dict[int | str, dict[str, Any]] = {"4XX": {"model": errors.ErrorBody}, "5XX": {"model": errors.ErrorBody}}


def build(desk: Desk) -> ASGIApp:
    """Everything below `/api` and `/hooks`; its description is at /api/openapi.json."""
    events = GroupCommit(desk.database, desk.concerns)
    state = {"desk": desk, "events": events, "kept": {}}
    return Guard(_application(), headers=HEADERS, tell=errors.tell, signed_paths=("/hooks/",), state=state)


@cache
def _application() -> FastAPI:
    """The routes and their description, which are the same for every desk and take a while to make."""
    app = FastAPI(
        title="Tieline",
        version=__version__,
        summary="Ties CRM, PSA and ERP of a professional-services firm into one thread from opportunity to cash.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    errors.install(app)
    app.include_router(api_router(), responses=FAILURES)
    return app


def api_router() -> APIRouter:
    """All routes."""
    router = APIRouter()
    for module in (
        webhooks,  # first, since routes are tried in this order and events are many
        engagements,
        readings,
        deals,
        exceptions,
        bulk,
        approvals,
        matches,
        lineage,
        replays,
        operations,
        reconciliation,
        service,
        answers,
        wip,
        collections,
        accruals,
        intercompany,
        capacity,
        missing_time,
        key_figures,
        outlook,
    ):
        router.include_router(module.router)
    return router
