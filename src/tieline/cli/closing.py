"""The commands that close an engagement, and that name the deal that follows it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline.app.closing import CannotClose, CloseView, close_engagement, read_close, reopen_engagement
from tieline.app.succession import CannotSucceed, read_lineage, succeed
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json
from tieline.cli.errors import UserError
from tieline.cli.thread import find_engagement
from tieline.store.database import Database


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("close")(close)
    app.command("succeed")(succeed_command)


def close(
    engagement: Annotated[str, typer.Argument(help="Its id or the beginning of its name.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only show what stands in the way.")] = False,
    reopen: Annotated[bool, typer.Option("--reopen", help="Take it up again, or call the close off.")] = False,
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Close an engagement: last invoice, time entry and project closed, outcome to sales. It waits for what is open."""
    with database_of(site) as database:
        with database.connection() as db:
            found = find_engagement(db, engagement)
        try:
            if reopen:
                reopen_engagement(database, found, by=by, reason=reason)
            elif not preview:
                close_engagement(database, found, by=by, reason=reason)
        except CannotClose as error:
            raise UserError(str(error)) from error
        view = _read(database, found)
    if json:
        print_json(view)
        return
    out.print(escape(_told(view, asked=not preview and not reopen)), soft_wrap=True)
    for obstacle in view.obstacles:
        out.print(f"  [yellow]open[/] {escape(obstacle)}", soft_wrap=True)
    if view.retainer:
        out.print(f"  retainer: {escape(view.retainer)}", soft_wrap=True)
    if view.outstanding:
        out.print(f"  unpaid: {', '.join(map(str, view.outstanding))}; collected as before", soft_wrap=True)


def succeed_command(
    engagement: Annotated[str, typer.Argument(help="The one that ends: its id or the beginning of its name.")],
    deal: Annotated[str, typer.Option(help="The deal that follows it: its id in the CRM, or ours.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail.")] = "",
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Let a deal follow an engagement: another currency, legal entity or customer. The old one closes, the rest goes
    over.
    """
    with database_of(site) as database:
        with database.connection() as db:
            found = find_engagement(db, engagement)
        try:
            succeed(database, found, deal, by=by, reason=reason)
        except CannotSucceed as error:
            raise UserError(str(error)) from error
        with database.connection() as db:
            successor = read_lineage(db, found).successor
    assert successor is not None
    if json:
        print_json(successor)
        return
    ready = successor.contract_id is not None
    words = f"'{successor.name}' follows it; it is being closed" if ready else "It closes when that deal is a contract"
    out.print(escape(f"{words}; what it has left then goes over: tieline contract {found}"), soft_wrap=True)


def _read(database: Database, engagement_id: str) -> CloseView:
    with database.connection() as db:
        view = read_close(db, engagement_id, datetime.now(UTC).date())
    if view is None:
        raise UserError("The engagement has no contract yet; there is nothing to close.")
    return view


def _told(view: CloseView, *, asked: bool) -> str:
    projects = ", ".join(view.projects)
    if view.state == "closed":
        return f"It is closed, with {projects}."
    if view.state == "asked":
        words = "The close goes on by itself when this is cleared:" if view.obstacles else "The workers close it now."
        return f"{'Asked for' if asked else 'The close was asked for'} by {view.asked_by}. {words}"
    if view.obstacles:
        return "It is open. A close would wait for this:"
    return f"It is open. Nothing stands in the way of closing {projects}."
