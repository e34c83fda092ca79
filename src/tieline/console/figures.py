"""Pages of the key figures: a group of them with charts, and one with its records."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from tieline.app.desk import Desk
from tieline.app.insights import NoParts, NoSuchFigure, checked, definition_of, into_of, scope_of, setting_of
from tieline.app.views.key_figures import natural, read_shown
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.console.errors import NotFound
from tieline.console.forms import FormError, OnDesk
from tieline.console.rendering import page
from tieline.insights.definition import GROUPS, Definition, definitions
from tieline.insights.figure import (
    By,
    Figure,
    FigureRecord,
    Into,
    Scope,
    converted,
    read_figures,
    read_practices,
    read_records,
)
from tieline.insights.words import csv_of, known_by, told, told_change
from tieline.model.readable import MINUS
from tieline.store.database import Connection

router = APIRouter()

ROWS = 50
BYS = {
    "month": "Month",
    "part": "Part",
    "entity": "Legal entity",
    "region": "Region",
    "practice": "Practice",
    "customer": "Customer",
}
Text = Annotated[str, Query(max_length=200)]


class Asked:
    """The filter as it stands in the address."""

    def __init__(
        self, entity: Text = "", practice: Text = "", customer: Text = "", period: Text = "", into: Text = ""
    ) -> None:
        self.entity = entity
        self.practice = practice
        self.customer = customer
        self.period = period.strip()
        self.into = into

    @property
    def scope(self) -> Scope:
        """What it means. Raises FormError."""
        if any("\0" in text for text in vars(self).values()):
            raise FormError("The filter has characters that cannot be stored.")
        with _told():
            return scope_of(
                entity=self.entity,
                practice=self.practice,
                customer=self.customer,
                currency=None,
                period=self.period,
            )

    @property
    def words(self) -> str:
        """What is left of everything, for a page on paper."""
        return ", ".join(text for text in (self.entity, self.practice, self.customer, self.period) if text)

    def address(self, path: str, **more: str | int | None) -> str:
        """A path with this filter and something more."""
        chosen = {name: text for name, text in {**vars(self), **more}.items() if text}
        return f"{path}?{urlencode(chosen)}" if chosen else path


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise FormError(f"{error}".removesuffix(".") + ".") from error


Filter = Annotated[Asked, Depends(Asked)]


@router.get("/figures")
def group(request: Request, desk: OnDesk, asked: Filter, about: Text = GROUPS[0]) -> Response:
    """The key figures of one group, each with a chart."""
    chosen = [one for one in definitions().values() if one.group == about]
    if not chosen:
        raise NotFound("There is no such group of figures")
    scope, setting = asked.scope, setting_of(desk.site)
    with _told(), snapshot(desk.database) as db:
        shown = read_shown(db, chosen, scope, setting, into=_into(desk, asked))
        return page(request, "figures.html", **_around(db, desk, asked), shown=shown, about=about, groups=GROUPS)


@router.get("/figures/{name}")
def one(
    request: Request,
    desk: OnDesk,
    asked: Filter,
    name: str,
    by: Annotated[By | None, Query()] = None,
    after: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """One key figure: how it is made, its groups, and the records it rests on."""
    definition, scope, setting = _definition(name, by), asked.scope, setting_of(desk.site)
    with _told(), snapshot(desk.database) as db:
        (shown,) = read_shown(db, [definition], scope, setting, by, _into(desk, asked))
        rows = read_records(db, definition, scope, setting, after=after, limit=ROWS + 1)
        return page(
            request,
            "figure.html",
            **_around(db, desk, asked),
            shown=shown,
            by=by or natural(definition),
            bys={key: text for key, text in BYS.items() if key != "part" or definition.parts},
            rows=rows[:ROWS],
            after=after,
            following=after + ROWS if len(rows) > ROWS else None,
            record_address=record_address,
        )


@router.get("/figures/{name}/csv")
def as_csv(
    desk: OnDesk, asked: Filter, name: str, by: By | None = None, of: Literal["groups", "records"] = "groups"
) -> Response:
    """The groups of a key figure, or the records it rests on (the first 10,000), for a spreadsheet."""
    definition, scope, setting = _definition(name, by), asked.scope, setting_of(desk.site)
    with _told(), snapshot(desk.database) as db:
        if of == "records":
            text = csv_of(FigureRecord, read_records(db, definition, scope, setting, limit=10_000))
        else:
            groups, into = read_figures(db, definition, scope, setting, by or natural(definition)), _into(desk, asked)
            text = csv_of(Figure, converted(definition, groups, into) if into else groups)
    return Response(
        text.encode(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{definition.id}-{of}.csv"'},
    )


def _into(desk: Desk, asked: Asked) -> Into | None:
    return into_of(desk.site, asked.into, asked.scope.until or datetime.now(UTC).date())


def _definition(name: str, by: By | None) -> Definition:
    try:
        definition = definition_of(name)
        checked(definition, by)
    except (NoSuchFigure, NoParts) as error:
        raise NotFound("There is no such key figure") from error
    return definition


def _around(db: Connection, desk: Desk, asked: Asked) -> Mapping[str, Any]:
    entities = desk.site.firm.legal_entities
    return {
        "currencies": sorted({one for entity in entities for one in (entity.currency, *entity.currencies)}),
        "here": "figures",
        "counts": count_exceptions(db),
        "asked": asked,
        "practices": read_practices(db),
        "told": lambda definition, figure: told(definition, figure).replace("-", MINUS),
        "told_change": told_change,
        "known_by": known_by,
    }


def record_address(row: FigureRecord) -> str | None:
    """The page of a record."""
    match row.record:
        case "line":
            return f"/lines/{row.record_id}"
        case "invoice":
            return f"/invoices/{quote(row.record_id, safe='')}"
        case "exception":
            return f"/exceptions/{row.record_id}"
        case "project":
            return f"/lines?{urlencode({'of': 'project', 'id': row.record_id})}"
    return f"/engagements/{quote(row.engagement_id, safe='')}" if row.engagement_id else None
