"""Commands about the thread: engagements and their timelines."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.views.engagements import list_engagements
from tieline.app.views.timeline import read_timeline, read_waiting
from tieline.cli.context import JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.store.database import Connection

HEALTH = {"ok": "[green]fine[/]", "waiting": "[yellow]waiting[/]", "trouble": "[red]needs a person[/]"}


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("engagements")(engagements)
    app.command("timeline")(timeline)


def engagements(site: SiteOption = Path(), json: JsonOption = False) -> None:
    """All engagements: where each stands, why, and who must act."""
    with database_of(site) as database, database.connection() as db:
        rows = list_engagements(db)
    if json:
        print_json(rows)
        return
    table = table_of("engagement", "customer", "value", "stage", "health", "where it stands", "invoiced", "paid")
    for row in rows:
        value = f"{row.currency} {row.value:,.2f}" if row.value is not None else ""
        table.add_row(
            f"{escape(row.name)}\n[dim]{row.id}[/]",
            escape(row.customer),
            value,
            row.stage,
            HEALTH[row.health],
            escape(row.stands) + (f"\n[dim]{row.acts} acts[/]" if row.acts else ""),
            f"{row.invoiced:,.2f}",
            f"{row.paid:,.2f}",
        )
    out.print(table if rows else "No engagement yet: a won deal becomes one. Those that wait: tieline exceptions")


def timeline(
    engagement: Annotated[str, typer.Argument(help="Its id or the beginning of its name.")],
    site: SiteOption = Path(),
    json: JsonOption = False,
) -> None:
    """What was done in which system for one engagement, and what waits."""
    with database_of(site) as database, database.connection() as db:
        found = find_engagement(db, engagement)
        items, waiting = read_timeline(db, found), read_waiting(db, found)
    if json:
        print_json({"engagement": found, "timeline": items, "waiting": waiting})
        return
    table = table_of("at (UTC)", "step", "system", "outcome", "id there")
    for item in items:
        table.add_row(
            f"{item.at:%d %b %H:%M:%S}",
            escape(item.step),
            item.connection or "",
            escape(item.outcome),
            escape(item.vendor_id or ""),
        )
    out.print(table)
    for step in waiting:
        out.print(
            f"[yellow]waits[/] {escape(step.label)} ({step.connection or 'Tieline'}): {escape(step.detail or '')}"
        )


def find_engagement(db: Connection, text: str) -> str:
    """The id of the engagement a person means. Raises UserError when none or several fit."""
    rows = db.execute(
        "select id, name from engagement where id = %(text)s or starts_with(id, %(text)s)"
        " or starts_with(lower(name), lower(%(text)s)) order by (id = %(text)s) desc, opened_at desc limit 5",
        {"text": text},
    ).fetchall()
    if not rows:
        raise UserError(f"No engagement begins with '{text}'; list them with: tieline engagements")
    if len(rows) > 1 and text != rows[0]["id"]:
        names = ", ".join(f"{row['name']} ({row['id']})" for row in rows)
        raise UserError(f"'{text}' fits several engagements: {names}; give the whole id")
    return str(rows[0]["id"])
