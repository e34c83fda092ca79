"""Accounting periods are months: which one a day is in, and the first day that may be open after a closed one."""

from collections.abc import Collection
from datetime import date, timedelta


def month_of(day: date) -> date:
    """The first of its month."""
    return day.replace(day=1)


def following(month: date) -> date:
    """The first of the month after."""
    return month_of(month_of(month) + timedelta(days=32))


def next_open_day(month: date, closed: Collection[date], today: date) -> date | None:
    """The first day of the first month after `month` that is not known to be closed.

    None when that would be later than the first of the next month: where all is refused, closing is not the reason.
    """
    day = following(month)
    while day in closed:
        day = following(day)
    return day if day <= following(today) else None
