"""The processes of the demo: stand-ins, a real Tryton, the server; started together, stopped together."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
BUILD_SECONDS = 900.0


class NotStarted(Exception):
    """A process of the demo did not start; the message carries the end of its log."""


class Processes:
    """Children in process groups of their own, so that Ctrl-C reaches us first and they end in order."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self, name: str, command: list[str], env: Mapping[str, str] | None = None, seconds: float = START_SECONDS
    ) -> Any:
        """Start a program and wait for its `{"ready": …}` line; returns what is ready. Raises NotStarted."""
        (self._logs / f"{name}.log").unlink(missing_ok=True)
        process = self._open(name, command, env, stdout=subprocess.PIPE)
        line = _first_line(process, time.monotonic() + seconds)
        try:
            return json.loads(line)["ready"]
        except (ValueError, KeyError, TypeError) as error:
            raise NotStarted(f"{name} did not start: {self.tail(name) or 'it said nothing'}") from error

    def launch(self, name: str, command: list[str], env: Mapping[str, str] | None = None) -> None:
        """Start a program that says nothing."""
        self._open(name, command, env, stdout=subprocess.DEVNULL)

    def lines(self, name: str, command: list[str]) -> Iterator[bytes]:
        """Run a program to its end; each line as it is printed."""
        (self._logs / f"{name}.log").unlink(missing_ok=True)
        process = self._open(name, command, None, stdout=subprocess.PIPE)
        assert process.stdout is not None
        yield from process.stdout

    def kill(self, name: str) -> None:
        """`kill -9`: it gets no chance to put anything right."""
        for found in [one for one in self._running if one[0] == name]:
            os.killpg(found[1].pid, signal.SIGKILL)
            found[1].wait()
            if found[1].stdout is not None:
                found[1].stdout.close()
            self._running.remove(found)

    def ids(self) -> dict[str, int]:
        """Process id by name."""
        return {name: process.pid for name, process in self._running}

    def alive(self, name: str) -> bool:
        """Whether a child still runs."""
        return any(child == name and process.poll() is None for child, process in self._running)

    def stop(self) -> None:
        """Stop all, the last started first."""
        for _, process in reversed(self._running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 15
        for _, process in reversed(self._running):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self._running.clear()

    def _open(
        self, name: str, command: list[str], env: Mapping[str, str] | None, *, stdout: int
    ) -> subprocess.Popen[bytes]:
        with (self._logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdout=stdout,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        self._running.append((name, process))
        return process

    def tail(self, name: str) -> str:
        """The end of its log."""
        text = (self._logs / f"{name}.log").read_text("utf-8", "replace").strip()
        return " ".join(text.splitlines()[-3:])[-400:]


def _first_line(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    assert process.stdout is not None
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return line
            chunk = os.read(process.stdout.fileno(), 65_536)
            if not chunk:
                return line
            line += chunk
    return line.splitlines()[0]


def tieline_command(*arguments: str) -> list[str]:
    """This very Tieline, as a child."""
    return [sys.executable, "-c", "from tieline.cli import main; main()", *arguments]


def standins_command(*arguments: str) -> list[str]:
    """The stand-ins, as a child (they share no code with Tieline; they are met over HTTP only)."""
    return [sys.executable, "-c", "from tieline_standins.cli import app; app()", *arguments]
