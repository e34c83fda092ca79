"""Routes that tell how well the firm is served: service levels, calls, alerts, and figures for Prometheus."""

import time
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import Field

from tieline.api.parts import Answer, JsonOnly, Limit, OnDesk
from tieline.app.metrics import CONTENT_TYPE, exposition
from tieline.app.views.alerts import list_alerts
from tieline.app.views.calls import read_calls
from tieline.app.views.paging import snapshot
from tieline.app.views.service import list_late, read_service

router = APIRouter(tags=["service"], dependencies=[JsonOnly])
Hours = Annotated[int, Query(ge=1, le=24 * 90, description="How far back to look.")]
METRICS_KEPT = 5.0
"""Seconds for which the figures of /metrics are not read again."""


class ServiceTier(Answer):
    """One service tier."""

    tier: str
    name: str
    within_seconds: float = Field(description="The promise: from the event to the target's confirmation.")
    target_share: float = Field(description="The share of records that must keep it.")
    records: int
    late: int
    share: float | None = Field(description="The share that was in time; null without records.")
    p50_seconds: float | None
    p95_seconds: float | None
    slowest_seconds: float | None
    overdue: int = Field(description="Not there yet although the promise has passed.")
    overdue_since: datetime | None
    kept: bool


class LateRecord(Answer):
    """Records that came late."""

    tier: str
    label: str
    connection: str
    engagement_id: str | None
    engagement: str | None
    records: int
    started_at: datetime
    ended_at: datetime
    seconds: float


class ServiceLevels(Answer):
    """Every tier, and what came late last."""

    tiers: list[ServiceTier]
    late: list[LateRecord]


class Room(Answer):
    """What is free of a vendor account's limits."""

    free: float = Field(description="Share from 0 to 1; the scarcest limit counts.")
    scarcest: str = Field(description="`at once`, `a second` or `a day`.")
    used: float
    limit: float
    reserved: float = Field(description="Share left to the firm's other integrations.")
    speed: float = Field(description="Share of the stated limits the vendor takes now, learned from its refusals.")
    rest_until: datetime | None = Field(description="Until when the vendor asked us to make no call.")


class Calls(Answer):
    """How calls to one connection went."""

    connection: str
    calls_hour: int
    failed_hour: int
    throttled_hour: int
    calls_day: int
    p50_seconds: float | None
    p95_seconds: float | None
    head_room: Room
    lines_waiting: int
    writes_waiting: int
    backlog: int
    a_minute: float = Field(description="Records confirmed a minute, over the last five.")
    drains_in: timedelta | None = Field(description="ISO 8601; null when nothing moves.")


class CallFigures(Answer):
    """Every connection."""

    items: list[Calls]


class Alert(Answer):
    """Something people should know."""

    id: int
    cause: str = Field(description="The same cause is one alert.")
    kind: str
    title: str
    message: str
    link: str
    opened_at: datetime
    resolved_at: datetime | None
    sent: int
    waiting: int
    given_up: int
    problem: str | None


class Alerts(Answer):
    """The open ones first."""

    items: list[Alert]


@router.get("/api/service-levels", response_model=ServiceLevels, summary="Service levels by tier")
def service_levels(desk: OnDesk, hours: Hours = 24, limit: Limit = 20) -> object:
    """Measured per record, from the event to the target's confirmation."""
    window = timedelta(hours=hours)
    with snapshot(desk.database) as db:
        tiers = read_service(db, desk.site.levels, window)
        return {"tiers": tiers, "late": list_late(db, desk.site.levels, window=window, limit=limit)}


@router.get("/api/calls", response_model=CallFigures, summary="Calls, head-room and backlog of each connection")
def calls(desk: OnDesk) -> object:
    """Latency and failures of the last hour."""
    with snapshot(desk.database) as db:
        return {"items": list(read_calls(db, desk.site).values())}


@router.get("/api/alerts", response_model=Alerts, summary="Alerts")
def alerts(desk: OnDesk, resolved: bool = False, limit: Limit = 50) -> object:
    """One per cause; with `resolved` also those that are over."""
    with snapshot(desk.database) as db:
        return {"items": list_alerts(db, resolved=resolved, limit=limit)}


@router.get("/metrics", include_in_schema=False)
def metrics(desk: OnDesk, request: Request) -> PlainTextResponse:
    """Figures for Prometheus, read at most every five seconds."""
    answers: dict[str, tuple[float, str]] = request.state.kept
    kept = answers.get("metrics")
    if kept is None or time.monotonic() - kept[0] > METRICS_KEPT:
        with snapshot(desk.database) as db:
            kept = answers["metrics"] = time.monotonic(), exposition(db, desk.site)
    return PlainTextResponse(kept[1], media_type=CONTENT_TYPE)
