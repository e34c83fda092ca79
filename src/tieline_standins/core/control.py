"""The control API under `/__standin__/`: what tests use to look into a stand-in and to disturb it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tieline_standins.core.clock import Clock
from tieline_standins.core.faults import Faults
from tieline_standins.core.http import BadJsonError, Json, Request, Response
from tieline_standins.core.ledger import Ledger
from tieline_standins.core.vendor import ControlError, Vendor

PREFIX = "/__standin__/"
_MAX_OFFSET_SECONDS = 100 * 365 * 86_400


@dataclass
class Control:
    """Answers control requests; what must be journaled says `changed=True`, a reset empties the journal."""

    vendor: Vendor
    clock: Clock
    ledger: Ledger
    faults: Faults
    requests: Counter[str] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)

    def handle(self, request: Request) -> Response:
        path = request.path.removeprefix(PREFIX).strip("/")
        try:
            return self._route(request, path)
        except (ControlError, BadJsonError) as error:
            return Response(400, {"error": str(error)})

    def _route(self, request: Request, path: str) -> Response:
        match request.method, path:
            case "GET", "health":
                # `bugs`: tracebacks of the stand-in itself; a test run that ends with one is not to be trusted.
                return Response(200, {"ok": not self.bugs, "vendor": self.vendor.name, "bugs": self.bugs})
            case "POST", "reset":
                return self._reset()
            case "GET", "ledger":
                return self._ledger(request)
            case "GET", "requests":
                return Response(200, {"total": self.requests.total(), "operations": dict(self.requests)})
            case "GET", "faults":
                return Response(200, {"faults": [rule.as_json() for rule in self.faults.rules]})
            case "POST", "faults":
                return Response(200, {"added": [rule.as_json() for rule in self.faults.add(request.json())]})
            case "DELETE", "faults":
                self.faults.clear()
                return Response(204)
            case "GET", "clock":
                return Response(200, self._clock_state())
            case "POST", "clock":
                return self._set_clock(request.json())
            case "POST", "customize":
                return Response(200, self.vendor.customize(request.json()), changed=True)
        return self.vendor.control(request, path) or Response(
            404, {"error": f"no control route {request.method} {path}"}
        )

    def _reset(self) -> Response:
        self.vendor.reset()
        self.ledger.clear()
        self.faults.clear()
        self.requests.clear()
        self.clock.offset = timedelta(0)
        return Response(204)

    def _ledger(self, request: Request) -> Response:
        since, limit = _whole(request, "since", 0), _whole(request, "limit", len(self.ledger))
        entries = self.ledger.entries(since, request.param("operation", "*") or "*", limit)
        return Response(200, {"last": len(self.ledger), "entries": [entry.as_json() for entry in entries]})

    def _clock_state(self) -> Json:
        return {"now": self.clock.now().isoformat(), "offset_seconds": Decimal(str(self.clock.offset.total_seconds()))}

    def _set_clock(self, change: Json) -> Response:
        wanted = change if isinstance(change, dict) else {}
        offset, at = wanted.get("offset_seconds"), wanted.get("at")
        if isinstance(offset, int | Decimal) and -_MAX_OFFSET_SECONDS <= offset <= _MAX_OFFSET_SECONDS:
            self.clock.offset = timedelta(seconds=float(offset))
        elif isinstance(at, str):
            self.clock.move_to(_instant(at))
        else:
            raise ControlError(
                'the clock takes {"offset_seconds": n} (within 100 years) or {"at": "2026-11-21T10:00:00Z"}'
            )
        return Response(200, self._clock_state(), changed=True)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ControlError(f"{text!r} is not an ISO 8601 instant") from error
    if at.tzinfo is None:
        raise ControlError(f"{text!r} has no time zone; add Z or an offset")
    return at


def _whole(request: Request, name: str, default: int) -> int:
    text = request.param(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise ControlError(f"`{name}` must be a whole number, 0 or more")
    return int(text)
