"""Typed values survive the way to Tryton and back; hostile ones become one clear error."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.tryton.codec import MOST_NESTING, MalformedValue, decode, encode
from tieline.sdk import jsontext

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.timedeltas(timedelta(days=-999), timedelta(days=999)).map(lambda t: t - t % timedelta(milliseconds=1))
    | st.binary()
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc_", max_size=3), inner))


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    text = jsontext.dumps(encode(value))
    if b"\\u0000" not in text:
        assert decode(jsontext.loads(text)) == value


def test_a_moment_of_another_zone_travels_as_utc() -> None:
    berlin = datetime(2026, 3, 4, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert decode(encode(berlin)) == datetime(2026, 3, 3, 23, 30, tzinfo=UTC)


def test_decimals_keep_their_places() -> None:
    assert encode(Decimal("160.0000")) == {"__class__": "Decimal", "decimal": "160.0000"}
    assert encode(date(2026, 3, 4)) == {"__class__": "date", "year": 2026, "month": 3, "day": 4}


@pytest.mark.parametrize(
    "value",
    [
        {"__class__": "Decimal", "decimal": "NaN"},
        {"__class__": "Decimal", "decimal": []},
        {"__class__": "Decimal"},
        {"__class__": "date", "year": 2026, "month": 13, "day": 1},
        {"__class__": "date", "year": "x", "month": 1, "day": 1},
        {"__class__": "datetime", "year": 10**9},
        {"__class__": "timedelta", "seconds": 10**30},
        {"__class__": "bytes", "base64": "§"},
        {"__class__": "bytes", "base64": "a"},
    ],
)
def test_a_broken_typed_value_is_one_clear_error(value: Any) -> None:
    with pytest.raises(MalformedValue):
        decode([{"inside": value}])


def test_an_unknown_class_stays_what_it_is() -> None:
    assert decode({"__class__": "colour", "rgb": [1]}) == {"__class__": "colour", "rgb": [1]}
    assert decode({"__class__": ["Decimal"]}) == {"__class__": ["Decimal"]}


def test_endless_nesting_is_refused() -> None:
    value: Any = 1
    for _ in range(MOST_NESTING + 2):
        value = [value]
    with pytest.raises(MalformedValue):
        decode(value)


def test_a_naive_type_cannot_be_sent_by_mistake() -> None:
    with pytest.raises(TypeError):
        encode({"party": object()})
