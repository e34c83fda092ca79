"""A vendor that answers whatever the test tells it to: for broken, hostile and rare answers."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.connectors.tryton.proxy import serving
from tieline.connectors.tryton.client import Tryton
from tieline.connectors.tryton.settings import read_options
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.http import OpenGate


def result(value: Any) -> bytes:
    """A success."""
    return json.dumps({"id": 0, "result": value}).encode()


def error(*parts: Any) -> bytes:
    """A fault; Tryton sends it with status 200."""
    return json.dumps({"id": 0, "error": list(parts)}).encode()


@dataclass
class Scripted:
    """Signs everybody in, knows the context, and gives `answer` to all else."""

    url: str = ""
    answer: tuple[int, bytes] = (200, b"")
    sign_in: tuple[int, bytes] | None = None
    zipped: bool = False
    sign_ins: int = 0
    first_session_ends_for: threading.Barrier | None = None
    """So many calls of the first session wait for each other, then all are told that it has ended."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def client(self) -> Tryton:
        """The client of it."""
        settings = ConnectionSettings(
            name="tryton-de",
            connector="tryton",
            account="db/Halden Marsh GmbH",
            url=self.url,
            options={"database": "db", "user": "integration"},
            secret=lambda name: "secret",
        )
        return Tryton(settings, read_options(settings), OpenGate())

    def reply(self, body: bytes, authorization: str | None) -> tuple[int, bytes]:
        """The answer to one call."""
        method = json.loads(body)["method"]
        if method == "common.db.login":
            with self.lock:
                self.sign_ins += 1
                return self.sign_in or (200, result([7, f"token{self.sign_ins}", None]))
        if method == "model.res.user.get_preferences":
            return 200, result({"company": 1})
        if method == "model.company.company.read":
            return 200, result([{"id": 1, "party.": {"name": "Halden Marsh GmbH"}}])
        if self.first_session_ends_for and authorization == FIRST:
            self.first_session_ends_for.wait(20)
            return 401, b""
        return self.answer


FIRST = "Session aW50ZWdyYXRpb246Nzp0b2tlbjE="
"""integration:7:token1 in base 64."""


@contextmanager
def scripted_vendor() -> Iterator[Scripted]:
    """Serve on a free port of the loopback address."""
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, content = script.reply(body, self.headers.get("authorization"))
            self.send_response(status)
            if script.zipped:
                content = gzip.compress(content)
                self.send_header("content-encoding", "gzip")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Quiet."""

    with serving(Handler) as url:
        script.url = url
        yield script
        script.client.close()
