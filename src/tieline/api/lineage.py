"""Routes of lineage: what an id stands for, the whole way of a line, and the lines of an invoice."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from tieline.api.errors import ApiError
from tieline.api.parts import Answer, Limit, Line, Number, OnDesk
from tieline.app.views.lineage import Lineage, read_lineage
from tieline.app.views.lineage_search import Match, find
from tieline.app.views.lines import InvoicePage, LineRow, list_lines, read_invoice
from tieline.app.views.paging import snapshot

router = APIRouter(tags=["lineage"])


class Matches(Answer):
    """What an id stands for."""

    items: list[Match] = Field(description="Empty when nothing has this id; lines come first.")


class Lines(Answer):
    """A page of lines, in the order of their numbers."""

    items: list[LineRow]
    next: int | None = Field(description="`after` of the next page; null on the last.")


class Chain(Answer):
    """A line's lineage. Costs are class C3 and not told here: `cost` is always null."""

    lineage: Lineage


class Invoice(Answer):
    """An invoice we proposed."""

    invoice: InvoicePage


@router.get("/api/lineage", response_model=Matches, summary="Say what an id stands for")
def lookup(
    desk: OnDesk,
    id: Annotated[Line, Query(description="Ours, a vendor's id, an invoice's number, or connection:kind:id.")],  # noqa: A002
) -> object:
    """Lines, invoices, projects and engagements that have this id in any system."""
    with snapshot(desk.database) as db:
        return {"items": find(db, id)}


@router.get("/api/lines", response_model=Lines, summary="List the lines of an invoice, project or engagement")
def list_all(
    desk: OnDesk,
    of: Annotated[Literal["invoice", "project", "engagement"], Query(description="What `id` names.")],
    id: Annotated[Line, Query(description="Our id of it.")],  # noqa: A002
    after: Annotated[int, Query(ge=0, le=2**62, description="`next` of the page before.")] = 0,
    limit: Limit = 50,
) -> object:
    """Charges and their reversals, whatever their state."""
    with snapshot(desk.database) as db:
        rows = list_lines(db, of, id, after=after, limit=limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1].number if len(rows) > limit else None}


@router.get("/api/lines/{number}", response_model=Chain, summary="Read the lineage of a line")
def read_one(desk: OnDesk, number: Number) -> object:
    """Person, approval, source, contract version, rate, price, booking, invoice and payment of every version of it."""
    with snapshot(desk.database) as db:
        found = read_lineage(db, number, desk.site.firm, desk.cards)
    if found is None:
        raise ApiError(404, f"There is no line {number}", "Find it by any id with GET /api/lineage.")
    return {"lineage": found}


@router.get("/api/invoices/{invoice_id}", response_model=Invoice, summary="Read an invoice with its lines")
def invoice(desk: OnDesk, invoice_id: Line) -> object:
    """As we proposed it, with what the ERP says of it; its transactions are listed by GET /api/lines."""
    with snapshot(desk.database) as db:
        found = read_invoice(db, desk.cards, invoice_id)
    if found is None:
        raise ApiError(404, f"There is no invoice {invoice_id}", "Find it by its number with GET /api/lineage.")
    return {"invoice": found}
