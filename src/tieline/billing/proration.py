"""Proration by days: parts of a period's price that add up to the price exactly."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tieline.model.money import Money, rounded


def prorated(price: Money, days: Sequence[int], whole: int) -> list[Decimal]:
    """The price of parts of a period; all days together cost the price, to the last digit of its currency."""
    rest = whole - sum(days)
    return [part.amount for part in price.split([*days, rest])[: len(days)]]


def by_days(price: Money, first: date, last: date, at: date) -> Decimal:
    """What of a price is earned by the end of a day, spread evenly from its first to its last day."""
    whole = (last - first).days + 1
    gone = min(whole, max(0, (at - first).days + 1))
    return rounded(price.amount * gone / whole, price.currency)
