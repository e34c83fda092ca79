"""A line to the real Tryton that breaks on demand: answers lost after commit or late, 5xx, 429; it counts calls."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["lost_answer", "lost_request", "late", "expired", "429", "502"]
WISH = "7"
PASSED_ON = ("authorization", "content-type", "accept-encoding")


@dataclass
class FaultyProxy:
    """`faults[method]` breaks the next call of that method, once.

    `late`: the line is cut, and the call arrives `delay` seconds later. `expired`: the session ends before the call.
    """

    url: str = ""
    faults: dict[str, Fault] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    bodies: list[tuple[str, str]] = field(default_factory=list)
    """Methods and bodies of the calls that were passed on."""
    delay: float = 0.0
    wish: str = WISH
    """The Retry-After of a refusal."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fault(self, method: str) -> Fault | None:
        """What happens to this call."""
        with self.lock:
            self.calls.append(method)
            return self.faults.pop(method, None)


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    """Serve on a free port of the loopback address."""
    proxy = FaultyProxy()
    host = urlsplit(target).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            fault = proxy.next_fault(json.loads(body)["method"])
            if fault == "expired":
                self._passed_on(b'{"id": 0, "method": "common.db.logout", "params": []}')
            if fault in ("429", "502"):
                self._answer(int(fault), {"retry-after": proxy.wish}, b"")
                return
            if fault == "late":
                threading.Timer(proxy.delay, self._passed_on, [body]).start()
            elif fault != "lost_request":
                answer = self._passed_on(body)
            if fault in ("lost_answer", "lost_request", "late"):
                self.close_connection = True
                self.connection.close()
            else:
                self._answer(*answer)

        def _passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            upstream = http.client.HTTPConnection(host, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() in PASSED_ON}
            try:
                upstream.request("POST", self.path, body, headers)
                response = upstream.getresponse()
                content = response.read()
            finally:
                upstream.close()
            proxy.bodies.append((json.loads(body)["method"], body.decode()))
            encoding = response.headers.get("content-encoding")
            return response.status, {"content-encoding": encoding} if encoding else {}, content

        def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Quiet."""

    with serving(Handler) as url:
        proxy.url = url
        yield proxy


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
