"""What the contract suite must know of a vendor: how to connect to it, disturb it, read its books and fill a feed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tieline.model.record import Record
from tieline.sdk import roles
from tieline.sdk.connected import Connected
from tieline.sdk.connector import RoleName
from tieline.sdk.operation import Operation

Effect = Literal["busy", "broken", "lost_request", "lost_answer", "late", "expired"]
"""429; 503; cut before the write; cut after it; cut now and written later; the token ends before the call."""

PROTOCOLS: Mapping[RoleName, type] = {"crm": roles.Crm, "psa": roles.Psa, "erp": roles.Erp}


def operations_of(role: RoleName) -> list[str]:
    """The names of all operations a role promises, from the Protocol itself."""
    found = vars(PROTOCOLS[role]).items()
    return [name for name, value in found if isinstance(value, property) and _gives_operation(value)]


def _gives_operation(value: property) -> bool:
    returned = getattr(value.fget, "__annotations__", {}).get("return")
    return getattr(returned, "__origin__", None) is Operation


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A record of one operation, the same one later, and where a person sees it in the vendor."""

    record: Record
    newer: Record | None
    """With another value of `shown`; None where the vendor cannot change such a record."""
    links: Mapping[str, str] = field(default_factory=dict)
    kind: str
    """What to count in the vendor."""
    adds: int = 1
    """How many of them the operation makes: 0 when it adds fields to a record that is there."""
    create: str
    update: str = ""
    """The vendor's calls that make and change it."""
    shown: Callable[[Mapping[str, Any]], Any] = lambda row: None
    """What differs between the two, read from the vendor's own record."""
    values: tuple[Any, Any] = (None, None)
    owned: tuple[str, str]
    """A canonical field, and what only it puts into the vendor's body; empty for a record without a mapping."""
    refused: tuple[Record, Mapping[str, str]]
    """Record and links the vendor refuses."""
    reason: str
    """What its refusal says, as a pattern."""


@dataclass(frozen=True)
class Feed:
    """An inbound feed: make so many records (their ids), change one of them, and read a page."""

    make: Callable[[int], set[str]]
    touch: Callable[[str], object]
    page: Callable[[Connected, str | None], tuple[list[str], str, bool]]
    """(connection, cursor): ids, the next cursor, whether another page waits."""


class Subject(Protocol):
    """One vendor in the hands of its own people, and Tieline's connection to it."""

    role: RoleName
    another_account: str
    """One that Tieline's credentials are not of."""

    @property
    def feeds(self) -> Mapping[str, Feed]:
        """The feeds of the role."""

    def connect(self, **options: Any) -> Connected:
        """A connection; `account`, `owners` and `page_size` may differ from the usual ones."""

    def sample(self, connected: Connected, name: str) -> Sample:
        """A record for an operation; what it depends on is in the vendor already."""

    def count(self, kind: str) -> int:
        """How many records of a kind there are."""

    def look(self, kind: str, external_id: str) -> Mapping[str, Any]:
        """A record as the vendor shows it."""

    def disturb(self, call: str, effect: Effect, ms: int = 0, wish: str | None = None) -> None:
        """Disturb the next such call, once; `wish`: what a refusal says in Retry-After."""

    def sent(self) -> list[str]:
        """The bodies of all writes that reached the vendor's books, as text, in their order."""

    def sign_ins(self) -> int:
        """How often somebody signed in."""


def operation_of(connected: Connected, name: str) -> Operation[Any]:
    """The operation of the connection's role."""
    role = connected.crm or connected.psa or connected.erp
    found = getattr(role, name)
    assert isinstance(found, Operation)
    return found
