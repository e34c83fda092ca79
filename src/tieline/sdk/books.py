"""A system's own books: what it holds of ours, row by row, so that we never check our records against themselves.

A row is plain and short: our reference, and the few facts that two systems can be compared by. Lists are read whole or
for a span of days, in pages; what is missing in a span is asked for by its reference before anybody says it is gone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from tieline.sdk.feed import LinePage

Listed = Literal["customer", "project", "contract", "time", "invoice"]
"""Records a system can list. A payment stands on its invoice, as `paid`."""
Fact = Literal["project", "day", "quantity", "amount", "version", "name"]
"""What the rows of a list tell, beside their reference; `name`: the label is the name we write."""


@dataclass(frozen=True, slots=True)
class Days:
    """From the first to the last of these days, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Held:
    """One record of a system's list. Vendor ids are strings; amounts are in `currency`."""

    external_id: str
    reference: str | None
    """Our reference there; None for what people made by hand."""
    project: str | None = None
    """The vendor's id of its project."""
    person: str | None = None
    day: date | None = None
    quantity: Decimal | None = None
    """Minutes, with their sign."""
    amount: Decimal | None = None
    """A project's or contract's value, an invoice's net amount."""
    paid: Decimal | None = None
    currency: str | None = None
    version: int | None = None
    """The contract version it shows."""
    void: bool = False
    label: str | None = None
    """What people call it there: its number or name."""


class Books(Protocol):
    """What a system of any role lists of itself. All calls raise the three errors."""

    @property
    def shows(self) -> Mapping[Listed, frozenset[Fact]]:
        """The records it can list, and the facts their rows tell."""

    @property
    def zeroes_reversed(self) -> bool:
        """Whether a reversal sets the line it takes back to zero instead of standing beside it below zero."""

    @property
    def whole_amounts(self) -> bool:
        """Whether it keeps a project's value in whole units of its currency only."""

    def list_held(self, record: Listed, days: Days | None = None) -> Iterator[Held]:
        """All its records of a kind; with `days` those of these days (time only, others are listed whole)."""

    def find_held(self, record: Listed, references: Sequence[str]) -> Iterator[Held]:
        """The records with these references of ours, whatever their day."""


class SourceBooks(Books, Protocol):
    """The books of a PSA: also what it holds of approved work, as the feeds would bring it."""

    def list_approved(self, kind: Literal["time", "expense"], days: Days | None = None) -> Iterator[LinePage]:
        """Approved lines that exist now, in pages; a line may come twice."""
