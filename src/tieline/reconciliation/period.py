"""Periods: calendar months, one or several in a row."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from tieline.sdk.books import Days

_MONTH = re.compile(r"(?!0000)\d{4}-(0[1-9]|1[0-2])", re.ASCII)
STANDING = "-"
"""The period of records that belong to none: customers, projects, contracts."""


@dataclass(frozen=True, slots=True)
class Period:
    """From a month to a month, both included."""

    first: date
    """First day of the first month."""
    last: date
    """Last day of the last month."""

    @property
    def days(self) -> Days:
        """The days of it."""
        return Days(self.first, self.last)

    def __str__(self) -> str:
        months = (f"{self.first:%Y-%m}", f"{self.last:%Y-%m}")
        return months[0] if months[0] == months[1] else "..".join(months)


def period_of(text: str) -> Period:
    """`2026-11` or `2026-09..2026-11`. Raises ValueError."""
    first, dots, last = text.partition("..")
    months = (first, last) if dots else (first, first)
    if not all(_MONTH.fullmatch(month) for month in months):
        raise ValueError(f"'{text[:40]}' is no period: write a month such as 2026-11, or 2026-09..2026-11")
    begin, end = (date(int(month[:4]), int(month[5:]), 1) for month in months)
    if end < begin:
        raise ValueError(f"'{text[:40]}' ends before it begins")
    return Period(begin, end.replace(day=monthrange(end.year, end.month)[1]))


def newest(months: int, today: date) -> Period:
    """The month of `today` and those before it, `months` in all."""
    count = today.year * 12 + today.month - 1 - (months - 1)
    first = date(count // 12, count % 12 + 1, 1)
    return Period(first, date(today.year, today.month, monthrange(today.year, today.month)[1]))
