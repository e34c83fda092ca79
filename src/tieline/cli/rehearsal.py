"""Commands rehearse …: a month-end of a fictional firm, on stand-ins and a database of its own, with faults."""

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from tieline.cli.context import JsonOption, log_to_stderr, out, print_json
from tieline.cli.errors import UserError
from tieline.demo.people import NotDone
from tieline.demo.processes import NotStarted, Processes
from tieline.rehearsal.firm import draw
from tieline.rehearsal.fleet import Fleet
from tieline.rehearsal.month_end import Faults, MonthEnd, NotSetUp, Outcome
from tieline.rehearsal.report import About, as_json, page, sentence
from tieline.rehearsal.stage import Stage, prepare

MOST = 10_000
"""Consultants; the stand-ins hold all of it in memory."""
SPARSE = 200
"""Consultants for one more second between two looks at the PSA, which is asked for all changes each time."""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    rehearse = typer.Typer(no_args_is_help=True, help="Rehearse on stand-ins what Tieline must survive.")
    rehearse.callback()(_rehearse)
    rehearse.command("month-end")(month_end)
    app.add_typer(rehearse, name="rehearse")


def _rehearse() -> None:
    """Rehearse on stand-ins what Tieline must survive."""


def month_end(
    report: Annotated[Path, typer.Option(help="Where the report (one HTML file) is written.")],
    consultants: Annotated[int, typer.Option(help="How many book time.", min=10, max=MOST)] = 2000,
    faults: Annotated[Faults, typer.Option(help="The standard disturbances, or none.")] = "standard",
    seed: Annotated[int, typer.Option(help="The same seed gives the same firm, time and disturbances.", min=0)] = 0,
    workers: Annotated[int, typer.Option(help="Worker processes besides the server.", min=1, max=4)] = 2,
    limit: Annotated[float, typer.Option(help="Minutes one part may take before the rehearsal fails.", min=0.1)] = 30,
    folder: Annotated[Path | None, typer.Option(help="Keep site, logs and database in this new folder.")] = None,
    json: JsonOption = False,
) -> None:
    """Play a month-end with faults on stand-ins, and judge it by their ledgers. Exit code 0: passed.

    Never touches the systems of a site: stand-ins, database and processes are its own.
    """
    if not report.absolute().parent.is_dir():
        raise UserError(f"There is no folder {report.absolute().parent} for the report; choose another --report.")
    log_to_stderr("ERROR")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    command = (
        f"tieline rehearse month-end --consultants {consultants} --faults {faults} --seed {seed} --report out.html"
    )
    if not json:
        out.print(
            f"A month-end of [bold]{consultants:,}[/] fictional consultants, on stand-ins, a database and processes of"
            " its own. [bold]No system of yours is touched.[/]  (Ctrl-C stops everything)"
        )
    with _place(folder) as place, _progress(json) as progress:
        outcome, fleet = _play(place, consultants, faults, seed, workers, limit * 60, progress)
    about = About(command, seed, faults, workers, fleet.peaks, datetime.now(UTC))
    report.write_text(page(outcome, about), "utf-8")
    passed = outcome.verdict.passed and outcome.settled
    if json:
        print_json({**as_json(outcome, about), "report": str(report)})
    else:
        out.print(f"\n[bold {'green' if passed else 'red'}]{sentence(outcome, about)}[/]")
        out.print(f"Report: [bold]{report}[/]")
    raise typer.Exit(0 if passed else 1)


def _play(
    place: Path, consultants: int, faults: Faults, seed: int, workers: int, limit: float, progress: Callable[..., None]
) -> tuple[Outcome, Fleet]:
    firm = draw(consultants, seed, datetime.now(UTC).date())
    processes = Processes(place / "logs")
    stage: Stage | None = None
    try:
        progress("PostgreSQL and the stand-ins start", 0, 1)
        stage = prepare(place, firm, processes, seed, 1 + consultants / SPARSE)
        fleet = Fleet(stage, workers)
        progress("Tieline starts", 0, 1)
        fleet.start()
        outcome = MonthEnd(stage, firm, fleet, faults, seed, limit, progress).play()
        if bugs := stage.standins.bugs():
            raise UserError(f"A stand-in failed inside, so the rehearsal proves nothing: {bugs[0]}")
        return outcome, fleet
    except KeyboardInterrupt:
        raise UserError("Stopped; nothing is left running, and there is no report.") from None
    except (NotStarted, NotDone, NotSetUp) as error:
        raise UserError(f"The rehearsal did not come to its end: {error}") from error
    finally:
        if stage is not None:
            stage.close()
        else:
            processes.stop()


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """A folder that goes with the rehearsal, or one to look into afterwards."""
    if folder is not None:
        if folder.exists():
            raise FileExistsError(folder)
        folder.mkdir(parents=True)
        yield folder.absolute()
        return
    place = Path(tempfile.mkdtemp(prefix="tieline-rehearsal-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _progress(json: bool) -> Iterator[Callable[[str, int, int], None]]:
    """What happens now, and how much of what is approved has arrived; on stderr, so that JSON stays clean."""
    columns = (TextColumn("{task.description:<72}"), BarColumn(bar_width=24), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=json, transient=True) as bar:
        task = bar.add_task("")

        def tell(what: str, done: int, of: int) -> None:
            bar.update(task, description=what[:72], completed=max(done, 0), total=max(of, 1))

        yield tell
