"""The command of costs born in the ERP: what suppliers and expense reports cost an engagement."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.views.costs import KINDS, CostRow, cost_sums, read_costs
from tieline.cli.context import JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.thread import find_engagement


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("costs")(costs)


def costs(
    engagement: Annotated[str, typer.Argument(help="Its id or the beginning of its name.")],
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """What the ERP has booked on an engagement's projects, line by line, and what of it counts in the margin."""
    with database_of(site) as database, database.connection() as db:
        rows = read_costs(db, find_engagement(db, engagement))
    if json:
        return print_json({"sums": cost_sums(rows), "lines": rows})
    table = table_of("day", "project", "supplier", "document", "kind", "", "booked", "", "cost")
    for row in rows:
        table.add_row(
            f"{row.day}",
            escape(row.project),
            escape(row.supplier or "-"),
            escape(f"{row.number or row.document_ref}") + (f"\n[dim]{escape(row.text)}[/]" if row.text else ""),
            row.kind,
            row.booked_currency,
            f"{row.booked:,.2f}",
            row.currency,
            _told(row),
        )
    out.print(table if rows else "The ERP has booked no cost of suppliers or expense reports on its projects.")
    for one in cost_sums(rows):
        out.print(f"{KINDS[one.kind]}: {one.currency} {one.cost:,.2f} in {one.lines} line{'s' * (one.lines != 1)}")
    return None


def _told(row: CostRow) -> str:
    if not row.counted:
        return f"[dim]{escape(row.valued_by or 'not counted')}[/]"
    if row.cost is None:
        return f"[yellow]{escape(row.valued_by or 'not known')}[/]"
    how = "" if row.valued_by == "as booked" else f"\n[dim]{escape(row.valued_by or '')}[/]"
    return f"{row.cost:,.2f}{how}"
