"""Runs a stand-in inside the calling process, on a thread with an event loop of its own: for tests and benchmarks."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from tieline_standins.core.server import Build, StandIn, listen


@contextmanager
def running(build: Build, *, host: str = "127.0.0.1", state: Path | None = None, seed: int = 0) -> Iterator[str]:
    """Serve one vendor on a free port of this machine's address; yields its base address and stops it afterwards."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stand-in", daemon=True)
    thread.start()
    stack = AsyncExitStack()
    try:
        start = listen(StandIn(build, state=state, seed=seed), host, 0, stack)
        yield asyncio.run_coroutine_threadsafe(start, loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
