"""Events pushed to a served Tieline without a pause, and what became of each."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

from tests.api.test_webhooks import signed

PAUSE = 0.02
PATIENCE = 90.0


@dataclass
class Load:
    """One sender."""

    url: str
    record: str
    """The opportunity every event is about."""
    acknowledged: list[str] = field(default_factory=list)
    """Ids of the events that were answered 200 or 202."""
    answers: Counter[int] = field(default_factory=Counter)
    unfit: list[str] = field(default_factory=list)
    """Refusals that do not say when to come again."""
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=PATIENCE) as client:
            number = 0
            while not self._over.wait(PAUSE):
                number += 1
                self._push(client, f"msg_{number}", number)

    def stop(self) -> None:
        self._over.set()

    def until(self, status: tuple[int, ...], more: int) -> None:
        """Wait until so many more were answered so."""
        before = sum(self.answers[one] for one in status)
        deadline = time.monotonic() + PATIENCE
        while sum(self.answers[one] for one in status) < before + more:
            assert time.monotonic() < deadline, f"no {status} any more: {self.answers}"
            time.sleep(0.05)

    def _push(self, client: httpx2.Client, event: str, version: int) -> None:
        body = json.dumps({"record": "opportunity", "id": self.record, "version": version}).encode()
        answer = client.post("/hooks/salesforce", content=body, headers=signed(body, event_id=event))
        self.answers[answer.status_code] += 1
        if answer.status_code in (200, 202):
            self.acknowledged.append(event)
        elif answer.status_code != 503 or "retry-after" not in answer.headers:
            self.unfit.append(f"{answer.status_code} {answer.text[:200]}")


@contextmanager
def pushing(url: str, record: str) -> Iterator[Load]:
    """A sender at work."""
    load = Load(url, record)
    thread = threading.Thread(target=load.run, daemon=True)
    thread.start()
    try:
        yield load
    finally:
        load.stop()
        thread.join(PATIENCE)
