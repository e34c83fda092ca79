"""`tieline …` as a person types it, in this process: exit code, standard output and standard error."""

import json
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import plain_logs
from tieline.app.example import Example, write_example
from tieline.cli import main
from tieline.store.database import Database


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    def sentence(self) -> str:
        """The one line an error is told in."""
        assert self.code == 1, (self.code, self.out, self.err)
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert "Traceback" not in line
        return line


Command = Callable[..., Ran]


@pytest.fixture
def tieline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Command]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("TIELINE_SITE", raising=False)

    # A server of an earlier test may leave a request behind, which complains when its memory is taken back.
    for name in ("asyncio", "uvicorn.error"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)

    def run(*arguments: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["tieline", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    yield run
    plain_logs()  # commands log to the standard error of their moment


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("example") / "site"
    write_example(path, Example())
    return path


@pytest.fixture
def site(example: Path, tmp_path: Path) -> Path:
    """The example site, whose systems are not running."""
    return Path(shutil.copytree(example, tmp_path / "site [red] 🚀"))


@pytest.fixture
def stored(database: str, site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same site on a database of the test."""
    monkeypatch.setenv("TIELINE_DATABASE_URL", database)
    return site


@pytest.fixture
def books(stored: Path, database: str) -> Any:
    """The database behind it."""
    opened = Database(database, size=2)
    yield opened
    opened.close()
