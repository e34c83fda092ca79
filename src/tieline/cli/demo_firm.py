"""What the demo of a firm shows in the terminal: the simulated months as they pass, and what came of them."""

import json as jsonlib
from pathlib import Path
from typing import Any

from rich.status import Status
from rich.table import Table

from tieline.cli.context import out
from tieline.demo.firm import drain, play, prepare_firm, start_tieline, summary
from tieline.demo.processes import Processes
from tieline.store.database import Database


def show_firm(
    place: Path, processes: Processes, consultants: int, weeks: int, port: int, json: Path | None
) -> tuple[str, bool]:
    """Play the firm's weeks, let Tieline drain; the console's address, and whether Tieline came to rest."""
    setting = prepare_firm(place, processes, consultants, weeks)
    start_tieline(setting, port)
    out.print(f"Console: [bold]{setting.console}[/]\n")
    out.print(f"[bold]{consultants} people work for {weeks} weeks[/]; each line is where a simulated month ended")
    database = Database(setting.conninfo, size=2)
    try:
        with out.status("The year begins") as status:
            done = play(setting, Months(status))
            rests = drain(setting, database, lambda waiting: status.update(f"Tieline has {waiting:,} things to do"))
        found = dict(summary(database))
    finally:
        database.close()
    _print(found, setting.seconds)
    if json is not None:
        result = {"simulation": done, "tieline": found, "seconds": setting.seconds, "at_rest": rests}
        json.write_text(jsonlib.dumps(result, indent=2) + "\n", "utf-8")
    return setting.console, rests


class Months:
    """Shows where the simulation is, and keeps a line for each month."""

    def __init__(self, status: Status) -> None:
        self._status = status
        self._last: dict[str, Any] | None = None

    def __call__(self, told: dict[str, Any]) -> None:
        told = told.get("done") or told
        if self._last is not None and (told["day"][:7] != self._last["day"][:7] or "seconds" in told):
            out.print(_line(self._last))
        waits = f"   waiting for {told['waiting_for']}" if told["waiting_for"] else ""
        self._status.update(f"{told['day']}   {told['entries']:,} entries{waits}")
        self._last = told


def _line(told: dict[str, Any]) -> str:
    return (
        f"{told['day'][:7]}   {told['deals']:>4} deals   {told['won']:>4} won   {told['projects']:>4} projects"
        f"   {told['entries']:>7,} time entries   {told['invoices']:>5,} invoices   {told['paid']:>5,} paid"
    )


def _print(found: dict[str, str], seconds: dict[str, float]) -> None:
    table = Table("what Tieline made of it", "", title_justify="left", box=None, padding=(0, 2))
    table.columns[1].justify = "right"
    for label, text in found.items():
        table.add_row(label, text)
    for label, took in seconds.items():
        table.add_row(f"[dim]seconds: {label}[/]", f"[dim]{took:,.0f}[/]")
    out.print()
    out.print(table)
