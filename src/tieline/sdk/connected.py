"""What a connector hands over when it is connected: its roles and what the command line asks of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tieline.sdk.connector import ConnectionSettings, ConnectorFacts, Finding
from tieline.sdk.feed import Changed
from tieline.sdk.http import Gate
from tieline.sdk.roles import Crm, Erp, Psa


class Explains(Protocol):
    """A mapping, as `tieline try` needs it."""

    def explain(self, vendor: Mapping[str, Any]) -> Sequence[Any]:
        """Row by row: raw value, result or problem."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A pushed event: its id in the vendor, where the feed stands after it, and what changed."""

    event_id: str
    position: str
    changed: Changed
    body: Mapping[str, Any]


Listen = Callable[[str | None, Callable[[Sequence[Pushed]], None], Callable[[], bool]], None]
"""(position or None, deliver, stopped): subscribe and deliver until `stopped()`; deliver commits, then we go on.

Raises Unavailable when the stream breaks; the caller subscribes again from the last committed position.
"""


@dataclass(frozen=True, kw_only=True)
class Connected:
    """One connection in use. A role the system does not play is None."""

    facts: ConnectorFacts
    settings: ConnectionSettings
    crm: Crm | None = None
    psa: Psa | None = None
    erp: Erp | None = None
    account: Callable[[], str]
    """The vendor account behind the credentials; must equal the pinned one."""
    check_live: Callable[[], Sequence[Finding]]
    """Credentials, rights, needed custom fields, account: one finding each."""
    describe: Callable[[str], Sequence[Mapping[str, Any]]]
    """Fields of a canonical record's vendor record: {name, type, required, custom, label}."""
    read_raw: Callable[[str, str], Mapping[str, Any]]
    """(canonical record, vendor id): the vendor's record as it stands, for `tieline try`."""
    mappings: Mapping[str, Explains]
    allowance: Callable[[], int | None] = lambda: None
    """Calls a day the vendor account itself tells; None where it tells none."""
    listen: Listen | None = None
    close: Callable[[], None]


Connect = Callable[[ConnectionSettings, Gate], Connected]
"""Every connector folder offers `connect` with this signature."""
