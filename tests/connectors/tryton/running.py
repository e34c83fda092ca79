"""A real Tryton server for the tests, started from `tools/tryton/serve.py` in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tieline.connectors.tryton import connect
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.http import OpenGate

ROOT = Path(__file__).resolve().parents[3]
SERVE = ROOT / "tools" / "tryton" / "serve.py"
VALUES = Path(__file__).parent / "values"
NOT_INSTALLED = 3


@dataclass(frozen=True)
class Server:
    """A running server and its database."""

    url: str
    database: str
    account: str
    user: str
    password: str
    finance_user: str
    currency: str

    def settings(self, *, url: str | None = None, account: str | None = None, **options: Any) -> ConnectionSettings:
        """A connection to it, by default as the integration user."""
        secrets = {"password": options.pop("password", self.password)}
        return ConnectionSettings(
            name="tryton-de",
            connector="tryton",
            account=account or self.account,
            url=url or self.url,
            options={"database": self.database, "user": self.user, **options},
            secret=secrets.__getitem__,
            values=VALUES,
        )

    def connect(self, **options: Any) -> Connected:
        """A connection in use."""
        return connect(self.settings(**options), OpenGate())


@contextmanager
def tryton_server(entity: str) -> Iterator[Server]:
    """Serve a fresh copy of the entity's database; skips the test where Tryton cannot be installed."""
    process = subprocess.Popen([sys.executable, str(SERVE), "--entity", entity], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line and process.wait(60) == NOT_INSTALLED:
            pytest.skip("a package registry that has Tryton 8.2 (its environment is installed once)")
        assert line, f"the Tryton server did not start (exit code {process.poll()})"
        yield Server(**json.loads(line)["ready"])
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
