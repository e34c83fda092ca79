"""Retry-After: seconds or a date, whatever a vendor writes; always a second to an hour, or nothing."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.sdk.http import retry_after

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


DATES = st.datetimes().map(format_datetime)
CLOSE_TO_DATES = st.text("MonJa,0129: +-GTZ", max_size=40) | st.builds(str.replace, DATES, st.just("0"), st.text())


@given(st.text() | st.floats().map(str) | st.integers().map(str) | DATES | CLOSE_TO_DATES)
def test_any_header_is_a_second_to_an_hour_or_nothing(header: str) -> None:
    found = retry_after(header)
    assert found is None or SECOND <= found <= HOUR


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("90", timedelta(seconds=90)),
        ("0.5", SECOND),
        ("-10", SECOND),
        ("1e400", HOUR),
        ("9" * 6000, HOUR),
        ("-inf", SECOND),
        ("NaN", None),
        ("", None),
        (None, None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", SECOND),
        ("Fri, 31 Dec 9999 23:59:59 GMT", HOUR),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None),
    ],
)
def test_absurd_negative_and_dated_headers(header: str | None, expected: timedelta | None) -> None:
    assert retry_after(header) == expected


def test_a_date_in_ten_minutes_is_ten_minutes() -> None:
    found = retry_after(format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True))
    assert found is not None
    assert timedelta(minutes=9) < found <= timedelta(minutes=10)
