"""Inbound feeds: pages of changed records since a cursor, and source lines of the bulk lane."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from msgspec import Struct

from tieline.model.cost import ErpCost
from tieline.model.transaction import Kind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Changes(Generic[T]):
    """One page of a sweep. `cursor` is opaque and durable; hand it back to go on. `more`: another page waits now.

    A sweep overlaps (it re-reads a little before its cursor), so items repeat; it never skips.
    """

    items: Sequence[T]
    cursor: str
    more: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that changed; never its content: whoever hears of it reads the truth afresh."""

    record: str
    """Canonical record type: `opportunity`, `project`, `invoice`."""
    external_id: str
    version: int
    """Vendor's version, else the modification time in microseconds since 1970."""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class CostLine:
    """A line of a document that costs a project, with the vendor's own row for its lineage."""

    cost: ErpCost
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CostDocument:
    """A supplier's bill or credit, or an expense report, as it stands: all its lines that name a project.

    No lines: it is not booked (any more), or names no project (any more).
    """

    external_id: str
    version: int
    lines: Sequence[CostLine]


class SourceLine(Struct, frozen=True, gc=False):
    """A time entry or expense as its source reports it; a plain row, hundreds of thousands a week."""

    kind: Kind
    source_id: str
    source_version: int
    approved: bool
    project_ref: str
    task_ref: str | None
    person_ref: str | None
    role: str | None
    """The role's name in the source."""
    work_date: date
    quantity: Decimal
    """Minutes for time; 1 for an expense."""
    unit: str
    """`min` or `each`."""
    billable: bool
    currency: str | None = None
    amount: Decimal | None = None
    """Cost of an expense in `currency`; None for time."""
    approved_by: str | None = None
    approved_at: datetime | None = None
    note: str | None = None
    attributes: dict[str, Any] = {}  # a new one for each line
    """What only one kind needs: expense category, receipt, reimbursable."""


@dataclass(frozen=True, slots=True)
class LinePage:
    """A page of source lines with the vendor's own bytes, kept for lineage and control totals."""

    lines: Sequence[SourceLine]
    body: bytes
    cursor: str
    more: bool


IdSet = Iterator[str]
"""All ids a source holds now, for the nightly comparison that finds deletes."""
