"""Routes of the key figures: what each is, how it is now, the records it rests on, and the baselines."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Answer, Limit, Line, OnDesk
from tieline.app.insights import NoSuchFigure, checked, definition_of, into_of, scope_of, setting_of
from tieline.app.views.paging import snapshot
from tieline.insights.baseline import change_of, known_before, list_baselines
from tieline.insights.definition import definitions
from tieline.insights.figure import By, Scope, converted, read_figures, read_records

router = APIRouter(tags=["key figures"])


class KeyFigure(Answer):
    """What a key figure is."""

    id: str
    name: str
    group: str
    says: str
    formula: str
    unit: str
    is_ratio: bool = Field(description="The numerators' sum by that of the denominators; else the sum alone.")
    better: str = Field(description="`higher`, `lower` or `neither`.")
    records: str
    day: str
    sources: str
    known: str = Field(description="When it is final, and what still moves it later.")
    parts: str | None


class KeyFigures(Answer):
    """All key figures."""

    items: list[KeyFigure]


class ChangeSince(Answer):
    """Beside the newest baseline that tells it."""

    before: Decimal
    since: str
    difference: Decimal
    verdict: str = Field(description="`better`, `worse`, `same`, or `other` where neither way is better.")


class OneFigure(Answer):
    """One value with what it is known by."""

    key: str | None
    name: str | None
    currency: str | None
    value: Decimal | None = Field(description="Null: there is not enough data.")
    numerator: Decimal
    denominator: Decimal | None
    records: int
    missing: int = Field(description="So many records belong to it and are not known.")
    converted: str | None = Field(description="At which rates of which day and source, where `into` was asked for.")
    change: ChangeSince | None


class Figures(Answer):
    """A key figure as it is now, per currency and group."""

    kpi: KeyFigure
    figures: list[OneFigure]


class RestsOn(Answer):
    """One record a figure rests on."""

    record: str
    record_id: str
    label: str | None
    engagement_id: str | None
    engagement: str | None
    legal_entity: str | None
    practice: str | None
    customer: str | None
    currency: str | None
    day: date | None
    part: str | None
    numerator: Decimal | None
    denominator: Decimal | None


class RestsOnPage(Answer):
    """Records, those that weigh most first."""

    items: list[RestsOn]
    next: int | None = Field(description="`after` of the next page; null on the last.")


class BaselineTaken(Answer):
    """One time at which figures were taken."""

    id: int
    name: str
    origin: str = Field(description="`measured` by Tieline, or `brought` by the firm.")
    since: date | None
    until: date | None
    taken_by: str
    taken_at: datetime
    figures: int


class Baselines(Answer):
    """The newest first."""

    items: list[BaselineTaken]


Of = Annotated[Line | None, Query(description="Only what belongs to it.")]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except NoSuchFigure as error:
        raise ApiError(404, str(error), "List them with GET /api/kpis.") from error
    except ValueError as error:
        raise ApiError(422, str(error), "Correct the question.") from error


def _scope(
    entity: Of = None, practice: Of = None, customer: Of = None, currency: Of = None, period: Of = None
) -> Scope:
    with _told():
        return scope_of(entity=entity, practice=practice, customer=customer, currency=currency, period=period)


InScope = Annotated[Scope, Depends(_scope)]


@router.get("/api/kpis", response_model=KeyFigures, summary="List the key figures")
def list_all() -> object:
    """What each is, how it is made, and when it is final."""
    return {"items": list(definitions().values())}


@router.get("/api/kpi-baselines", response_model=Baselines, summary="List the baselines")
def baselines(desk: OnDesk) -> object:
    """When figures were taken to be compared with."""
    with snapshot(desk.database) as db:
        return {"items": list_baselines(db)}


@router.get("/api/kpis/{name}", response_model=Figures, summary="Read a key figure")
def read_one(
    desk: OnDesk,
    name: Line,
    scope: InScope,
    by: Annotated[By | None, Query(description="One figure each.")] = None,
    into: Annotated[Line | None, Query(description="Convert into this currency, at the rates of the site.")] = None,
) -> object:
    """As a whole or by entity, region, practice, customer, month or part; `period` is 2026-11 or 2026-09..2026-11."""
    with _told():
        definition = definition_of(name)
        checked(definition, by)
        setting = setting_of(desk.site)
        told_in = into_of(desk.site, into, scope.until or setting.today)
    with snapshot(desk.database) as db:
        figures = read_figures(db, definition, scope, setting, by)
        before = known_before(db, [definition.id])
    if told_in:
        with _told():
            figures = converted(definition, figures, told_in)
    names = [field for field in OneFigure.model_fields if field != "change"]
    told = [
        {
            **{field: getattr(one, field) for field in names},
            "change": change_of(before, definition, scope, by, one),
        }
        for one in figures
    ]
    return {"kpi": definition, "figures": told}


@router.get("/api/kpis/{name}/records", response_model=RestsOnPage, summary="List the records a key figure rests on")
def records(
    desk: OnDesk,
    name: Line,
    scope: InScope,
    after: Annotated[int, Query(ge=0, le=10_000_000, description="`next` of the page before.")] = 0,
    limit: Limit = 50,
) -> object:
    """Their numerators add up to the figure's, and so do their denominators."""
    with _told():
        definition = definition_of(name)
    with snapshot(desk.database) as db:
        rows = read_records(db, definition, scope, setting_of(desk.site), after=after, limit=limit + 1)
    return {"items": rows[:limit], "next": after + limit if len(rows) > limit else None}
