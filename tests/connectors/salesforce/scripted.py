"""A vendor that answers whatever the test tells it to: for broken, hostile and rare answers."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ORG = "00Dxx0000001gPLEAY"
TOKEN = (
    b'{"access_token":"00Dxx!AQ","token_type":"Bearer","id":"https://login.salesforce.com/id/'
    + ORG.encode()
    + b'/005x"}'
)


@dataclass
class Scripted:
    """Answers in order; the last one is repeated. The token endpoint has its own."""

    url: str = ""
    token: tuple[int, bytes] = (200, TOKEN)
    tokens: int = 0
    first_token_ends_for: threading.Barrier | None = None
    """So many requests with the first token wait for each other, then all are told that it has ended."""
    answers: deque[tuple[int, bytes]] = field(default_factory=deque)
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def say(self, *bodies: bytes, status: int = 200) -> None:
        """Queue answers."""
        self.answers.extend((status, body) for body in bodies)

    def next(self) -> tuple[int, bytes]:
        """The answer to give now."""
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]


@contextmanager
def scripted_vendor() -> Iterator[Scripted]:
    """Serve on a free port of the loopback address."""
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.path == "/services/oauth2/token":
                script.tokens += 1
                status, content = script.token
                content = content.replace(b"!AQ", b"!AQ%d" % script.tokens)
            elif script.first_token_ends_for and self.headers["authorization"].endswith("!AQ1"):
                script.first_token_ends_for.wait(20)
                status, content = 401, b'[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]'
            else:
                script.paths.append(f"{self.command} {self.path}")
                script.bodies.append(body)
                status, content = script.next()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names the library calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
