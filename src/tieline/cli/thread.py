"""Commands about the thread: engagements, timeline, exceptions, retry, approvals."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.views.engagements import list_engagements
from tieline.app.views.exceptions import ExceptionRow, list_exceptions
from tieline.app.views.timeline import read_timeline, read_waiting
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json, table_of
from tieline.cli.errors import UserError
from tieline.engine.approvals import decide_approval
from tieline.exception_queue import actions
from tieline.store.database import Connection

LARGEST_NUMBER = 2**63 - 1
ApprovalArgument = Annotated[
    int, typer.Argument(help="Number of the approval (tieline exceptions shows it).", min=1, max=LARGEST_NUMBER)
]
HEALTH = {"ok": "[green]fine[/]", "waiting": "[yellow]waiting[/]", "trouble": "[red]needs a person[/]"}


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("engagements")(engagements)
    app.command("timeline")(timeline)
    app.command("exceptions")(exceptions)
    app.command("retry")(retry)
    app.command("approve")(approve)
    app.command("decline")(decline)


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


def exceptions(site: SiteOption = Path(), json: JsonOption = False) -> None:
    """What waits for a person: what is wrong, how much waits for it, who mends it."""
    with database_of(site) as database, database.connection() as db:
        rows = list_exceptions(db)
    if json:
        print_json(rows)
        return
    table = table_of("no.", "what is wrong", "waiting", "money", "owner", "since (UTC)")
    for row in rows:
        table.add_row(
            str(row.id), _described(row), str(row.waiting), _money(row), row.owner, f"{row.opened_at:%d %b %H:%M}"
        )
    out.print(table if rows else "[green]Nothing waits for a person.[/]")


def retry(
    exception: Annotated[int, typer.Argument(help="Number of the exception.", min=1, max=LARGEST_NUMBER)],
    link: Annotated[str | None, typer.Option(help="This record over there is ours: link it.")] = None,
    create_new: Annotated[bool, typer.Option("--create-new", help="None over there is ours: create it.")] = False,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Try again what waits for an exception, after its cause was mended."""
    with database_of(site) as database:
        if link is not None:
            woken = actions.link(database, exception, link, by)
        elif create_new:
            woken = actions.create_new(database, exception, by)
        else:
            woken = actions.retry(database, exception, by)
    if json:
        print_json({"exception": exception, "woken": woken})
    else:
        out.print(f"{woken} {'waiting item is' if woken == 1 else 'waiting items are'} tried again now.")


def approve(
    approval: ApprovalArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Approve exactly what was shown."""
    _decide(site, approval, True, by, reason, json)


def decline(
    approval: ApprovalArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Decline what was asked."""
    _decide(site, approval, False, by, reason, json)


def _decide(site: Path, approval: int, yes: bool, by: str, reason: str, json: bool) -> None:
    with database_of(site) as database:
        if not decide_approval(database, approval, approve=yes, by=by, reason=reason):
            raise UserError(
                f"Approval {approval} does not wait any more: it was decided, or what it showed has changed."
            )
    if json:
        print_json({"approval": approval, "state": "approved" if yes else "declined"})
    else:
        out.print("Recorded; the process goes on." if yes else "Recorded; nothing is done.")


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


def _described(row: ExceptionRow) -> str:
    lines = [escape(row.message)]
    if row.suggestion:
        lines.append(f"[dim]{escape(row.suggestion)}[/]")
    if row.approval_id is not None:
        lines.append(f"[dim]tieline approve {row.approval_id}   or   tieline decline {row.approval_id}[/]")
    return "\n".join(lines)


def _money(row: ExceptionRow) -> str:
    return "\n".join(f"{currency} {amount:,.2f}" for currency, amount in row.money)
