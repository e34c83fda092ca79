"""Commands to operate: pause, resume, db."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from tieline.app.assembly import FLOWS
from tieline.app.site import load_site
from tieline.cli.context import AsOption, JsonOption, SiteOption, database_of, out, print_json
from tieline.cli.errors import UserError
from tieline.engine.controls import pause as pause_scope
from tieline.engine.controls import resume as resume_scope
from tieline.store.embedded import EmbeddedPostgres

Scope = Literal["connection", "flow", "entity", "guard"]
NameArgument = Annotated[str, typer.Argument(help="A connection, a flow or a legal entity.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("pause")(pause)
    app.command("resume")(resume)
    db = typer.Typer(no_args_is_help=True, help="The embedded database of a site.")
    db.command("status")(status)
    db.command("stop")(stop)
    app.add_typer(db, name="db")


def pause(
    name: NameArgument,
    reason: Annotated[str, typer.Option(help="Why; shown to everybody who waits.")] = "paused by a person",
    site: SiteOption = Path(),
    by: AsOption = "operator",
    json: JsonOption = False,
) -> None:
    """Stop sending to a connection, of a flow or for a legal entity; intake goes on."""
    scope = scope_of(site, name)
    if scope == "guard":
        raise UserError(f"Only the change guard stops {name} alone; pause the connection or the flow.")
    with database_of(site) as database:
        pause_scope(database, scope, name, reason, by)
    _say(json, {"paused": name, "scope": scope}, f"{scope} {name} is paused; resume it with: tieline resume {name}")


def resume(name: NameArgument, site: SiteOption = Path(), by: AsOption = "operator", json: JsonOption = False) -> None:
    """Let it send again, and wake what waited."""
    scope = scope_of(site, name)
    with database_of(site) as database:
        if not resume_scope(database, scope, name, by):
            raise UserError(f"{scope} {name} was not paused.")
    _say(json, {"resumed": name, "scope": scope}, f"{scope} {name} goes on; what waited looks again now.")


def scope_of(folder: Path, name: str) -> Scope:
    """What a name means in the site. Raises UserError when it means nothing."""
    site = load_site(folder)
    connection, _, flow = name.partition("/")
    if flow in FLOWS and any(settings.name == connection for settings in site.connections):
        return "guard"
    if any(settings.name == name for settings in site.connections):
        return "connection"
    if name in FLOWS:
        return "flow"
    if site.firm.legal_entity(name) is not None:
        return "entity"
    raise UserError(f"'{name}' is neither a connection nor a flow nor a legal entity of this site.")


def status(site: SiteOption = Path(), json: JsonOption = False) -> None:
    """Whether the site's database runs, and where."""
    if os.environ.get("TIELINE_DATABASE_URL"):
        _say(json, {"embedded": False}, "The database is the one TIELINE_DATABASE_URL names; Tieline does not run it.")
        return
    found = EmbeddedPostgres(load_site(site).state).status()
    text = f"runs as process {found.process}" if found.running else "is stopped; it starts by itself when it is needed"
    _say(json, found, f"The embedded PostgreSQL {found.major or ''} {text}. Data: {found.data}")


def stop(site: SiteOption = Path(), json: JsonOption = False) -> None:
    """Stop the embedded database of the site."""
    stopped = EmbeddedPostgres(load_site(site).state).stop()
    _say(json, {"stopped": stopped}, "Stopped." if stopped else "It was not running.")


def _say(json: bool, value: object, text: str) -> None:
    if json:
        print_json(value)
    else:
        out.print(escape(text), soft_wrap=True)
