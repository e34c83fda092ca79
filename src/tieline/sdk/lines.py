"""The bulk lane's way into an ERP: priced time lines in batches, looked up by our reference when in doubt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Accepted, WriteSafety


class ErpLine(Struct, frozen=True, gc=False):
    """One line the ERP shall hold. A reversal has negative minutes and `sign` -1. Vendor ids are resolved already."""

    reference: str
    """`connection:kind:source_id:part`, plus `~seq` when seq > 0."""
    project: str
    task: str | None
    person: str
    item: str | None
    work_date: date
    minutes: Decimal
    legal_entity: str
    cost_rate: Decimal | None
    note: str | None
    sign: int = 1
    posts_on: date | None = None
    """Where the period of the work date is closed; else it is booked on the work date."""

    @property
    def booked_on(self) -> date:
        """The day in the ERP's books."""
        return self.posts_on or self.work_date


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a batch, by reference. A reference in neither is in doubt and is looked up."""

    ids: Mapping[str, str]
    refused: Mapping[str, Rejected]


class LineSink(Protocol):
    """Posts batches of time lines. Vendors that know our reference as a unique key are `upsert_by_external_id`."""

    @property
    def connection(self) -> str:
        """The connection's name in the site."""

    @property
    def system(self) -> str:
        """The vendor's name for people."""

    @property
    def batch_size(self) -> int:
        """Lines of one call."""

    @property
    def at_once(self) -> int:
        """How many batches a poster sends side by side; the limits of the account hold besides."""

    @property
    def safety(self) -> WriteSafety:
        """What resolves an unclear batch."""

    @property
    def quarantine(self) -> timedelta:
        """Longer than the vendor's longest request life."""

    def post(self, lines: Sequence[ErpLine], key: str) -> Settled | Accepted:
        """Send one batch; `key` is its create key. Raises the three errors, Rejected for the batch as a whole."""

    def poll(self, handle: str, lines: Sequence[ErpLine]) -> Settled | Accepted:
        """The state of an accepted batch."""

    def find_many(self, references: Sequence[str]) -> Mapping[str, str]:
        """Vendor ids of the references that exist there, in as few calls as the vendor allows."""
