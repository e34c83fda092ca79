"""Pages of collections: the work list, and the forms on an open invoice."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tieline.app.collections import CannotAct, act_on_invoice
from tieline.app.views.collections import Collections, read_collections
from tieline.app.views.paging import snapshot
from tieline.app.views.queue_figures import count_exceptions
from tieline.billing.collection import AGES
from tieline.console.forms import FormError, OnDesk, Posted, see_other
from tieline.console.rendering import page
from tieline.console.words import many, moneys

router = APIRouter()


@router.get("/collections")
def collections(request: Request, desk: OnDesk) -> Response:
    """Who owes what, and what to do next."""
    with snapshot(desk.database) as db:
        found = read_collections(db, desk.site.firm.collections, datetime.now(UTC).date())
        counts = count_exceptions(db)
    content: dict[str, Any] = {"found": found, "age_names": AGES, "answer": told(found), "counts": counts}
    return page(request, "collections.html", here="collections", **content)


def told(found: Collections) -> str:
    """The answer in a sentence."""
    if not found.debtors:
        return "No invoice is open."
    risk = [debtor for debtor in found.debtors if debtor.at_risk]
    if not risk:
        sums: dict[str, Decimal] = {row.currency: row.total for row in found.ages}
        return f"Nothing is late. Open: {moneys(sums.items())}."
    customers = len({debtor.customer_id for debtor in risk})
    return f"At risk: {moneys(found.at_risk)}, with {many(customers, 'customer')}."


@router.post("/invoices/{invoice_id}/{kind}")
def act(
    desk: OnDesk,
    invoice_id: str,
    kind: Literal["dispute", "settle", "promise", "remind", "call", "note"],
    form: Posted,
) -> Response:
    """Record it in the person's name; then look at the invoice again."""
    by, note = form.by, form.text("note", "The text")
    promised_on = form.day("promised_on", "The day").date() if kind == "promise" else None
    if "\0" in invoice_id:
        raise FormError("There is no such invoice", 404)
    try:
        found = act_on_invoice(desk.database, invoice_id, kind, by=by, note=note, promised_on=promised_on)
    except CannotAct as error:
        raise FormError(f"{error}. Nothing was changed.", 409) from error
    return see_other(f"/invoices/{found}#collect", by)
