"""Pages of lineage: what an id stands for, one line's whole way, and the lines of an invoice or engagement."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from tieline.app.views.collections import list_actions, read_open_invoice
from tieline.app.views.lineage import Lineage, read_lineage
from tieline.app.views.lineage_search import Match, find
from tieline.app.views.lines import list_lines, name_of, read_invoice
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.app.views.raw_record import read_raw
from tieline.console.errors import NotFound
from tieline.console.forms import Number, OnDesk
from tieline.console.rendering import page
from tieline.model.readable import money

router = APIRouter()

ROWS = 50
Text = Annotated[str, Query(max_length=300)]
After = Annotated[int, Query(ge=0, le=2**62)]


@router.get("/lineage")
def search(request: Request, desk: OnDesk, id: Text = "") -> Response:  # noqa: A002
    """What an id stands for; one thing only is shown at once."""
    with snapshot(desk.database) as db:
        matches, counts = find(db, id), count_exceptions(db)
    if len(matches) == 1:
        return RedirectResponse(address(matches[0]), 303)
    content: dict[str, Any] = {"matches": matches, "wanted": id.strip(), "address": address, "counts": counts}
    return page(request, "lineage.html", here="engagements", **content)


def address(match: Match) -> str:
    """The page of a match."""
    match match.kind:
        case "line":
            return f"/lines/{match.number}"
        case "invoice":
            return f"/invoices/{match.id}"
        case "engagement":
            return f"/engagements/{match.id}"
    return f"/lines?of=project&id={match.id}"


@router.get("/lines")
def lines(
    request: Request,
    desk: OnDesk,
    of: Literal["project", "engagement"],
    id: Text,  # noqa: A002
    after: After = 0,
) -> Response:
    """The lines of a project or an engagement, corrections and reversals included."""
    with snapshot(desk.database) as db:
        name = None if "\0" in id else name_of(db, of, id)
        if name is None:
            raise NotFound(f"There is no such {of}")
        rows, counts = list_lines(db, of, id, after=after, limit=ROWS + 1), count_exceptions(db)
    content: dict[str, Any] = {"of": of, "id": id, "name": name, "counts": counts, "after": after}
    return page(request, "lines.html", here="engagements", **content, **_pages(rows))


@router.get("/lines/{number}")
def one(request: Request, desk: OnDesk, number: Number) -> Response:
    """From the approval of a line to its payment, with all corrections."""
    with snapshot(desk.database) as db:
        found = read_lineage(db, number, desk.site.firm, desk.cards)
        if found is None:
            raise NotFound("There is no such line")
        raw, counts = read_raw(db, found.newest.number), count_exceptions(db)
    return page(
        request,
        "line.html",
        here="engagements",
        found=found,
        raw=raw,
        answer=answer(found),
        asked=number,
        counts=counts,
    )


def answer(found: Lineage) -> str:
    """Where the line stands, in a sentence."""
    newest = found.newest
    if newest.status in ("withdrawn", "void"):
        left = " Nothing of it is left booked or billed." if found.net.booked == found.net.invoiced == 0 else ""
        return f"Its approval was taken back.{left}"
    if newest.invoice is not None:
        return f"Approved and billed on {newest.invoice.number or 'a draft invoice'}.{_paid(found)}"
    return {
        "posted": "Approved and booked; it is not billed yet.",
        "in_flight": "Approved and on its way to the ERP.",
        "waiting": "Approved; it is booked or billed next.",
        "held": "It waits until what it reverses has arrived.",
        "in_exception": "Approved, but it waits for a person.",
        "written_off": "It was written off.",
        "opening": "It is from before the start with Tieline, and only counted.",
    }.get(newest.status, "")


def _paid(found: Lineage) -> str:
    invoice = found.newest.invoice
    if invoice is None or not invoice.total:
        return ""
    if invoice.paid == invoice.total:
        return " The invoice is paid."
    return (
        f" Of the invoice {money(invoice.paid, invoice.currency)} of {money(invoice.total, invoice.currency)} is paid."
    )


@router.get("/invoices/{invoice_id}")
def invoice(request: Request, desk: OnDesk, invoice_id: str, after: After = 0) -> Response:
    """An invoice, its lines, and the approved work each of them bills."""
    if "\0" in invoice_id:
        raise NotFound("There is no such invoice")
    with snapshot(desk.database) as db:
        shown = read_invoice(db, desk.cards, invoice_id)
        if shown is None:
            raise NotFound("There is no such invoice")
        rows, counts = list_lines(db, "invoice", invoice_id, after=after, limit=ROWS + 1), count_exceptions(db)
        row = read_open_invoice(db, invoice_id, desk.site.firm.collections, datetime.now(UTC).date())
        done = list_actions(db, invoice_id) if row else []
    content: dict[str, Any] = {"shown": shown, "after": after, "counts": counts, "row": row, "done": done}
    return page(request, "invoice.html", here="engagements", **content, **_pages(rows))


def _pages(rows: list[Any]) -> dict[str, Any]:
    return {"rows": rows[:ROWS], "following": rows[ROWS - 1].number if len(rows) > ROWS else None}
