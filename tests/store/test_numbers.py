"""Numbers reach PostgreSQL's COPY as they were written, whatever was stored before them."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.store.database import Connection, connect
from tieline.store.numbers import Numbers

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)


@pytest.fixture(scope="module")
def session(module_database: str) -> Iterator[Connection]:
    with connect(module_database) as opened:
        opened.execute("create temp table numbers (place int, number numeric)")
        yield opened


def copied(session: Connection, numbers: list[Decimal]) -> list[str]:
    session.execute("truncate numbers")
    with session.cursor() as cursor:
        cursor.adapters.register_dumper(None, Numbers)
        with cursor.copy("copy numbers from stdin (format binary)") as copy:
            copy.set_types(["int4", "numeric"])
            for place, number in enumerate(numbers):
                copy.write_row((place, number))
    return [row["digits"] for row in session.execute("select number::text as digits from numbers order by place")]


@given(numbers=st.lists(NUMBERS | NUMBERS.map(Decimal.normalize), max_size=6))
def test_what_is_copied_is_what_was_written(session: Connection, numbers: list[Decimal]) -> None:
    positive = [number if number else abs(number) for number in numbers]  # PostgreSQL's zero has no sign
    assert copied(session, numbers) == [f"{number:f}" for number in positive]


def test_equal_numbers_keep_their_own_digits(session: Connection) -> None:
    written = ["210", "210.00", "210.0", "-0.5", "0.00", "0"]
    assert copied(session, [Decimal(digits) for digits in written]) == written
