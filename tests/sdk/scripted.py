"""A vendor on a real socket whose every answer the test writes down, byte by byte if need be."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Headers = dict[str, str]
Reply = Callable[["Answering"], None]


class Answering(BaseHTTPRequestHandler):
    """One request as the script sees it."""

    protocol_version = "HTTP/1.1"
    body: bytes = b""
    vendor: "Vendor"

    def reply(self, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
        """A complete answer; underscores in header names become hyphens."""
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def cut(self, sent: bytes = b"") -> None:
        """Some bytes, then the connection is gone."""
        self.wfile.write(sent)
        self.wfile.flush()
        self.close_connection = True

    def _any(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        with self.vendor.lock:
            self.vendor.seen.append((self.command, self.path, dict(self.headers), self.body))
            reply = self.vendor.replies.pop(0) if len(self.vendor.replies) > 1 else self.vendor.replies[0]
        try:
            reply(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller had enough

    do_GET = do_POST = do_PATCH = do_DELETE = _any  # noqa: N815 - the names the library calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""


@dataclass
class Vendor:
    """Replies in order; the last one is repeated."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    seen: list[tuple[str, str, Headers, bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def says(self, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
        """Queue a complete answer."""
        self.replies.append(lambda request: request.reply(status, body, **headers))


@contextmanager
def scripted(tls: ssl.SSLContext | None = None) -> Iterator[Vendor]:
    """Serve on a free port of the loopback address."""
    vendor = Vendor()
    handler = type("Handler", (Answering,), {"vendor": vendor})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    vendor.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
