"""The command that answers the firm's four questions."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.views.contract_changes import read_changes
from tieline.app.views.failed_entries import read_failed
from tieline.app.views.invoice_ready import read_ages, read_ready
from tieline.app.views.margin_risk import read_held, read_kinds
from tieline.cli.context import JsonOption, SiteOption, database_of, out, plain, print_json, table_of
from tieline.model.durations import spoken
from tieline.store.database import Connection


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("answer")(answer)


class Question(StrEnum):
    """What may be asked."""

    INVOICE_READY = "invoice-ready"
    FAILED_ENTRIES = "failed-entries"
    CONTRACT_CHANGES = "contract-changes"
    MARGIN = "margin"


def answer(
    question: Annotated[Question, typer.Argument(help="invoice-ready, failed-entries, contract-changes or margin.")],
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """Which projects are invoice-ready, which approved entries failed to sync, which contract changes have not
    propagated, where margin-impacting exceptions pile up."""
    with database_of(site) as database, database.connection() as db:
        match question:
            case Question.INVOICE_READY:
                _invoice_ready(db, json)
            case Question.FAILED_ENTRIES:
                _failed_entries(db, json)
            case Question.CONTRACT_CHANGES:
                _contract_changes(db, json)
            case Question.MARGIN:
                _margin(db, json)


STATES = {
    "release": "draft waits for finance",
    "ready": "ready",
    "partly": "ready in part",
    "held": "held back",
    "running": "month is running",
}


def _invoice_ready(db: Connection, json: bool) -> None:
    today = datetime.now(UTC).date()
    rows, ages = read_ready(db, today), read_ages(db, today)
    if json:
        print_json({"items": [{**plain(row), "state": row.state} for row in rows], "unbilled": ages})
        return
    table = table_of("Project", "State", "Ready", "This month", "Held back", "Drafts", "Why")
    for row in rows:
        table.add_row(
            escape(f"{row.code} {row.project}"),
            STATES[row.state],
            f"{row.currency} {row.ready:,}",
            f"{row.running:,}",
            f"{row.held:,} ({row.held_lines:,} lines)" if row.held_lines else "-",
            f"{row.draft_amount:,}" if row.drafts else "-",
            escape(row.why or ""),
        )
    out.print(table if rows else "Nothing waits to be billed.")


def _failed_entries(db: Connection, json: bool) -> None:
    found = read_failed(db)
    if json:
        print_json(found)
        return
    table = table_of("Exception", "Entry", "Person", "Day", "Quantity", "Amount", "Project", "Why")
    for row in found.entries:
        table.add_row(
            str(row.exception_id),
            escape(f"{row.kind} {row.source_id}"),
            escape(row.person or row.role or "-"),
            f"{row.work_date}",
            f"{row.quantity.normalize():f} {row.unit}",
            f"{row.currency} {row.amount:,}" if row.amount is not None else "no price yet",
            escape(row.project or "-"),
            escape(row.why),
        )
    out.print(table if found.entries else "No approved entry waits for a person.")
    for batch in found.batches:
        out.print(
            f"{batch.connection}: {batch.lines:,} lines go out by themselves as soon as it takes them:"
            f" {escape(batch.problem or 'it is unclear whether they arrived')}",
            soft_wrap=True,
        )


def _contract_changes(db: Connection, json: bool) -> None:
    rows = read_changes(db)
    if json:
        print_json(rows)
        return
    for row in rows:
        age = spoken(datetime.now(UTC) - row.activated_at)
        version = f"version {row.version}" + (f" ({row.order})" if row.order else "")
        told = f"  {escape(version)}, active for {age}, {row.there} steps done"
        out.print(f"[bold]{escape(row.engagement)}[/]{told}", soft_wrap=True)
        if row.behind:
            out.print(f"  invoices wait for {' and '.join(row.behind)}")
        for step in row.missing:
            told = f"  {step.connection or 'Tieline'}: {step.label} {step.what} {step.detail or ''}"
            out.print(escape(told.rstrip()), soft_wrap=True)
    if not rows:
        out.print("Every system holds the newest version of every contract.")


def _margin(db: Connection, json: bool) -> None:
    rows, kinds = read_held(db), read_kinds(db)
    if json:
        print_json({"items": rows, "kinds": kinds})
        return
    table = table_of("Project", "Entity", "Held back", "Lines", "No price", "Exceptions", "Oldest")
    for row in rows:
        table.add_row(
            escape(f"{row.project or '-'} {row.engagement or ''}"),
            row.legal_entity or "-",
            f"{row.currency or ''} {row.amount:,}",
            f"{row.lines:,}",
            f"{row.unpriced:,}",
            f"{row.exceptions:,}",
            f"{row.oldest:%Y-%m-%d}",
        )
    out.print(table if rows else "No exception holds billable work.")
    for kind in kinds:
        trend = "grows" if kind.grows else "does not grow"
        told = f"{kind.opened_week:,} opened and {kind.closed_week:,} closed in 7 days; {trend}"
        out.print(f"{kind.kind}: {kind.open:,} open, {told}")
