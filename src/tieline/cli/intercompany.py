"""The command of intercompany figures: what entities owe each other for the work of a month."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.site import load_site
from tieline.app.views.intercompany import (
    NOTE,
    IntercompanyMonth,
    NoSuchPeriod,
    as_json,
    intercompany_csv,
    month_named,
    read_intercompany,
)
from tieline.cli.context import JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("intercompany")(intercompany)


def intercompany(
    period: Annotated[str | None, typer.Option(help="The month, such as 2026-10; else the last one.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")] = False,
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """What entities owe each other for people who worked on another entity's projects in a month."""
    firm = load_site(site).firm
    try:
        month = month_named(period, datetime.now(UTC).date())
    except NoSuchPeriod as error:
        raise UserError(f"{error}.") from error
    with database_of(site) as database, database.connection() as db:
        shown = read_intercompany(db, firm, month)
    if json:
        print_json(as_json(shown))
    elif as_csv:
        sys.stdout.write(intercompany_csv(shown))
    else:
        _show(shown)


def _show(shown: IntercompanyMonth) -> None:
    out.print(f"Intercompany work of {shown.since:%B %Y}. {NOTE}", soft_wrap=True)
    if not shown.found.pairs and not shown.found.gaps:
        out.print("Nobody worked on a project of another entity.")
        return
    table = table_of("delivers", "sells", "project", "hours", "", "amount", "by")
    for pair in shown.found.pairs:
        whole = (f"[bold]{pair.minutes / 60:,.2f}[/]", pair.amount.currency, f"[bold]{pair.amount.amount:,.2f}[/]")
        table.add_row(pair.deliverer, pair.seller, "all projects", *whole, escape("\n".join(pair.rules)))
        for one in pair.projects:
            what = f"{escape(one.code)} {escape(one.engagement)}\n[dim]{one.engagement_id}[/]"
            hours = f"{one.minutes / 60:,.2f}"
            table.add_row("", "", what, hours, one.amount.currency, f"{one.amount.amount:,.2f}", "")
    if shown.found.pairs:
        out.print(table)
    for position in shown.positions:
        money = position.amount
        if money.amount:
            out.print(f"{position.legal_entity} {'is owed' if money.amount > 0 else 'owes'} {max(money, -money)}")
    for gap in shown.found.gaps:
        pair_words = f"{gap.deliverer} for {gap.seller}" if gap.deliverer != gap.seller else "somebody"
        out.print(f"[yellow]{gap.minutes / 60:,.2f} hours of {pair_words} have no price: {escape(gap.reason)}[/]",
                  soft_wrap=True)  # fmt: skip
