"""Weeks ahead, and hours spread over their working days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

ZERO = Decimal(0)
WEEK = timedelta(days=7)
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks from today on, each by its Monday; the first is what is left of this week, or the next one at a weekend."""

    today: date
    count: int

    @property
    def mondays(self) -> tuple[date, ...]:
        """The Monday of each."""
        return tuple(self.first + WEEK * number for number in range(self.count))

    @property
    def first(self) -> date:
        """The first Monday."""
        return monday_of(self.today) + (WEEK if self.today.weekday() >= SATURDAY else timedelta(0))

    @property
    def last(self) -> date:
        """The last day of all."""
        return self.first + WEEK * self.count - timedelta(days=1)

    def days(self, number: int) -> tuple[date, date]:
        """First and last day of one; of this week only what is left."""
        monday = self.first + WEEK * number
        return max(monday, self.today), monday + WEEK - timedelta(days=1)


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weekdays(first: date, last: date) -> int:
    """How many days from Monday to Friday lie between two days, both included."""
    return max(0, _weekdays_until(last) - _weekdays_until(first - timedelta(days=1))) if first <= last else 0


def _weekdays_until(day: date) -> int:
    """From Monday, 1 January of the year 1."""
    whole, rest = divmod(day.toordinal(), 7)
    return whole * 5 + min(rest, 5)


def spread(hours: Decimal, start: date, end: date, weeks: Sequence[tuple[date, date]]) -> list[Decimal]:
    """The hours that fall into each week, evenly over the weekdays of the work; what lies outside is left out.

    Work on a weekend alone counts on its first day.
    """
    whole = weekdays(start, end)
    if not whole:
        return [hours if first <= start <= last else ZERO for first, last in weeks]
    parts = (weekdays(max(first, start), min(last, end)) for first, last in weeks)
    return [hours * part / whole if part else ZERO for part in parts]
