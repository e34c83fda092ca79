"""Commands of collections: who owes what, and what a person did about an invoice."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.collections import act_on_invoice
from tieline.app.site import load_site
from tieline.app.views.collections import OpenInvoice, read_collections
from tieline.billing.collection import AGES
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.model.collection import ActionKind

InvoiceArgument = Annotated[str, typer.Argument(metavar="INVOICE", help="Its number or our id.")]
NoteOption = Annotated[str, typer.Option("--note", help="What was said.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("collections")(collections)
    app.command("dispute")(dispute)
    app.command("promise")(promise)
    app.command("chase")(chase)


def collections(site: SiteOption = Path(), json: JsonOption = False) -> None:
    """Open invoices by customer, the most at risk first, with what to do next."""
    rules = load_site(site).firm.collections
    with database_of(site) as database, database.connection() as db:
        found = read_collections(db, rules, datetime.now(UTC).date())
    if json:
        print_json({"items": found.debtors, "ages": found.ages})
        return
    table = table_of("Customer", "Invoice", "Due", "Late", "Open", "At risk", "Stands", "Next")
    for debtor in found.debtors:
        for place, row in enumerate(debtor.invoices):
            table.add_row(
                escape(f"{debtor.customer}\n{debtor.contact or 'no address'}" if place == 0 else ""),
                escape(row.number or row.id),
                f"{row.due_on or '-'}",
                f"{row.days_overdue} d" if row.days_overdue else "-",
                f"{row.currency} {row.outstanding:,}",
                f"{row.at_risk:,}" if row.at_risk else "-",
                escape(stands(row)),
                escape(row.next_words),
            )
    out.print(table if found.debtors else "No invoice is open.")
    for age in found.ages:
        parts = [f"{amount:,} {name}" for name, amount in zip(AGES, age.amounts, strict=True) if amount]
        out.print(f"{age.currency} {age.total:,} open: {', '.join(parts)}", soft_wrap=True)


def stands(row: OpenInvoice) -> str:
    """Dispute, promise and last action in a few words."""
    parts = [f"disputed: {row.dispute}"] if row.dispute else []
    if row.promised_on:
        parts.append(f"promised for {row.promised_on}{', not kept' if row.promise_broken else ''}")
    if row.last_action:
        parts.append(f"{row.last_action} on {row.last_on}")
    return "; ".join(parts) or "-"


def dispute(
    invoice: InvoiceArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why the customer does not accept it.")] = "",
    settled: Annotated[bool, typer.Option("--settled", help="It is settled.")] = False,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Record that a customer disputes an invoice, or that the dispute is settled; the CRM shows it."""
    if settled and reason:
        raise UserError("Give --reason for a dispute or --settled for its end, not both.")
    _act(site, invoice, "settle" if settled else "dispute", by, json, note=reason)


def promise(
    invoice: InvoiceArgument,
    on: Annotated[str, typer.Option("--on", metavar="DAY", help="The day the customer will pay: 2026-12-15.")],
    note: NoteOption = "",
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Record the day a customer promised to pay by; the CRM shows it."""
    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        raise UserError(f"'{on}' is no day such as 2026-12-15.") from error
    _act(site, invoice, "promise", by, json, note=note, promised_on=day)


def chase(
    invoice: InvoiceArgument,
    call: Annotated[bool, typer.Option("--call", help="Somebody called, instead of a written reminder.")] = False,
    note: NoteOption = "",
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Record that the customer was reminded of an invoice; the next reminder is suggested later."""
    _act(site, invoice, "call" if call else "remind", by, json, note=note)


def _act(
    folder: Path, invoice: str, kind: ActionKind, by: str, json: bool, *, note: str, promised_on: date | None = None
) -> None:
    with database_of(folder) as database:
        found = act_on_invoice(database, invoice, kind, by=by, note=note, promised_on=promised_on)
    if json:
        print_json({"invoice": found, "kind": kind, "note": note or None, "promised_on": promised_on})
    else:
        out.print(escape(f"Recorded for invoice {invoice}; CRM and PSA show it in a moment."), soft_wrap=True)
