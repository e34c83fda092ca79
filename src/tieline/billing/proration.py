"""Proration by days: parts of a period's price that add up to the price exactly."""

from collections.abc import Sequence
from decimal import Decimal

from tieline.model.money import Money


def prorated(price: Money, days: Sequence[int], whole: int) -> list[Decimal]:
    """The price of parts of a period; all days together cost the price, to the last digit of its currency."""
    rest = whole - sum(days)
    return [part.amount for part in price.split([*days, rest])[: len(days)]]
