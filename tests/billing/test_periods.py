"""Accounting periods: the first day that may be open."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.billing.periods import following, month_of, next_open_day

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("month", "closed", "today", "day"),
    [
        (date(2026, 10, 1), [], date(2026, 11, 2), date(2026, 11, 1)),
        (date(2026, 12, 1), [], date(2027, 1, 5), date(2027, 1, 1)),
        (date(2026, 9, 1), [date(2026, 10, 1)], date(2026, 11, 2), date(2026, 11, 1)),
        (date(2026, 10, 1), [], date(2026, 10, 30), date(2026, 11, 1)),
        (date(2026, 10, 1), [date(2026, 11, 1)], date(2026, 10, 30), None),
    ],
)
def test_the_first_open_day(month: date, closed: list[date], today: date, day: date | None) -> None:
    assert next_open_day(month, closed, today) == day


@given(DAYS, st.sets(DAYS.map(month_of)), DAYS)
def test_it_is_a_first_later_than_the_month_not_closed_and_no_later_than_next_month(
    month: date, closed: set[date], today: date
) -> None:
    day = next_open_day(month_of(month), closed, today)
    if day is not None:
        assert (day.day, day in closed) == (1, False)
        assert month_of(month) < day <= following(today)
