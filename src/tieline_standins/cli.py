"""The command `tieline-standins`: runs local stand-ins of the vendors' systems, and sets them up."""

import asyncio
import gc
import json
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from tieline_standins.core.journal import JournalError
from tieline_standins.core.server import Build, StandIn, listen

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Local stand-ins of the systems Tieline connects.")


def _kantata() -> Build:
    from tieline_standins.kantata.vendor import build

    return build


def _netsuite() -> Build:
    from tieline_standins.netsuite import NetSuite

    return NetSuite


def _salesforce() -> Build:
    from tieline_standins.salesforce import build

    return build


# Each entry is a function that imports its vendor only when asked for: start-up stays fast.
VENDORS: dict[str, Callable[[], Build]] = {"kantata": _kantata, "netsuite": _netsuite, "salesforce": _salesforce}


@app.callback()
def _commands() -> None:
    """Local stand-ins of the systems Tieline connects."""


@app.command()
def run(
    stand_ins: Annotated[list[str], typer.Argument(metavar="VENDOR=PORT...", help="Port 0 takes a free one.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    state: Annotated[Path | None, typer.Option(help="Directory that keeps the records over a restart.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything that is generated.")] = 0,
) -> None:
    """Run stand-ins; prints one JSON line when all of them listen."""
    wanted = [_parse(argument) for argument in stand_ins]
    if len({name for name, _ in wanted}) < len(wanted):
        raise typer.BadParameter("name each vendor once")
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(wanted, host, state, seed))
    except (OSError, JournalError) as error:
        raise _failed(str(error)) from error


@app.command()
def customize(
    folder: Annotated[Path, typer.Argument(help="Holds VENDOR.json, the body of the control API's customize.")],
    stand_ins: Annotated[list[str], typer.Argument(metavar="VENDOR=PORT...", help="Running on this machine.")],
) -> None:
    """Do an administrator's work: set up running stand-ins as the files of a folder say."""
    for name, port in [_parse(argument) for argument in stand_ins]:
        file, url = folder / f"{name}.json", f"http://127.0.0.1:{port}/__standin__/customize"
        try:
            with urllib.request.urlopen(url, file.read_bytes(), timeout=30):
                typer.echo(f"{name} is set up")
        except urllib.error.HTTPError as error:
            raise _failed(f"{name} refuses {file}: {error.read(2000).decode(errors='replace')}") from error
        except urllib.error.URLError as error:
            raise _failed(f"no {name} answers at port {port}; start it with: tieline-standins run") from error
        except OSError as error:
            raise _failed(f"{error.filename}: {error.strerror}") from error


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="Gets people.csv, rates.csv and, at the end, truth.jsonl.")],
    stand_ins: Annotated[list[str], typer.Argument(metavar="VENDOR=PORT...", help="All three, freshly started.")],
    consultants: Annotated[int, typer.Option(help="People who book time.", min=4, max=2000)] = 200,
    weeks: Annotated[int, typer.Option(help="Simulated weeks.", min=4, max=104)] = 52,
    until: Annotated[str | None, typer.Option(help="Last simulated day, YYYY-MM-DD (yesterday).")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything that is drawn.")] = 0,
    recruit: Annotated[bool, typer.Option("--recruit", help="Only set up: people and files; run it first.")] = False,
) -> None:
    """A firm sells, works, bills and collects through the vendors' APIs; prints one JSON line for each day."""
    from tieline_standins.simulation.command import Refused, run_simulation

    ports = dict(_parse(argument) for argument in stand_ins)
    if ports.keys() != VENDORS.keys():
        raise typer.BadParameter(f"a firm needs all of {', '.join(sorted(VENDORS))}")
    try:
        run_simulation(folder, ports, consultants, weeks, until, seed, recruit=recruit)
    except Refused as error:
        raise _failed(str(error)) from error


def _failed(message: str) -> typer.Exit:
    typer.echo(f"tieline-standins: {message}", err=True)
    return typer.Exit(1)


def _parse(argument: str) -> tuple[str, int]:
    name, _, port = argument.partition("=")
    if name not in VENDORS:
        raise typer.BadParameter(f"{name!r} is no stand-in; there are {', '.join(sorted(VENDORS))}")
    if not port.isdecimal() or int(port) > 65535:
        raise typer.BadParameter(f"{argument!r} needs a port between 0 and 65535, as in {name}=9101")
    return name, int(port)


async def _serve(wanted: list[tuple[str, int]], host: str, state: Path | None, seed: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        ready = {}
        for name, port in wanted:
            ready[name] = await listen(StandIn(VENDORS[name](), state=state, seed=seed), host, port, stack)
        # Records stay for good: looking through them for garbage again and again takes a tenth of the time.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        typer.echo(json.dumps({"ready": ready}))
        await stop.wait()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # no wheel for this platform
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def main() -> None:
    """The console script."""
    app()
