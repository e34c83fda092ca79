"""What a vendor module provides to the core, and what the core provides to it."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from tieline_standins.core.clock import Clock
from tieline_standins.core.http import Json, Request, Response
from tieline_standins.core.ledger import Ledger
from tieline_standins.firm import Firm, load_firm


class ControlError(ValueError):
    """A control request (customize, faults, clock, seed) asks for something that does not exist; answered with 400."""


@dataclass(frozen=True)
class Context:
    """What the core hands to a vendor at its start."""

    clock: Clock
    ledger: Ledger
    seed: int = 0
    firm: Firm = field(default_factory=load_firm)


class Vendor(Protocol):
    """One imitated system.

    Handling must be deterministic: the same requests at the same clock readings give the same ids, tokens and records
    (count ids, derive tokens from the seed), because `--state` replays the committed requests at start.
    """

    name: str

    def operation(self, request: Request) -> str:
        """A stable name such as `time_entries.create` for faults, ledger and counters; never raises."""

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Answer one request. Synchronous and fast, or an awaitable for long polls. Writes commit to the ledger."""

    def fault(self, request: Request, status: int, body: Json | None, retry_after: int | str | None) -> Response:
        """An error answer in the vendor's own format; `body` replaces the vendor's usual text when given."""

    def expire_token(self, request: Request) -> None:
        """From now on the token this request carries is no longer accepted."""

    def customize(self, change: Json) -> Json:
        """Apply what an administrator sets up (fields, objects, settings); returns the result. Raises ControlError."""

    def control(self, request: Request, path: str) -> Response | None:
        """A control route of the vendor's own (`path` is what follows `/__standin__/`), None if there is none."""

    def reset(self) -> None:
        """Back to the seeded firm: no records of clients, default settings and credentials."""


@runtime_checkable
class Governed(Protocol):
    """A vendor that limits how many requests are under way at a time; the waiting of fault rules counts."""

    def enter(self, request: Request) -> Response | None:
        """Count a request in, or refuse it with this answer."""

    def leave(self) -> None:
        """A request that was counted in is over."""
