"""The control side of the stand-ins: ledgers, faults and health, over connections that stay open."""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx2

from tieline.demo.people import NotDone
from tieline.sdk import jsontext


class StandIns:
    """The stand-ins of one rehearsal, by vendor."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.urls = dict(urls)
        self._http = {
            vendor: httpx2.Client(base_url=f"{url}/__standin__/", trust_env=False, timeout=120.0)
            for vendor, url in urls.items()
        }

    def control(self, vendor: str, path: str, body: Any = None, method: str = "POST") -> Any:
        """One control request. Raises NotDone."""
        content = None if body is None else json.dumps(body)
        answer = self._http[vendor].request(method, path, content=content)
        if not answer.is_success:
            raise NotDone(f"the stand-in of {vendor} refused {method} {path}: {answer.text[:300]}")
        return jsontext.loads(answer.content) if answer.content else None

    def bugs(self) -> list[str]:
        """Failures of the stand-ins themselves: a run with one proves nothing."""
        found = {vendor: self.control(vendor, "health", method="GET")["bugs"] for vendor in self.urls}
        return [f"{vendor}: {str(bug)[-300:]}" for vendor, bugs in found.items() for bug in bugs]

    def close(self) -> None:
        """End the connections."""
        for http in self._http.values():
            http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()
