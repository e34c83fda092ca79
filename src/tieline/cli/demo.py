"""Command demo: one engagement, or a firm's year, on stand-ins and an embedded database of its own."""

import json as jsonlib
import signal
import threading
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from tieline.cli.context import log_to_stderr, out, plain
from tieline.cli.demo_firm import show_firm
from tieline.cli.errors import UserError
from tieline.cli.serving import HIGHEST, PORT
from tieline.demo.firm import Broken
from tieline.demo.people import NotDone
from tieline.demo.processes import NotStarted, Processes
from tieline.demo.report import newest_engagement, result
from tieline.demo.screen import Screen
from tieline.demo.setting import Setting, prepare, start_server
from tieline.demo.story import Check, Missing, Story
from tieline.sdk import jsontext
from tieline.store.database import Database
from tieline.store.embedded import EmbeddedPostgres

Erp = Literal["netsuite", "tryton"]
Scale = Literal["engagement", "firm"]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("demo")(demo)


def demo(
    erp: Annotated[Erp, typer.Option(help="The ERP: NetSuite's stand-in, or a real Tryton.")] = "netsuite",
    exit_: Annotated[
        bool, typer.Option("--exit", help="End by itself; exit code 0 only if all was read back.")
    ] = False,
    scale: Annotated[
        Scale, typer.Option(help="One engagement, or a simulated year of a firm (NetSuite).")
    ] = "engagement",
    consultants: Annotated[int, typer.Option(help="Of the simulated firm.", min=4, max=2000)] = 200,
    weeks: Annotated[int, typer.Option(help="Simulated weeks of the firm.", min=4, max=104)] = 52,
    json: Annotated[Path | None, typer.Option("--json", help="Write the result to this file.")] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its site and database.")] = Path(".tieline/demo"),
    port: Annotated[int, typer.Option(help="The console's port, or the next free one.", min=0, max=HIGHEST)] = PORT,
) -> None:
    """Show one engagement from opportunity to cash, or a whole firm; the console stays until Ctrl-C."""
    log_to_stderr("ERROR")
    if scale == "firm" and erp != "netsuite":
        raise UserError("A simulated firm needs the NetSuite stand-in: leave out --erp")
    place = (folder / ("firm" if scale == "firm" else erp)).absolute()
    place.mkdir(parents=True, exist_ok=True)
    processes = Processes(place / "logs")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    well = False
    try:
        out.print("[dim]Starting PostgreSQL, the stand-ins, the server and a worker …[/]")
        if scale == "firm":
            console, well = show_firm(place, processes, consultants, weeks, port, json)
        else:
            console, well = _show_engagement(place, erp, processes, port, json)
        if not exit_:
            out.print(f"\nLook around in the console: [bold]{console}[/]   (Ctrl-C stops everything)")
            threading.Event().wait()
    except KeyboardInterrupt:
        out.print("\n[dim]Stopping …[/]")
    except (NotStarted, NotDone, Broken) as error:
        raise UserError(str(error)) from error
    finally:
        processes.stop()
        EmbeddedPostgres(place / "state").stop()
    raise typer.Exit(0 if well else 1)


def _show_engagement(place: Path, erp: Erp, processes: Processes, port: int, json: Path | None) -> tuple[str, bool]:
    """The story of one deal; the console's address, and whether all was read back."""
    setting = prepare(place, erp, processes)
    start_server(setting, port)
    out.print(f"Console: [bold]{setting.console}[/]\n")
    checks = _play(setting, json)
    return setting.console, bool(checks) and all(check.ok for check in checks)


def _play(setting: Setting, json: Path | None) -> list[Check]:
    database = Database(setting.conninfo, size=4)
    screen = Screen(Console(highlight=False), database)
    story = Story(
        sales=setting.sales,
        delivery=setting.delivery,
        finance=setting.finance,
        legal_entity=setting.legal_entity,
        currency=setting.currency,
        say=screen.say,
        stalled=screen.stalled,
    )
    try:
        story.play()
    except Missing as missing:
        story.checks.append(Check("The thread runs to its end", False, "paid", str(missing)))
    finally:
        screen.close()
        screen.checks(story.checks)
        with database.connection() as db:
            found = result(db, newest_engagement(db), story.checks)
        database.close()
        if json is not None:
            text = jsontext.dumps(plain(found)).decode()
            json.write_text(jsonlib.dumps(jsonlib.loads(text), indent=2) + "\n", "utf-8")
    return story.checks
