"""The three errors that decide everything: try again later, a person decides, or the connection pauses.

Any other Python error is our own bug. `system` is the connection's name; messages are whole sentences in business
words, shown to people as they stand.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)
"""What a vendor's wish to wait is clamped to, however absurd it is."""

ExceptionKind = Literal[
    "mapping",
    "master_data",
    "missing_field",
    "business_rule",
    "closed_period",
    "approval",
    "auth",
    "schema_drift",
    "in_doubt",
    "duplicate",
    "unlinked",
    "policy",
    "unusual_change",
    "poison",
    "internal",
]


@dataclass(eq=False)
class Unavailable(Exception):
    """The call did not happen or changed nothing; it is tried again by itself.

    `retry_after` is the vendor's own wish (clamped to 1 s .. 1 h by whoever honours it).
    """

    system: str
    message: str
    retry_after: timedelta | None = None

    def __str__(self) -> str:
        return f"{self.system}: {self.message}"

    @property
    def wish(self) -> timedelta | None:
        """The vendor's own wish, clamped."""
        return None if self.retry_after is None else min(max(self.retry_after, SHORTEST_WAIT), LONGEST_WAIT)


@dataclass(eq=False)
class Unclear(Unavailable):
    """A write may have happened: time-out, broken connection, 5xx.

    It must be resolved before different content is sent.
    """


@dataclass(eq=False)
class Failing(Unavailable):
    """The vendor failed inside over a read: nothing happened, but it may be down for everybody."""


@dataclass(eq=False)
class Throttled(Unavailable):
    """The vendor refused the call because of its limits: nothing happened, and the whole account slows down.

    `at_once`: too many calls side by side, rather than too many in a time.
    """

    at_once: bool = False


@dataclass(eq=False)
class NotSent(Unavailable):
    """The send window had passed before the request was written to the socket; it certainly did not happen."""


@dataclass(eq=False)
class Rejected(Exception):
    """A person decides.

    `key` is the missing or offending master-data key: there is one exception per (kind, system, field, key).
    """

    system: str
    message: str
    kind: ExceptionKind = "business_rule"
    field: str | None = None
    key: str | None = None
    owner: str = "integration"
    """Who mends it: finance, delivery, sales, resource, integration."""

    def __str__(self) -> str:
        return f"{self.system}: {self.message}"


@dataclass(eq=False)
class Unauthorized(Exception):
    """Credentials or rights are wrong; the connection pauses and its data waits."""

    system: str
    message: str

    def __str__(self) -> str:
        return f"{self.system}: {self.message}"
