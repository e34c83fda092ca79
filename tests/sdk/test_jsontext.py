"""JSON: exact both ways; hostile text is one clear error, whatever it holds."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tieline.sdk.jsontext import MalformedJson, dumps, loads
from tieline.store.database import connect

NUMBERS = st.decimals(min_value=-(10**20), max_value=10**20, places=8) | st.integers(-(10**40), 10**40)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def numbers_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: numbers_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers_as_text(item) for item in value]
    return f"number {value:f}" if isinstance(value, Decimal | int) and not isinstance(value, bool) else value


@given(JSON)
def test_what_is_written_is_read_back_exactly(value: Any) -> None:
    assert numbers_as_text(loads(dumps(value))) == numbers_as_text(value)
    assert dumps(loads(dumps(value))) == dumps(value)


@given(st.dictionaries(TEXT, st.integers(), min_size=2, max_size=6))
def test_equal_values_give_equal_bytes_in_any_order(value: dict[str, int]) -> None:
    assert dumps(dict(reversed(value.items()))) == dumps(value)


def test_a_number_with_a_point_stays_a_decimal_with_all_its_digits() -> None:
    found = loads(b'{"a": 0.10, "b": 1e2, "c": 12345678901234567890.123456789, "d": 7}')
    assert {name: repr(value) for name, value in found.items()} == {
        "a": "Decimal('0.10')",
        "b": "Decimal('1E+2')",
        "c": "Decimal('12345678901234567890.123456789')",
        "d": "7",
    }


HOSTILE = {
    "NaN": b'{"amount": NaN}',
    "Infinity": b"[Infinity, -Infinity]",
    "an exponent of a billion": b'{"amount": 1e999999999}',
    "an exponent no Decimal holds": b'{"amount": 1e9999999999999999999999}',
    "a tiny number": b"1e-999999999",
    "an integer of 5000 digits": b"9" * 5000,
    "100,000 digits behind the point": b"0." + b"1" * 100_000,
    "lists in lists": b"[" * 100_000,
    "objects in objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "an escaped NUL": b'{"name": "a\\u0000b"}',
    "an escaped NUL as a key": b'{"\\u0000": 1}',
    "an escaped NUL behind a backslash": b'"\\\\\\u0000"',
    "a raw NUL": b'"a\x00b"',
    "a raw control character": b'"a\nb"',
    "half a surrogate pair": b'"\\ud800"',
    "the other half": b'"\\udc00 x"',
    "a surrogate as UTF-8": b'"\xed\xa0\x80"',
    "Latin-1": b'"Stra\xdfe"',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a comma too many": b"[1,]",
    "two values": b"{} {}",
    "a comment": b"{} // yes",
    "single quotes": b"{'a': 1}",
    "nothing": b"",
    "HTML": b"<html><body>Scheduled maintenance</body></html>",
    "cut off": b'{"a": [1, 2',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_one_clear_error(text: bytes) -> None:
    with pytest.raises(MalformedJson) as caught:
        loads(text)
    assert len(str(caught.value)) < 200, "the message does not repeat the text"


def test_a_text_with_half_a_surrogate_pair_is_refused_as_well() -> None:
    with pytest.raises(MalformedJson):
        loads('"\ud800"')


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_the_one_error(text: bytes) -> None:
    try:
        value = loads(text)
    except MalformedJson:
        return
    assert loads(dumps(value)) == value


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_only_a_real_nul_is_refused_not_a_backslash_before_u0000(text: str) -> None:
    written = json.dumps(text + "\\u0000")
    if "\0" in text:
        with pytest.raises(MalformedJson):
            loads(written)
    else:
        assert loads(written) == loads(written.encode()) == text + "\\u0000"


@pytest.mark.parametrize(
    "text", ["1e400", "-1e400", "1E-400", "0.1e-399", "9" * 401 + "." + "9" * 400, "9" * 4000, "5e-324", "0.10", "-0.0"]
)
def test_every_number_we_accept_survives_the_database(database: str, text: str) -> None:
    with connect(database) as db:
        row = db.execute("select %s::jsonb as found", [Jsonb({"n": loads(text)})]).fetchone()
    assert row is not None
    assert row["found"] == {"n": loads(text)}
