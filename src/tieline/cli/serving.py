"""Commands that stay: serve (API, console and worker in one process) and worker."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tieline import __version__
from tieline.app.assembly import Tieline
from tieline.app.worker import start, work
from tieline.cli.context import JsonOption, SiteOption, log_to_stderr, out, print_json, tieline_of
from tieline.cli.errors import UserError
from tieline.engine.tracing import TracingUnavailable, tracing
from tieline.sdk.crashpoint import VARIABLE

PORT = 8400
TRIES = 50
HIGHEST = 65_535


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("serve")(serve)
    app.command("worker")(worker)


def serve(
    site: SiteOption = Path(),
    port: Annotated[
        int, typer.Option(help="The next free one is taken when it is in use; 0 takes any.", min=0, max=HIGHEST)
    ] = PORT,
    threads: Annotated[int, typer.Option(help="Flows that run side by side.", min=1, max=64)] = 8,
    json: JsonOption = False,
) -> None:
    """Run the API, the console and a worker until Ctrl-C. Listens on this machine only."""
    _refuse_faults()
    log_to_stderr()
    with _traced(), tieline_of(site, threads=threads) as tieline, listening(port) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        if json:
            print_json({"ready": url})
        else:
            out.print(f"Tieline serves [bold]{escape(tieline.site.firm.name)}[/] at [bold]{url}[/]  (Ctrl-C stops)")
        _serve(tieline, listener, threads)


def worker(
    site: SiteOption = Path(),
    threads: Annotated[int, typer.Option(help="Flows that run side by side.", min=1, max=64)] = 8,
) -> None:
    """Run one more worker until Ctrl-C; any number of them share one database."""
    _refuse_faults()
    log_to_stderr()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with _traced(), tieline_of(site, threads=threads) as tieline:
        out.print(f"A worker of [bold]{escape(tieline.site.firm.name)}[/] runs  (Ctrl-C stops)")
        work(tieline, stopped, threads=threads)


def _refuse_faults() -> None:
    if VARIABLE in os.environ:
        raise UserError(f"{VARIABLE} is set, which makes processes of a test fail; unset it to run Tieline")


@contextmanager
def _traced() -> Iterator[None]:
    try:
        with tracing(__version__):
            yield
    except TracingUnavailable as error:
        raise UserError(str(error)) from error


def _serve(tieline: Tieline, listener: socket.socket, threads: int) -> None:
    # The web part is half of what there is to import, and every other command starts without it.
    import uvicorn

    from tieline.cli.web import web_app

    stopped = threading.Event()
    working = start(tieline, stopped, threads=threads)
    config = uvicorn.Config(
        web_app(tieline),
        log_level=os.environ.get("TIELINE_LOG", "warning").lower(),
        log_config=None,
        timeout_graceful_shutdown=5,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        stopped.set()
        working.join(timeout=35)


def listening(port: int) -> socket.socket:
    """A listening socket on this port or the next free one. Raises UserError when none is free."""
    last = min(port + TRIES - 1, HIGHEST)
    for candidate in range(port, last + 1) if port else (0,):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
        except OSError:
            listener.close()
            continue
        listener.listen(128)
        return listener
    raise UserError(f"No port from {port} to {last} is free; choose one with --port")
