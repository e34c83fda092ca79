"""The command of accruals: what is earned and not billed, and billed and not earned, at a month's end."""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.views.accruals import METHODS, NOTE, Accruals, NoSuchDay, accruals_csv, day_of, read_accruals
from tieline.cli.context import JsonOption, SiteOption, database_of, out, plain, print_json, table_of
from tieline.cli.errors import UserError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("accruals")(accruals)


def accruals(
    at: Annotated[str | None, typer.Option(help="2026-10-31, or 2026-10; else the end of last month.")] = None,
    known: Annotated[str | None, typer.Option(help="As it was known at the end of this day; else as it is.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only of this legal entity.")] = None,
    engagement: Annotated[str | None, typer.Option(help="Only of this engagement: its id.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")] = False,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """What is earned and not billed, and billed and not earned, by legal entity, engagement and obligation."""
    today = datetime.now(UTC).date()
    try:
        until, when = day_of(at, today), day_of(known, today) if known else None
    except NoSuchDay as error:
        raise UserError(f"{error}.") from error
    with database_of(site) as database, database.connection() as db:
        found = read_accruals(db, until, known=when, entity=entity, engagement=engagement)
    if json:
        sums = [
            {**plain(one), "accrued_change": one.accrued_change, "deferred_change": one.deferred_change}
            for one in found.sums
        ]
        print_json({**plain(found), "sums": sums})
    elif as_csv:
        sys.stdout.write(accruals_csv(found))
    else:
        _show(found)


def _show(found: Accruals) -> None:
    when = f", as known at the end of {found.known}" if found.known else ""
    out.print(f"Accruals and deferrals at the end of {found.until}{when}. {NOTE}", soft_wrap=True)
    if not found.rows:
        out.print("Nothing is accrued or deferred, and nothing was earned or billed in the month.")
        return
    table = table_of("project", "what", "", "before", "earned", "billed", "accrued", "deferred")
    for row in found.rows:
        table.add_row(
            f"{escape(row.code)} {escape(row.engagement)}\n[dim]{escape(row.customer)}, {row.engagement_id}[/]",
            f"{escape(row.name)}\n[dim]{METHODS.get(row.method, row.method)}[/]",
            f"{row.legal_entity} {row.currency}",
            *map(_told, (row.opening, row.earned, row.billed, row.accrued, row.deferred)),
        )
    out.print(table)
    for one in found.sums:
        out.print(
            f"{one.legal_entity} {one.currency}: accrued {one.accrued:,.2f} ({one.accrued_change:+,.2f} since"
            f" {found.since}), deferred {one.deferred:,.2f} ({one.deferred_change:+,.2f})",
            soft_wrap=True,
        )
    if found.unpriced:
        lines = "1 line has" if found.unpriced == 1 else f"{found.unpriced:,} lines have"
        out.print(f"[yellow]{lines} no price yet, so counted with nothing: tieline exceptions[/]", soft_wrap=True)


def _told(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount else "-"
