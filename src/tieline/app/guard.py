"""The gate in front of API and console: loopback hosts only, no foreign pages, small bodies, safe headers, no traces.

There is no sign-in yet, so only this machine may ask: the Host header must name it (against DNS rebinding), and a
browser may send a change only from our own pages.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

LARGEST_BODY = 1_000_000
BODY_SECONDS = 15.0
ANSWER_SECONDS = 60.0
"""How long a caller waits for the beginning of an answer. A database that is frozen never says that it is."""
RETRY_AFTER = b"5"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST: Final = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?\Z", re.IGNORECASE)

EVERYWHERE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered, for people."""

    status: int
    message: str
    hint: str
    request_id: str


Tell = Callable[[Scope, Refusal], Response]
"""How a surface tells a refusal: JSON for programs, a page for people."""

OWN_FAULT: Final = (
    500,
    "This could not be done: the fault is Tieline's, not yours",
    "What you sent was not saved; all other work goes on. Give the request's number to your administrator.",
)

TOO_LATE: Final = (
    503,
    "This takes too long: the database or another system does not answer just now",
    "It may still be done; look before you try again in a moment.",
)


def tells_own_faults(app: Starlette, tell: Tell) -> None:
    """Let an application answer for an unexpected error of ours; the guard logs it."""

    async def handler(request: Request, error: Exception) -> Response:
        return tell(request.scope, Refusal(*OWN_FAULT, request.scope["state"]["request_id"]))

    app.add_exception_handler(Exception, handler)


class Guard:
    """Wraps one surface (API or console). `state`: what its routes find as `request.state`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        headers: Mapping[str, str],
        tell: Tell,
        signed_paths: tuple[str, ...] = (),
        state: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._state = state
        safe = {**EVERYWHERE, **headers}
        self._headers = [(name.lower().encode(), value.encode()) for name, value in safe.items()]
        self._tell = tell
        self._signed_paths = signed_paths
        """Paths that prove their sender by a signature instead of by being our own page."""
        self._late: set[asyncio.Future[None]] = set()
        """What nobody waits for any more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, pass on, and answer for what goes wrong behind."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._headers)
        request_id = f"req_{secrets.token_hex(6)}"
        scope.setdefault("state", {}).update(self._state, request_id=request_id)
        try:
            refused = self._refuse(scope) or await self._admit(scope, receive, answer)
        except Exception:
            log.exception("request_failed", path=scope["path"], request=request_id)
            refused = OWN_FAULT
        if refused is not None and not answer.started:
            status, message, hint = refused
            response = self._tell(scope, Refusal(status, message, hint, request_id))
            await response(scope, receive, answer.refuse)

    def _refuse(self, scope: Scope) -> tuple[int, str, str] | None:
        headers = Headers(scope=scope)
        if not _HOST.match(headers.get("host", "")):
            return 421, "Tieline answers on this machine only", "Open it as http://127.0.0.1 or http://localhost."
        names = [name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)]
        if len(names) != len(set(names)):
            return 400, "A part of the address is given twice", "Give each parameter once."
        if scope["method"] not in SAFE_METHODS and not scope["path"].startswith(self._signed_paths or ("\0",)):
            return _foreign(scope, headers)
        return None

    async def _admit(self, scope: Scope, receive: Receive, answer: "_Answer") -> tuple[int, str, str] | None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(scope, receive)
        except TimeoutError:
            return 408, "The request did not arrive in time", "Send it again."
        if body is None:
            return 413, "The request is larger than 1 MB", "Send less at a time."
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        return await self._answered(self._app(scope, replay, answer.send), scope, answer)

    async def _answered(
        self, answering: Awaitable[None], scope: Scope, answer: "_Answer"
    ) -> tuple[int, str, str] | None:
        """Wait for the answer, but not for ever for its beginning: a thread that hangs in the database hangs alone."""
        task = asyncio.ensure_future(answering)
        try:
            await asyncio.wait({task}, timeout=ANSWER_SECONDS)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done() or answer.started:
            await task
            return None
        log.warning("answer_too_late", path=scope["path"])
        answer.over = True
        self._late.add(task)
        task.add_done_callback(self._forget)
        return TOO_LATE

    def _forget(self, task: "asyncio.Future[None]") -> None:
        self._late.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("late_answer_failed", error=type(task.exception()).__name__)


def _foreign(scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
    """A change a browser sends for a page that is not ours.

    Our own pages send no referrer, so their forms come with the origin `null`; then the browser must say that it is
    the same site.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own = f"{scope['scheme']}://{headers.get('host', '')}".lower()
    own_site = site in ("same-origin", "none") if site is not None else origin != "null"
    own_origin = origin is None or origin.lower() in (own, "null")
    if own_site and own_origin:
        return None
    return 403, "This change was sent by another site's page", "Make it from Tieline's own pages."


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, or None when it is too large."""
    length = Headers(scope=scope).get("content-length", "0")
    if not length.isdigit() or int(length[:18]) > LARGEST_BODY:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


class _Answer:
    """Adds our headers to the answer, and knows whether it has begun."""

    def __init__(self, send: Send, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.started = False
        self.over = False
        """Somebody else answers: the application is too late."""

    async def send(self, message: Message) -> None:
        """Pass a message of the application's answer on."""
        if not self.over:
            await self.refuse(message)

    async def refuse(self, message: Message) -> None:
        """Pass a message of the answer on, whoever gives it."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = message.setdefault("headers", [])
            given = {name for name, _ in headers}
            headers += [header for header in self._headers if header[0] not in given]
            if message["status"] == 503 and b"retry-after" not in given:
                headers.append((b"retry-after", RETRY_AFTER))
        await self._send(message)
