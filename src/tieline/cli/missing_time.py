"""The command of missing time: who lacks how much of which closed week, and who was told."""

from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.markup import escape

from tieline.app.site import load_site
from tieline.app.views.missing_time import MissingTime, at_risk, read_missing_time
from tieline.cli.context import JsonOption, SiteOption, database_of, out, print_json, table_of


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("missing-time")(missing_time)


def missing_time(site: SiteOption = Path(), json: JsonOption = False) -> None:
    """Whose approved time of closed weeks is below what the calendar leaves, the oldest week first."""
    firm = load_site(site).firm
    with database_of(site) as database, database.connection() as db:
        rows = read_missing_time(db, firm, datetime.now(UTC))
    if json:
        print_json({"items": rows})
        return
    if not rows:
        out.print("No time is missing.")
        return
    table = table_of("Week", "Person", "Entity", "Approved", "Handed in", "Missing", "May be worth", "Told")
    for row in rows:
        worth = f"{row.currency} {row.worth:,}" if row.worth is not None else "-"
        table.add_row(
            f"{row.monday:%d %b %Y}",
            escape(row.name),
            escape(row.legal_entity),
            f"{row.recorded:,.1f} of {row.expected:,.1f} h",
            f"{row.submitted:,.1f} h" if row.submitted else "-",
            f"{row.missing:,.1f} h" if row.missing else "-",
            worth,
            escape(told(row)),
        )
    out.print(table)
    sums = ", ".join(f"{currency} {amount:,}" for currency, amount in at_risk(rows))
    missing, waiting = sum(row.missing for row in rows), sum(row.submitted for row in rows)
    wait = f", {waiting:,.1f} wait for approval" if waiting else ""
    out.print(f"{missing:,.1f} hours are missing{wait}{f'; they may be worth {sums}' if sums else ''}.", soft_wrap=True)
    if not firm.missing_time.remind:
        out.print("Nobody is written to: \\[missing_time] remind is false.", soft_wrap=True)


def told(row: MissingTime) -> str:
    """Who was told, and when."""
    parts = [f"reminded {row.reminded_at:%d %b %H:%M}"] if row.reminded_at else []
    if row.escalated_at:
        parts.append(f"{', '.join(row.leads) or 'leads'} {row.escalated_at:%d %b %H:%M}")
    return "; ".join(parts) or "-"
