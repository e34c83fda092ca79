"""Calls to a vendor's HTTP API: authorisation, limits, send window, size cap and the three errors."""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

import httpx2

from tieline import __version__
from tieline.sdk import jsontext
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import (
    LONGEST_WAIT,
    SHORTEST_WAIT,
    Failing,
    NotSent,
    Rejected,
    Throttled,
    Unauthorized,
    Unavailable,
    Unclear,
)
from tieline.sdk.wire import BrokenOff, NotReached, Pool

MAX_ANSWER = 32 * 1024 * 1024
"""Bytes of a decoded answer; more is a failed call. One page may hold a text of 10 MB and must not stop its feed."""

_reads_only: ContextVar[bool] = ContextVar("reads_only", default=False)
SEND_WINDOW = 2.0
"""Seconds between the writing of an intent, or of its renewal, and each write to the socket."""
_USUAL = {"accept": "*/*", "accept-encoding": "gzip", "user-agent": f"tieline/{__version__}"}
_SAFE = "/?&=+:;,@!$'()*[]~%"
_PORTS = {"http": 80, "https": 443}


@cache
def _tls() -> ssl.SSLContext:
    """One context for all clients: loading the authorities takes tens of milliseconds."""
    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class Gate(Protocol):
    """Limits of the vendor account: a permit per call, and a circuit that opens when the vendor is down."""

    def call(self) -> AbstractContextManager[None]:
        """Wait for a permit. Raises Unavailable when the circuit is open or the connection is paused."""


class OpenGate:
    """No limits: for a single call made by hand (`tieline check --live`) and for tests of a connector alone."""

    def call(self) -> AbstractContextManager[None]:
        """Always permitted."""
        return nullcontext()


class Authorizer(Protocol):
    """Signs requests. `renew` is told which headers were refused, so that many threads renew a token only once."""

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        """Headers that authorise this request."""

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Get a new token unless another thread did already; False when this kind of credential cannot be renewed."""


class Anonymous:
    """Signs nothing: for the addresses at which one signs in."""

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        """None."""
        return {}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """There is nothing to renew."""
        return False


@dataclass(slots=True)
class HttpRequest:
    """A request as it goes out. Header names are lower-cased."""

    method: str
    target: str
    """Path and query."""
    headers: dict[str, str]
    body: bytes

    def on_the_wire(self) -> bytes:
        """Its bytes. Raises ValueError when a header holds what would end it, or is no ASCII."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            lines.append(f"content-length: {len(self.body)}")
        if not all(map(str.isprintable, lines)):
            raise ValueError("a header or an address holds control characters")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete answer. Header names are lower-cased."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    system: str

    def json(self) -> Any:
        """The body as JSON. Raises Unclear when it is none: an error page with status 200 is no success."""
        try:
            return jsontext.loads(self.body)
        except jsontext.MalformedJson as error:
            raise Unclear(self.system, f"answered {self.status} with something that is not JSON") from error


Renewal = Callable[[], bool]
"""Asks whether an intent is still ours to send; if so, it counts as written at this moment."""


class SendWindow:
    """Until when writes may be sent: whoever comes later may have been taken for dead, and others at work instead."""

    def __init__(self, until: float, renew: Renewal | None) -> None:
        self.until, self._renew = until, renew
        self.wrote = False
        """Whether a write went out within it."""

    def require(self, connection: str) -> None:
        """Raises NotSent when it is too late, and Unclear when a part of the write went out before."""
        asked_at = time.monotonic()
        if asked_at > self.until and self._renew is not None and self._renew():
            self.until = asked_at + SEND_WINDOW
        if time.monotonic() <= self.until:
            return
        if self.wrote:
            raise Unclear(connection, "the rest of the write waited too long after its intent and was not sent")
        raise NotSent(connection, "the request waited too long after its intent and was not sent")


_window: ContextVar[SendWindow | None] = ContextVar("window", default=None)


@contextmanager
def send_window(intended_at: float, seconds: float | None = None, renew: Renewal | None = None) -> Iterator[SendWindow]:
    """Within it a write is refused when its intent is older than SEND_WINDOW, unless `renew` says it is still ours.

    `intended_at`: just before the intent was written, by `time.monotonic()`. `seconds`: if it is ours for longer.
    An answer renews nothing: who is frozen over it may go on an hour later.
    """
    window = SendWindow(intended_at + (SEND_WINDOW if seconds is None else seconds), renew)
    token = _window.set(window)
    try:
        yield window
    finally:
        _window.reset(token)


@contextmanager
def nothing_is_sent() -> Iterator[None]:
    """Within it every write is refused (`NotSent`), whoever tries: for previews."""
    token = _reads_only.set(True)
    try:
        yield
    finally:
        _reads_only.reset(token)


class VendorHttp:
    """One pooled client per connection. `refusal` turns an answer outside 2xx into an error, by the vendor's codes."""

    def __init__(
        self,
        *,
        connection: str,
        base_url: str,
        authorizer: Authorizer,
        refusal: Callable[[HttpAnswer], Exception | None],
        gate: Gate,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.connection = connection
        self._authorizer = authorizer
        self._refusal = refusal
        self._gate = gate
        self._timeout = timeout
        address = urlsplit(base_url)
        if address.scheme not in _PORTS or not address.hostname:
            raise ValueError(f"connection {connection}: '{base_url[:100]}' is no address such as https://example.com")
        usual = _PORTS[address.scheme]
        self._origin = f"{address.scheme}://{_host(address.hostname, address.port or usual, usual)}"
        self._path = address.path.rstrip("/")
        self._headers = {"host": self._origin.partition("//")[2], **_USUAL, **_lowered(headers)}
        self._pool = Pool(address.hostname, address.port or usual, _tls() if address.scheme == "https" else None)

    def close(self) -> None:
        """Close the pooled connections."""
        self._pool.close()

    def get(self, path: str, **request: Any) -> HttpAnswer:
        """A read."""
        return self.request("GET", path, write=False, **request)

    def request(
        self,
        method: str,
        path: str,
        *,
        write: bool,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """One call; a refused token is renewed once. Raises the three errors; a 404 is a refusal as well."""
        all_headers = {**self._headers, **_lowered(headers)}
        if json is not None:
            content = jsontext.dumps(json)
            all_headers.setdefault("content-type", "application/json")
        request = HttpRequest(method, self._path + _target(path, params), all_headers, content or b"")
        answer, used = self._send(request, write)
        if answer.status == 401 and self._authorizer.renew(used):
            answer, used = self._send(request, write)
        if 200 <= answer.status < 300:
            return answer
        raise self._error(answer, write)

    def _send(self, request: HttpRequest, write: bool) -> tuple[HttpAnswer, Mapping[str, str]]:
        used = self._authorizer.headers(request.method, self._origin + request.target)
        request.headers.update(used)
        with self._gate.call():
            return self._exchange(request, write), used

    def _exchange(self, request: HttpRequest, write: bool) -> HttpAnswer:
        if write and _reads_only.get():
            raise NotSent(self.connection, "this is a preview, in which nothing is sent")
        deadline = time.monotonic() + self._timeout
        ready = self._ready_to_write if write else _ready_to_read
        try:
            reply = self._pool.exchange(request.on_the_wire(), deadline, MAX_ANSWER, ready)
        except NotReached as error:
            raise Unavailable(self.connection, f"cannot be reached: {error}") from error
        except BrokenOff as error:
            kind = Unclear if write else Unavailable
            raise kind(self.connection, f"the call broke off: {error}") from error
        if write:
            crash_point("write.answered")
        answer = HttpAnswer(reply.status, reply.headers, reply.body, self.connection)
        if answer.status >= 400 and answer.status != 401:
            refusal = self._error(answer, write)
            if isinstance(refusal, Unavailable):  # raised inside the gate, which learns from it
                raise refusal
        return answer

    def _ready_to_write(self) -> None:
        """The last question before the socket, also after a connection was waited for."""
        window = _window.get()
        if window is not None:
            window.require(self.connection)
            window.wrote = True
        crash_point("write.sending")

    def _error(self, answer: HttpAnswer, write: bool) -> Exception:
        known = self._refusal(answer)
        if known is not None:
            return known
        if answer.status == 401:
            return Unauthorized(self.connection, "refused our credentials; renew them in the site's secrets")
        wish = retry_after(answer.headers.get("retry-after"))
        if answer.status == 429:
            return Throttled(self.connection, "asked us to slow down", wish)
        if answer.status >= 500:
            kind = Unclear if write else Failing
            return kind(self.connection, f"failed inside (status {answer.status})", wish)
        return Rejected(self.connection, f"refused the request (status {answer.status}): {excerpt(answer.body)}")


def _ready_to_read() -> None:
    """A read needs no intent."""


def _lowered(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()} if headers else {}


def _host(name: str, port: int, usual: int) -> str:
    """As the Host header wants it (RFC 9110 section 7.2)."""
    name = f"[{name}]" if ":" in name else name.encode("idna").decode("ascii")
    return name if port == usual else f"{name}:{port}"


def _target(path: str, params: Mapping[str, Any] | None) -> str:
    """Path and query. A path may come from outside: nothing in it ends the line."""
    if not path.isascii() or not path.isprintable() or " " in path:
        path = quote(path, safe=_SAFE)
    return f"{path}{'&' if '?' in path else '?'}{urlencode(params)}" if params else path


def excerpt(body: bytes, length: int = 300) -> str:
    """The beginning of a body as one printable line, for messages."""
    text = " ".join(body[: length * 4].decode("utf-8", "replace").split())
    return "".join(char for char in text if char.isprintable())[:length]


def retry_after(header: str | None) -> timedelta | None:
    """A Retry-After header (seconds or HTTP date, RFC 9110 section 10.2.3), clamped to 1 s .. 1 h."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    if seconds != seconds:
        return None
    return timedelta(seconds=min(max(seconds, SHORTEST_WAIT.total_seconds()), LONGEST_WAIT.total_seconds()))
