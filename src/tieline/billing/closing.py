"""What stands in the way of closing an engagement, and what is left of its retainer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.billing.facts import SIXTY, Timeline, Work
from tieline.billing.retainer import statements
from tieline.model.billing_terms import Retainer
from tieline.model.money import Money, rounded


@dataclass(frozen=True, kw_only=True)
class ClosingFacts:
    """What is open at an engagement. Corrections that are worth more than what they are credited on are negative."""

    unbilled: tuple[Money, ...] = ()
    waiting_lines: int = 0
    """Lines that wait for an exception or a correction, priced or not."""
    under_way: int = 0
    """Lines on their way to the ERP."""
    drafts: tuple[str, ...] = ()
    """Invoices nobody has released."""
    questions: tuple[str, ...] = ()
    """Approvals that were asked for."""
    troubles: tuple[str, ...] = ()
    """Exceptions that concern the engagement itself."""
    change_orders: tuple[str, ...] = ()
    """Neither approved nor given up."""
    outstanding: tuple[Money, ...] = ()
    """Invoiced and unpaid; this goes on after the close."""

    @property
    def corrections(self) -> tuple[Money, ...]:
        """What no invoice will credit any more."""
        return tuple(one for one in self.unbilled if one.amount < 0)


def obstacles(facts: ClosingFacts) -> list[str]:
    """Each as a sentence, in the order in which they are cleared; empty when nothing is in the way."""
    found = [f"{_lines(facts.waiting_lines)} for an exception or a correction"] if facts.waiting_lines else []
    if facts.under_way:
        found.append(f"{_count(facts.under_way, 'entry is', 'entries are')} on the way to the ERP")
    found += [f"change order {order} is neither approved nor given up" for order in facts.change_orders]
    found += [f"'{question}' is not decided" for question in facts.questions]
    found += [f"an exception is open: {trouble}" for trouble in facts.troubles]
    found += [f"{one} is not billed" for one in facts.unbilled if one.amount > 0]
    found += [f"draft invoice {draft} is not released" for draft in facts.drafts]
    return found


def _lines(count: int) -> str:
    return _count(count, "approved line waits", "approved lines wait")


def _count(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


@dataclass(frozen=True, slots=True)
class Remainder:
    """What was paid for and not used when an engagement is closed."""

    retainer: Retainer
    value: Money
    minutes: Decimal | None = None
    """Of a retainer of hours."""

    @property
    def is_forfeited(self) -> bool:
        """Whether the contract gives nothing back."""
        return self.retainer.remainder == "forfeit"


def retainer_remainder(timeline: Timeline, work: Sequence[Work], day: date) -> Remainder | None:
    """What is left on a day, at what it was bought for: an hour is worth its share of the fee."""
    periods = statements(timeline, work, day)
    if not periods:
        return None
    last = periods[-1]
    # What expires with the period is there until it ends.
    left = last.balance + (last.expired if day <= last.span.last else Decimal(0))
    retainer, currency = last.retainer, last.version.currency
    if left <= 0 or retainer.hours == 0:
        return None
    value = left if retainer.hours is None else left / SIXTY * retainer.fee / retainer.hours
    minutes = None if retainer.hours is None else left
    return Remainder(retainer, Money(amount=rounded(value, currency), currency=currency), minutes)
