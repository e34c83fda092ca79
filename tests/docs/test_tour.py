"""The README's tour, block by block as a stranger would paste it; only the ports are others."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
PORTS = ("9101", "9102", "9103")


class Terminal:
    """Runs blocks in a folder where `.venv/bin` is what it is in a checkout."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        (folder / ".venv").mkdir()
        (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        self.ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        self._environment = os.environ | {"TIELINE_DATABASE_URL": database, "NO_COLOR": "1"}

    def other_ports(self, text: str) -> str:
        for usual, port in self.ports.items():
            text = text.replace(usual, port)
        return text

    def paste(self, block: str) -> str:
        """Run a block to its end; what it printed."""
        done = subprocess.run(
            ["bash", "-e", "-c", self.other_ports(block)],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def left_running(self, block: str) -> Iterator[str]:
        """Run a block that does not end; its first line."""
        command = ["bash", "-c", "exec " + self.other_ports(block)]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on PATH; the README's tour needs it")
def test_the_tour_of_the_readme_works_as_it_is_written(tmp_path: Path, database: str) -> None:
    text = (ROOT / "README.md").read_text("utf-8").partition("## Five minutes")[2].partition("\n## ")[0]
    systems, site, administrators, serve, deal, _rehearsal = BLOCK.findall(text)
    terminal = Terminal(tmp_path, database)
    with ExitStack() as open_terminals:
        assert "ready" in open_terminals.enter_context(terminal.left_running(systems))
        assert "The site is in order." in terminal.paste(site)
        settings = tmp_path / "mysite" / "site.toml"
        settings.write_text(terminal.other_ports(settings.read_text("utf-8")), "utf-8")
        checked = terminal.paste(administrators)
        assert "The site is in order." in checked
        for connection in ("salesforce", "kantata", "netsuite"):
            assert f"{connection}, calls a day: about" in checked
        open_terminals.enter_context(terminal.left_running(serve))
        terminal.paste(deal)
        (waiting,) = _exceptions(terminal)
        assert waiting["owner"] == "sales"
        assert "legal entity" in json.dumps(waiting).lower()


def _exceptions(terminal: Terminal) -> list[dict[str, object]]:
    deadline = time.monotonic() + 60
    while True:
        found: list[dict[str, object]] = json.loads(
            terminal.paste(".venv/bin/tieline exceptions --json --site mysite\n")
        )
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def _free_ports(count: int) -> list[str]:
    """Ports nobody listens on; all are held until the last is found."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [str(each.getsockname()[1]) for each in sockets]
