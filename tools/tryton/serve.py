"""Runs a real Tryton server on a fresh copy of a prepared database until it is told to stop (standard library only).

Prints one line when it answers: {"ready": {"url", "database", "account", "user", "password", "finance_user", …}}.
It stops on SIGTERM, on SIGINT and when the process that started it is gone.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from build import CACHE, PASSWORD, BuildFailed, Company, clean_environment, database, environment, told, write_config

START_SECONDS = 60
STARTS = 3
STOP_SECONDS = 5


def main() -> int:
    """Builds what is missing, serves, stops."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entity", default="DE", help="legal entity of the firm: DE, US, UK")
    parser.add_argument("--company", help="another company name than the entity's")
    parser.add_argument("--currency", help="another currency than the entity's")
    parser.add_argument("--tax", help="another tax rate than the entity's, in percent")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--cache", type=Path, default=CACHE)
    chosen = parser.parse_args()
    stopping = threading.Event()
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        entity = Company.of_entity(chosen.entity)
        company = Company(chosen.company or entity.name, chosen.currency or entity.currency, chosen.tax or entity.tax)
        python = environment(chosen.cache)
        prepared = database(python, company, chosen.cache)
        with tempfile.TemporaryDirectory(prefix="tryton-") as directory:
            _serve(python, prepared, company, Path(directory), chosen.port, stopping, parent)
    except BuildFailed as failed:
        return told(failed)
    return 0


def _serve(
    python: Path, prepared: Path, company: Company, home: Path, port: int, stopping: threading.Event, parent: int
) -> None:
    name = f"tryton_{uuid.uuid4().hex[:8]}"  # not guessable by chance: proves that it is our server that answers
    shutil.copyfile(prepared, home / f"{name}.sqlite")
    server, url = _start(python, home, name, port, stopping)
    try:
        if not stopping.is_set():
            ready = {"url": url, "database": name, "user": "integration", "password": PASSWORD}
            ready |= {"finance_user": "finance", "account": f"{name}/{company.name}", "currency": company.currency}
            print(json.dumps({"ready": ready}), flush=True)
        while server.poll() is None and os.getppid() == parent and not stopping.wait(0.5):
            pass
        if server.poll() is not None:
            raise BuildFailed(f"The Tryton server ended by itself with code {server.returncode}:\n{_log_tail(home)}")
    finally:
        _stop(server)


def _start(
    python: Path, home: Path, name: str, port: int, stopping: threading.Event
) -> tuple[subprocess.Popen[bytes], str]:
    """The running server and its address. Another process may take the free port first, so it tries again."""
    for _ in range(1 if port else STARTS):
        listen = f"127.0.0.1:{port or _free_port()}"
        config = write_config(home, listen)
        command = [str(python), str(python.with_name("trytond")), "-c", str(config), "-d", name]
        with (home / "log").open("ab") as log:
            server = subprocess.Popen(
                command,
                env=clean_environment(TRYTOND_CONFIG=str(config)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        url = f"http://{listen}"
        deadline = time.monotonic() + START_SECONDS
        while server.poll() is None and time.monotonic() < deadline:
            if stopping.wait(0.1) or _answers(url, name):
                return server, url
        _stop(server)
    raise BuildFailed(f"The Tryton server did not start:\n{_log_tail(home)}")


def _answers(url: str, name: str) -> bool:
    """Whether the server at this address is a Tryton that serves our database."""
    version, databases = _call(f"{url}/rpc/", "common.server.version"), _call(f"{url}/rpc/", "common.db.list")
    return str(version).startswith("8.2") and isinstance(databases, list) and name in databases


def _call(url: str, method: str) -> object:
    body = json.dumps({"id": 1, "method": method, "params": []}).encode()
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - loopback http only
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return json.loads(answer.read()).get("result")
    except (urllib.error.URLError, OSError, ValueError):
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _log_tail(home: Path) -> str:
    return "\n".join((home / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


if __name__ == "__main__":
    sys.exit(main())
