"""The vendor calls Tieline makes, written down as they were sent, and made once more bare: one client, one by one."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx2

from tieline.engine.flow import FlowEngine
from tieline.engine.run import EndState
from tieline.sdk.http import HttpAnswer, HttpRequest, VendorHttp

NOT_REPLAYED = {"host", "content-length", "authorization"}
_flow: ContextVar[str | None] = ContextVar("flow", default=None)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it was sent, and the status that answered it."""

    vendor: str
    flow: str | None
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    status: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a run of a flow."""

    flow: str
    key: str
    state: EndState
    at: float


@dataclass
class Recording:
    """What was seen so far; `clear` between two measurements."""

    calls: list[Call] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def clear(self) -> None:
        """Forget all."""
        with self._changed:
            self.calls.clear()
            self.ended.clear()

    def wait_for(self, flow: str, count: int, seconds: float = 120.0) -> list[Ended]:
        """Wait until so many runs of this flow have ended; returns them."""

        def seen() -> list[Ended]:
            return [one for one in self.ended if one.flow == flow]

        with self._changed:
            if not self._changed.wait_for(lambda: len(seen()) >= count, seconds):
                raise RuntimeError(f"only {len(seen())} of {count} runs of {flow} have ended: {self.ended[-5:]}")
            return seen()

    def note(self, one: Ended) -> None:
        """A run has ended."""
        with self._changed:
            self.ended.append(one)
            self._changed.notify_all()


@contextmanager
def recording(keep: Callable[[Call], None] | None = None) -> Iterator[Recording]:
    """Watch all vendor calls and flow runs of this process. `keep`: where calls go, instead of memory."""
    seen = Recording()
    exchange, run = VendorHttp._exchange, FlowEngine.run
    keep_call = keep or seen.calls.append

    def watched_exchange(self: VendorHttp, request: HttpRequest, write: bool) -> HttpAnswer:
        answer = exchange(self, request, write)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_REPLAYED}
        flow, method, target = _flow.get(), request.method, request.target
        keep_call(Call(self.connection, flow, method, target, headers, request.body, answer.status))
        return answer

    def watched_run(self: FlowEngine, flow: str, key: str) -> EndState:
        token = _flow.set(flow)
        try:
            state = run(self, flow, key)
        finally:
            _flow.reset(token)
        seen.note(Ended(flow, key, state, time.perf_counter()))
        return state

    VendorHttp._exchange = watched_exchange  # type: ignore[method-assign]
    FlowEngine.run = watched_run  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        VendorHttp._exchange = exchange  # type: ignore[method-assign]
        FlowEngine.run = run  # type: ignore[method-assign]


class Bare:
    """The floor: the same calls with one pooled client per vendor, nothing else."""

    def __init__(self, urls: Mapping[str, str], tokens: Mapping[str, str]) -> None:
        self._clients = {
            name: httpx2.Client(base_url=url, trust_env=False, timeout=60.0, headers={"authorization": tokens[name]})
            for name, url in urls.items()
        }

    def send(self, call: Call, *, target: str | None = None, body: bytes | None = None) -> httpx2.Response:
        """One call, or the same with another address or body."""
        return self._clients[call.vendor].request(
            call.method,
            target or call.target,
            headers=dict(call.headers),
            content=call.body if body is None else body,
        )

    def replay(self, calls: Sequence[Call]) -> tuple[float, int]:
        """Make these calls in sequence; returns seconds, and how many were answered with another status than then."""
        start, other = time.perf_counter(), 0
        for call in calls:
            other += self.send(call).status_code != call.status
        return time.perf_counter() - start, other

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()
