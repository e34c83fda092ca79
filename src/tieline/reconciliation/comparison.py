"""A comparison of two sides about one kind of record: how its sheet is filled, looked at again, and what mends it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tieline.lane.pricing import Pricing
from tieline.reconciliation.period import Period
from tieline.reconciliation.sheet import Difference, Sheet
from tieline.sdk.books import Fact
from tieline.sdk.connected import Connected
from tieline.store.database import Connection, Database

Record = Literal["opportunity", "customer", "project", "contract", "time", "expense", "milestone", "invoice", "payment"]
Repair = Literal["wake", "re_read", "ensure", "take_back", "person"]
"""What mends a discrepancy: look again here, read the source anew, write ours again, take it back, or a person."""
TIELINE = "tieline"


@dataclass(frozen=True, kw_only=True)
class Firm:
    """What reconciliation works on."""

    database: Database
    connected: Mapping[str, Connected]
    pricing: Pricing
    entities: tuple[str, ...]
    """Codes of the legal entities."""
    grace: timedelta = timedelta(minutes=15)
    """How long a change may be under way before it counts as missed."""

    def system(self, connection: str) -> str:
        """The name of a side for people."""
        return self.connected[connection].facts.system if connection in self.connected else "Tieline"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is compared: all, or what concerns one connection or legal entity; lines of a period."""

    period: Period
    connection: str | None = None
    entity: str | None = None


def nothing_more(sheet: Sheet, missing: Sequence[str], extra: Sequence[str]) -> bool:
    """Whole lists leave nothing to look at again."""
    return False


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`left` says what is wanted, `right` is where it is looked for; one of them is Tieline itself."""

    left: str
    right: str
    record: Record
    facts: frozenset[Fact]
    fill: Callable[[Sheet], None]
    """Puts both sides on the sheet. Raises the three errors."""
    look_again: Callable[[Sheet, Sequence[str], Sequence[str]], bool] = nothing_more
    """(sheet, missing keys, extra keys): adds what the scope cut off, takes away what is under way; whether it did."""
    repair: Callable[[Connection, Sequence[Difference]], Mapping[int, Repair]] = field(
        default=lambda db, differences: {}
    )
    """What mends each difference, by its place; a person where nothing is said."""

    def concerns(self, connection: str) -> bool:
        """Whether one of the sides is this connection."""
        return connection in (self.left, self.right)


def compare(sheet: Sheet, comparison: Comparison) -> list[Difference]:
    """Everything the sides disagree about, after a second look at what the first one missed."""
    sheet.clear()
    comparison.fill(sheet)
    found = sheet.differences(comparison.facts)
    missing = [one.key for one in found if one.kind == "missing"]
    extra = sorted({one.key for one in found if one.kind in ("extra", "duplicate") and one.expected is None})
    if (missing or extra) and comparison.look_again(sheet, missing, extra):
        found = sheet.differences(comparison.facts)
    return found


def by_kind(repairs: Mapping[str, Repair]) -> Callable[[Connection, Sequence[Difference]], Mapping[int, Repair]]:
    """Repairs that follow from the kind of a difference alone."""

    def repair(db: Connection, differences: Sequence[Difference]) -> Mapping[int, Repair]:
        return {place: repairs[one.kind] for place, one in enumerate(differences) if one.kind in repairs}

    return repair


def now_of(db: Connection) -> datetime:
    """The database's clock."""
    row = db.execute("select clock_timestamp() as now").fetchone()
    assert row is not None
    now: datetime = row["now"]
    return now
