"""Exchange rates: the newest one of a day or before, with where it comes from."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tieline.model.firm import FxRate

OLDEST = timedelta(days=7)
"""Over a long weekend; an older rate is none."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A rate and, in words, whose it is."""

    rate: Decimal
    words: str


class FxRates:
    """The site's rates, by pair of currencies and day."""

    def __init__(self, rates: Iterable[FxRate] = ()) -> None:
        self._rates: dict[tuple[str, str], list[FxRate]] = {}
        for rate in sorted(rates, key=lambda one: one.day):
            self._rates.setdefault((rate.base, rate.quote), []).append(rate)

    def find(self, base: str, quote: str, day: date) -> Conversion | None:
        """The rate in force on a day, at most a week old."""
        known = self._rates.get((base, quote), [])
        place = bisect_right(known, day, key=lambda one: one.day)
        if place == 0 or day - known[place - 1].day > OLDEST:
            return None
        found = known[place - 1]
        return Conversion(found.rate, f"{found.source} {found.day}")
