"""Serves stand-ins over HTTP: a raw ASGI application for each vendor, all in one event loop."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from tieline_standins.core.clock import Clock
from tieline_standins.core.control import PREFIX, Control
from tieline_standins.core.faults import Fault, Faults
from tieline_standins.core.http import Request, Response
from tieline_standins.core.journal import Journal
from tieline_standins.core.ledger import Ledger
from tieline_standins.core.spoiling import spoil
from tieline_standins.core.vendor import Context, Governed, Vendor

MAX_BODY = 150 * 1024 * 1024  # the largest upload a vendor here allows (Salesforce Bulk API) is 150 MB
_TRANSPORT = "tieline_standins.transport"
log = logging.getLogger("tieline_standins")

Build = Callable[[Context], Vendor]


class StandIn:
    """One vendor with its clock, ledger, faults and journal; an ASGI application."""

    def __init__(self, build: Build, *, state: Path | None = None, seed: int = 0) -> None:
        self.clock = Clock()
        self.ledger = Ledger(self.clock)
        self.faults = Faults()
        self.vendor = build(Context(self.clock, self.ledger, seed))
        self._limits = self.vendor if isinstance(self.vendor, Governed) else None
        self.control = Control(self.vendor, self.clock, self.ledger, self.faults)
        self.journal = Journal(state / f"{self.vendor.name}.journal") if state else None
        self._late: set[asyncio.Task[Response]] = set()

    async def replay(self) -> None:
        """Bring back what an earlier process had committed. Raises JournalError."""
        for at, request in self.journal.read() if self.journal else ():
            await self._answer(request, at, record=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = await _read(scope, receive)
        if request is None:
            return await _send(send, Response(413, b"the body is larger than any vendor allows"))
        if request.raw_path.startswith(PREFIX):
            return await _send(send, await self._answer(request, self.clock.now()))
        response = await self._governed(request)
        if response is None:
            scope[_TRANSPORT].abort()
            while (await receive())["type"] != "http.disconnect":
                pass
            return None
        return await _send(send, response)

    async def _governed(self, request: Request) -> Response | None:
        """Count the request, and let a vendor that limits concurrency refuse it."""
        operation = self.vendor.operation(request)
        self.control.requests[operation] += 1
        if self._limits is None:
            return await self._disturbed(request, operation)
        refusal = self._limits.enter(request)
        if refusal is not None:
            return refusal
        try:
            return await self._disturbed(request, operation)
        finally:
            self._limits.leave()

    async def _disturbed(self, request: Request, operation: str) -> Response | None:
        """Answer under the fault rules that fire; None means: cut the connection."""
        drop_after, changes = False, list[Callable[[Response], Response]]()
        for fault in self.faults.firing(operation):
            match fault.effect:
                case "latency":
                    await asyncio.sleep(fault.ms / 1000)
                case "expire_token":
                    self.vendor.expire_token(request)
                case "status":
                    return self.vendor.fault(request, fault.status, fault.body, fault.retry_after)
                case "drop_before":
                    return None
                case "late_commit":
                    await self._late_commit(request, fault)
                    return None
                case "drop_after":
                    drop_after = True
                case "status_after":
                    changes.append(partial(self._refused_after, request, fault))
                case "spoil":
                    changes.append(partial(spoil, how=fault.how))
        response = await self._answer(request, self.clock.now())
        for change in changes:
            response = change(response)
        return None if drop_after else response

    def _refused_after(self, request: Request, fault: Fault, _given: Response) -> Response:
        return self.vendor.fault(request, fault.status, fault.body, fault.retry_after)

    async def _late_commit(self, request: Request, fault: Fault) -> None:
        async def later() -> Response:
            await asyncio.sleep(fault.ms / 1000)
            return await self._answer(request, self.clock.now())

        task = asyncio.create_task(later())
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        if fault.hang:
            await task

    async def _answer(self, request: Request, at: datetime, *, record: bool = True) -> Response:
        """Handle one request at one instant and journal it when it changed something."""
        written = len(self.ledger)
        try:
            with self.clock.pinned(at):
                control = request.raw_path.startswith(PREFIX)
                answer = self.control.handle(request) if control else self.vendor.handle(request)
            response = answer if isinstance(answer, Response) else await answer
        except Exception:  # the outermost loop: our own bug must not look like the vendor's behaviour
            self.control.bugs.append(traceback.format_exc())
            log.exception("%s stand-in failed on %s %s", self.vendor.name, request.method, request.raw_path)
            response = Response(500, {"standin_bug": traceback.format_exc()})
        if record and self.journal:
            if request.raw_path == f"{PREFIX}reset" and request.method == "POST":
                self.journal.clear()
            elif response.changed or (response.changed is None and len(self.ledger) > written):
                self.journal.append(at, request)
        return response

    def close(self) -> None:
        for task in self._late:
            task.cancel()
        if self.journal:
            self.journal.close()


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with the transport in the scope so that a fault can cut the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)[_TRANSPORT] = self.transport


async def _read(scope: Any, receive: Callable[[], Awaitable[Any]]) -> Request | None:
    """The whole request, None when its body is over the limit."""
    message = await receive()
    body = message.get("body", b"")
    if message.get("more_body"):
        chunks, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > MAX_BODY:
                return None
        body = b"".join(chunks)
    return Request(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1"),
        query_string=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


async def _send(send: Any, response: Response) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.status not in (204, 304):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def listen(stand_in: StandIn, host: str, port: int, stack: AsyncExitStack) -> str:
    """Replay the journal, open the port (0 = any free one) and return the address; `stack` closes it all again."""
    stack.callback(stand_in.close)
    await stand_in.replay()
    # Idle connections stay open longer than any client keeps them pooled, so that no request meets a closing one.
    config = uvicorn.Config(
        stand_in, log_config=None, access_log=False, server_header=False, date_header=False, timeout_keep_alive=600
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Protocol(config, state, {}), host, port, backlog=2048)
    stack.push_async_callback(_stop, server, state)
    address, bound, *_ = server.sockets[0].getsockname()
    return f"http://[{address}]:{bound}" if ":" in address else f"http://{address}:{bound}"


async def _stop(server: asyncio.Server, state: ServerState) -> None:
    server.close()
    for connection in list(state.connections):
        connection.transport.abort()
    await asyncio.sleep(0)
