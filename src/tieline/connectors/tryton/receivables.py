"""What Tryton says of invoices: number, tax, posting and payment state, and the money applied to them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.invoice import INVOICE
from tieline.connectors.tryton.records import REFERENCE, Site, part
from tieline.mapping import MappingFailed
from tieline.model.ids import PREFIXES, born_outside
from tieline.model.invoice import InvoiceState, Payment
from tieline.model.money import Money
from tieline.sdk.errors import Rejected

MOVE_LINE = "account.move.line"
LISTS = ("lines_to_pay", "payment_lines", "reconciliation_lines")
RAW = (
    "number",
    "state",
    REFERENCE,
    "invoice_date",
    "untaxed_amount",
    "tax_amount",
    "total_amount",
    "amount_to_pay",
    "currency.code",
    "last_modified_at",
    *LISTS,
)


def read_raw(site: Site, identifier: int) -> Row:
    """An invoice as Tryton has it, dates as text, with the day its open part falls due."""
    row = plain(site.one(INVOICE, identifier, RAW))
    owed = site.client.rows(MOVE_LINE, [["id", "in", row["lines_to_pay"]]], ["maturity_date", "reconciliation"])
    open_ = [line for line in owed if line.get("reconciliation") is None] or owed
    days = [line["maturity_date"] for line in open_ if isinstance(line.get("maturity_date"), date)]
    return {**row, "due_date": min(days).isoformat() if days else None}


def read_invoice(site: Site, ref: str) -> InvoiceState:
    """An invoice with its payment state; `id` is our reference, or made of Tryton's id for one we did not propose."""
    raw = read_raw(site, site.number(ref))
    try:
        return _state(site, raw, ref)
    except (MappingFailed, ValueError, KeyError) as error:
        message = f"invoice {raw.get('number') or ref} cannot be read: {error}"
        raise Rejected(site.connection, message, kind="mapping", field="invoice") from error


def _state(site: Site, raw: Row, ref: str) -> InvoiceState:
    values: dict[str, Any] = site.mappings["invoice_state"].read(raw)
    currency: str = raw["currency"]["code"]
    amounts = {name: Decimal(values[name]["amount"]) for name in ("net", "tax", "total")}
    status = values["status"]
    amounts["paid"] = Decimal(0)
    if status in ("open", "paid"):
        amounts["paid"] = amounts["total"] - Decimal(raw["amount_to_pay"])
    if status == "open" and amounts["paid"]:
        status = "partly_paid"
    moneys = {name: Money(amount=amount, currency=currency) for name, amount in amounts.items()}
    named = {name: values.get(name) for name in ("number", "issued_on", "due_on", "source_version")}
    ours = str(raw[REFERENCE] or "")
    identifier = ours if ours.startswith(f"{PREFIXES['invoice']}_") else born_outside(site.account, "invoice", ref)
    return InvoiceState.model_validate({"id": identifier, "external_id": ref, "status": status, **moneys, **named})


def read_payments(site: Site, invoice_ref: str) -> Sequence[Payment]:
    """Money applied to an invoice; lines of credit notes are no payments."""
    identifier = site.number(invoice_ref)
    invoice = site.one(INVOICE, identifier, ("currency.code", *LISTS))
    own = set(invoice["lines_to_pay"])
    ids = sorted({*invoice["payment_lines"], *invoice["reconciliation_lines"]} - own)
    fields = ("date", "amount", "amount_currency.code", "move_origin")
    rows = site.client.rows(MOVE_LINE, [["id", "in", ids]], fields, limit=max(len(ids), 1))
    return [
        Payment(
            id=born_outside(site.account, "payment", f"{row['id']}:{identifier}"),
            invoice_ref=invoice_ref,
            amount=Money(amount=-row["amount"], currency=part(row, "amount_currency.", "code")),
            paid_on=row.get("date"),
        )
        for row in sorted(rows, key=lambda row: int(row["id"]))
        if not _of_another_invoice(row, identifier)
    ]


def _of_another_invoice(row: Row, identifier: int) -> bool:
    origin = str(row.get("move_origin") or "")
    return origin.startswith(f"{INVOICE},") and origin != f"{INVOICE},{identifier}"


def plain(row: Row) -> Row:
    """A row as JSON values: dates as text, durations as seconds, what was asked of related records under their name."""
    values = {name: _plain(value) for name, value in row.items()}
    related = {name.removesuffix("."): value for name, value in values.items() if name.endswith(".")}
    return {**{name: value for name, value in values.items() if not name.endswith(".")}, **related}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value
