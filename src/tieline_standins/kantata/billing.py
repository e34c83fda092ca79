"""Billing inside Kantata: milestones, invoices and external payments (fact sheet, section 4)."""

from datetime import date, timedelta
from decimal import Decimal

from tieline_standins.core.http import Json
from tieline_standins.kantata import expenses, filters, time_entries
from tieline_standins.kantata.errors import invalid
from tieline_standins.kantata.fields import Field, anything, day, flag, idents, number, one_of, short_text, text, whole
from tieline_standins.kantata.money import SYMBOLS
from tieline_standins.kantata.resource import Association, Change, Resource, Session, Target
from tieline_standins.kantata.world import Record, World

_REFERENCES = Association("external_references", "external_reference_ids", many=True)
_WORKSPACE = Association("workspaces", "workspace_id", writable=True, required="Workspace can't be blank")
# The lines an invoice takes by id, with what each is worth.
_LINES = {"time_entries": time_entries.amount, "expenses": expenses.amount}


def _prepare_milestone(_world: World, change: Change) -> None:
    if change.value("billing_type") == "upon_completion" and not change.link("story"):
        raise invalid("story_id", "Story can't be blank for a milestone that bills upon completion")


def _invoices_of(world: World, milestone: Record) -> list[Target]:
    return [("invoices", i.sid) for i in world.all("invoices") if milestone.sid in i.links["billing_milestones"]]


def _milestone_deletable(world: World, milestone: Record, _session: Session) -> None:
    if _invoices_of(world, milestone):
        raise invalid("base", "This billing milestone cannot be deleted because it has been invoiced")


BILLING_MILESTONES = Resource(
    "billing_milestones",
    "billing_milestone",
    {
        "title": Field(text, required="Title can't be blank"),
        "amount_in_cents": Field(whole, required="Amount in cents can't be blank"),
        "date_to_invoice": Field(day),
        "billing_type": Field(one_of("fixed_date", "upon_completion"), default="fixed_date"),
    },
    {
        "workspace": _WORKSPACE,
        "story": Association("stories", "story_id", writable=True),
        "invoices": Association("invoices", "invoice_ids", many=True, find=_invoices_of),
        "external_references": _REFERENCES,
    },
    subject="BillingMilestone",
    event="billing_milestone",
    indexed=("workspace",),
    orders={name: name for name in ("created_at", "updated_at", "date_to_invoice")},
    filters={"workspace_id": filters.link("workspace"), "workspace_ids": filters.link_in("workspace")},
    bulk=200,
    prepare=_prepare_milestone,
    may_delete=_milestone_deletable,
)


def next_number(world: World) -> str:
    return str(world.tables["invoices"].last_id + 1)


def _prepare_invoice(world: World, change: Change) -> None:
    data, raw = change.data, change.raw
    if not change.creating:
        _titled(change, change.value("number"))
        return
    change.links["user"] = change.session.user_id
    workspaces = _workspaces(world, raw)
    change.links["workspaces"] = [workspace.sid for workspace in workspaces]
    currencies = {workspace.data["currency"] for workspace in workspaces}
    if len(currencies) > 1:
        raise invalid("workspace_ids", "Workspaces must have the same currency")
    currency = currencies.pop()
    total = sum(_taken_lines(world, change, plural) for plural in _LINES)
    total += _taken_milestones(world, change)
    total += sum(_items(raw, name) for name in ("fixed_fee_items", "additional_items"))
    if not any(change.links.get(name) for name in (*_LINES, "billing_milestones")) and not (
        raw.get("fixed_fee_items") or raw.get("additional_items")
    ):
        raise invalid("base", "An invoice needs at least one item")
    invoiced = date.fromisoformat(data.get("invoice_date") or world.now()[:10])
    if not 0 <= data["payment_schedule"] <= 3650:
        raise invalid("payment_schedule", "Payment schedule is not a number of days")
    data |= {
        "status": "new",
        "invoice_date": invoiced.isoformat(),
        "due_date": (invoiced + timedelta(days=data["payment_schedule"])).isoformat(),
        "currency": currency,
        "currency_symbol": SYMBOLS.get(currency, currency),
        "total_in_cents": total,
        "balance_in_cents": total,
        "number": int(next_number(world)),
    }
    _titled(change, data["number"])


def _titled(change: Change, number_: int) -> None:
    shown = change.value("user_invoice_number") or number_
    change.data["title"] = f"{'Draft ' if change.value('draft') else ''}Invoice #{shown}"


def _workspaces(world: World, raw: dict[str, Json]) -> list[Record]:
    given = raw.get("workspace_ids") or ([raw["workspace_id"]] if raw.get("workspace_id") else [])
    try:
        found = [world.get("workspaces", sid) for sid in dict.fromkeys(idents(given))]
    except ValueError as error:
        raise invalid("workspace_ids", f"Workspaces {error}") from error
    known = [workspace for workspace in found if workspace]
    if not known or len(known) < len(found):
        raise invalid("workspace_id", "Workspace can't be blank" if not found else "Workspace is invalid")
    return known


def _taken_lines(world: World, change: Change, plural: str) -> int:
    """Check the time entries or expenses an invoice takes; returns what they are worth in cents."""
    total = 0
    for sid in change.links.get(plural, []):
        line = world.get(plural, sid)
        assert line is not None
        if line.data["is_invoiced"]:
            raise invalid(f"{plural}_ids", f"{sid} has already been invoiced")
        if not line.data["billable"]:
            raise invalid(f"{plural}_ids", f"{sid} is not billable")
        if line.links["workspace"] not in change.links["workspaces"]:
            raise invalid(f"{plural}_ids", f"{sid} belongs to another project")
        total += _LINES[plural](line.data)
    return total


def _taken_milestones(world: World, change: Change) -> int:
    total = 0
    for sid in change.links.get("billing_milestones", []):
        milestone = world.get("billing_milestones", sid)
        assert milestone is not None
        live = [world.get(*target) for target in _invoices_of(world, milestone)]
        if any(invoice and invoice.data["status"] != "cancelled" for invoice in live):
            raise invalid("billing_milestone_ids", f"{sid} has already been invoiced")
        total += int(milestone.data["amount_in_cents"])
    return total


def _items(raw: dict[str, Json], name: str) -> int:
    """Fixed-fee and additional items are worth main units of the currency; returns cents."""
    given = raw.get(name) or []
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise invalid(name, f"{name} must be a list of objects")
    try:
        return sum(int(Decimal(number(item.get("amount"))) * 100) for item in given)
    except ValueError as error:
        raise invalid(name, f"Amount of {name} {error}") from error


def _invoice_written(world: World, change: Change) -> None:
    if change.record and "workspaces" in change.links:
        mark_lines(world, change.record, invoiced=True)


def mark_lines(world: World, invoice: Record, *, invoiced: bool) -> None:
    """An invoice locks its entries, and frees them when it is cancelled or deleted."""
    for plural in _LINES:
        for sid in invoice.links[plural]:
            line = world.get(plural, sid)
            if line:
                links = {"invoice": invoice.sid if invoiced else None}
                moves = world.settings.derived_changes_move_updated_at
                world.edit(line, {"is_invoiced": invoiced}, links, moves=moves)


def cancel(world: World, invoice: Record, session: Session) -> None:
    """PUT /invoices/{id}/cancel: the record stays, its lines are free again. Raises ApiError."""
    if invoice.data["status"] != "new":
        raise invalid("status", f"An invoice that is {invoice.data['status']} cannot be cancelled")
    world.edit(invoice, {"status": "cancelled"}, user_id=session.user_id)
    mark_lines(world, invoice, invoiced=False)


def _invoice_deletable(_world: World, invoice: Record, _session: Session) -> None:
    if invoice.data["status"] == "accepted payment":
        raise invalid("base", "This invoice cannot be deleted because it has been paid")


INVOICES = Resource(
    "invoices",
    "invoice",
    {
        "payment_schedule": Field(whole, required="Payment schedule can't be blank"),
        "invoice_date": Field(day),
        "due_date": Field(day, writable=False),
        "user_invoice_number": Field(text),
        "user_invoice_title": Field(text),
        "number": Field(whole, writable=False),
        "title": Field(text, writable=False),
        "draft": Field(flag, default=False),
        "status": Field(text, writable=False),
        "message": Field(text),
        "purchase_order": Field(text),
        "project_code": Field(text),
        "currency": Field(text, writable=False),
        "currency_symbol": Field(text, writable=False),
        "currency_base_unit": Field(whole, default=100, writable=False),
        "total_in_cents": Field(whole, default=0, writable=False),
        "balance_in_cents": Field(whole, default=0, writable=False),
        "tax_rate": Field(number, default=0),
        "fixed_fee_items": Field(anything, on_request=True),
        "additional_items": Field(anything, on_request=True),
    },
    {
        "workspaces": Association("workspaces", "workspace_ids", many=True),
        "time_entries": Association("time_entries", "time_entry_ids", many=True, writable=True),
        "expenses": Association("expenses", "expense_ids", many=True, writable=True),
        "billing_milestones": Association("billing_milestones", "billing_milestone_ids", many=True, writable=True),
        "user": Association("users", "user_id"),
        "recipient": Association("users", "recipient_id", writable=True),
        "external_references": _REFERENCES,
    },
    subject="Invoice",
    event="invoice",
    orders={name: name for name in ("created_at", "updated_at", "invoice_date", "due_date")},
    filters={
        "workspace_id": filters.has_link("workspaces"),
        "status": filters.is_in("status"),
        "draft": filters.is_true("draft"),
        "invoice_date_between": filters.between("invoice_date"),
    },
    search=("title", "user_invoice_title"),
    prepare=_prepare_invoice,
    written=_invoice_written,
    may_delete=_invoice_deletable,
    deleted=lambda world, invoice, _session: mark_lines(world, invoice, invoiced=False),
)


def _prepare_payment(world: World, change: Change) -> None:
    invoice = world.linked_id("invoices", change.link("invoice"))
    if invoice is None:
        if change.value("amount_in_cents") is None:
            raise invalid("amount_in_cents", "Amount in cents can't be blank")
    elif change.creating:
        if invoice.data["draft"] or invoice.data["status"] != "new" or len(invoice.links["workspaces"]) != 1:
            raise invalid("invoice_id", "Invoice must be a pending invoice of one project")
        # Sheet: with an invoice the amount is forced to the full amount and amount_in_cents is ignored.
        change.data["amount_in_cents"] = invoice.data["total_in_cents"]
    workspace = world.linked_id("workspaces", change.link("workspace"))
    assert workspace is not None
    if invoice and workspace.sid not in invoice.links["workspaces"]:
        raise invalid("invoice_id", "Invoice belongs to another project")
    change.data["currency"] = workspace.data["currency"]
    change.data["payment_date"] = change.value("payment_date") or world.now()[:10]


def _payment_written(world: World, change: Change) -> None:
    invoice = world.linked_id("invoices", change.links.get("invoice"))
    if invoice:
        world.edit(invoice, {"status": "accepted payment", "balance_in_cents": 0}, user_id=change.session.user_id)


def _payment_deleted(world: World, payment: Record, session: Session) -> None:
    invoice = world.linked("invoices", payment, "invoice")
    if invoice:
        data = {"status": "new", "balance_in_cents": invoice.data["total_in_cents"]}
        world.edit(invoice, data, user_id=session.user_id)


EXTERNAL_PAYMENTS = Resource(
    "external_payments",
    "external_payment",
    {
        "amount_in_cents": Field(whole),
        "message": Field(short_text(255)),
        "payment_date": Field(day),
        "currency": Field(text, writable=False),
    },
    {"workspace": _WORKSPACE, "invoice": Association("invoices", "invoice_id", writable=True)},
    orders={"created_at": "created_at", "updated_at": "updated_at"},
    filters={"workspace_id": filters.link("workspace"), "invoice_id": filters.link("invoice")},
    prepare=_prepare_payment,
    written=_payment_written,
    deleted=_payment_deleted,
)
