"""Routes of reconciliation: what the systems disagree about, its repair, comparisons and verifications."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Acting, Answer, Cursor, JsonOnly, Limit, Line, Number, OnDesk
from tieline.app.views.discrepancies import (
    Filters,
    ask_comparison,
    list_discrepancies,
    list_runs,
    list_verifications,
)
from tieline.app.views.paging import snapshot
from tieline.reconciliation.period import period_of
from tieline.reconciliation.repair import CannotRepair, ask_repair

router = APIRouter(tags=["reconciliation"], dependencies=[JsonOnly])
Only = Annotated[str | None, Query(max_length=60)]


class Discrepancy(Answer):
    """What two systems disagree about."""

    id: int
    record: str = Field(description="customer, project, contract, time, expense, milestone, invoice, payment …")
    kind: str = Field(description="missing, extra, amount, date, wrong_project, duplicate, stale_version or name.")
    message: str
    suggestion: str
    left_side: str = Field(description="Who says what is wanted: a connection, or `tieline`.")
    right_side: str = Field(description="Where it is looked for.")
    reference: str
    external_id: str | None
    legal_entity: str
    currency: str
    money: Decimal | None = Field(description="At risk; null when nobody can say.")
    period: str = Field(description="`2026-11`, or `-` for records that belong to no period.")
    project_id: str | None
    project: str | None
    engagement_id: str | None
    expected: dict[str, Any] | None
    found: dict[str, Any] | None
    repair: str = Field(description="wake, re_read, ensure, take_back (safe), or person.")
    repair_by: str | None
    repaired_at: datetime | None
    exception_id: int | None
    first_seen: datetime
    last_seen: datetime


class Discrepancies(Answer):
    """A page of open discrepancies, the oldest first."""

    items: list[Discrepancy]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


class Run(Answer):
    """A comparison of the systems."""

    id: int
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    state: str = Field(description="asked, running, done or failed.")
    period: str | None
    connection: str | None
    legal_entity: str | None
    open: int | None = Field(description="Discrepancies it found.")
    compared: list[dict[str, Any]] = Field(description="Per pair of systems and record: lines, kinds, problem.")
    problem: str | None = Field(description="What could not be compared, and why.")


class Runs(Answer):
    """The newest comparisons."""

    items: list[Run]


class Verification(Answer):
    """A check of the invariants against the systems' own records."""

    id: int
    asked_by: str
    seed: int
    started_at: datetime
    ended_at: datetime | None
    state: str
    violations: int | None
    problem: str | None
    checked: list[dict[str, Any]] = Field(description="Per invariant: title, looked_at, count, violations.")


class Verifications(Answer):
    """The newest verifications."""

    items: list[Verification]


class Asked(Answer):
    """What the worker will do within seconds."""

    id: int


@router.get("/api/discrepancies", response_model=Discrepancies, summary="What the systems disagree about")
def discrepancies(
    desk: OnDesk,
    kind: Only = None,
    record: Only = None,
    connection: Only = None,
    entity: Only = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> object:
    """Open discrepancies, the oldest first, by kind, record, connection or legal entity."""
    names = {name: card.system for name, card in desk.cards.items()}
    filters = Filters(kind=kind, record=record, connection=connection, entity=entity)
    if any("\0" in text for text in (kind, record, connection, entity) if text is not None):
        raise ApiError(422, "A NUL character names nothing", "Leave it out.")
    with snapshot(desk.database) as db:
        return list_discrepancies(db, names, filters, cursor=cursor, limit=limit)


@router.post(
    "/api/discrepancies/{discrepancy_id}/repair", response_model=Asked, summary="Repair it, where that is safe"
)
def repair(desk: OnDesk, discrepancy_id: Number, body: Acting) -> object:
    """The worker reads, writes or wakes it within seconds; it closes when the next comparison does not see it."""
    try:
        found = ask_repair(desk.database, discrepancy_id, body.by)
    except LookupError as error:
        raise ApiError(404, str(error), "List them with GET /api/discrepancies.") from error
    except CannotRepair as error:
        raise ApiError(409, str(error), "Mend it where it stands.") from error
    return {"id": found.id}


@router.get("/api/reconciliations", response_model=Runs, summary="The newest comparisons")
def runs(desk: OnDesk) -> object:
    """Twenty at most, the newest first."""
    with snapshot(desk.database) as db:
        return {"items": list_runs(db)}


class Asking(Acting):
    """What to compare; without limits everything, of the newest months."""

    period: Line | None = Field(None, description="`2026-11` or `2026-09..2026-11`.")
    connection: Line | None = None
    entity: Line | None = None


@router.post("/api/reconciliations", response_model=Asked, status_code=202, summary="Compare the systems now")
def compare(desk: OnDesk, body: Asking) -> object:
    """The worker begins within seconds; the same request that waits already is joined."""
    try:
        period = str(period_of(body.period)) if body.period else None
    except ValueError as error:
        raise ApiError(422, str(error), "Write it as 2026-11.") from error
    if body.connection is not None and not desk.has("connection", body.connection):
        raise ApiError(404, f"The site has no connection '{body.connection}'", "Look into site.toml for the names.")
    if body.entity is not None and not desk.has("entity", body.entity):
        raise ApiError(404, f"The site has no legal entity '{body.entity}'", "Look into site.toml for the codes.")
    with desk.database.transaction() as db:
        return {"id": ask_comparison(db, body.by, period, body.connection, body.entity)}


@router.get("/api/verifications", response_model=Verifications, summary="The newest checks of the invariants")
def verifications(desk: OnDesk) -> object:
    """Twenty at most, the newest first."""
    with snapshot(desk.database) as db:
        return {"items": list_verifications(db)}
