"""Lists reach PostgreSQL as they are, whatever their items hold."""

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.store.database import Connection, connect

NASTY = st.text(st.sampled_from("a\",\\{} \n'ä€NULnul"), max_size=6)
TEXT = NASTY | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@pytest.fixture(scope="module")
def session(module_database: str) -> Iterator[Connection]:
    with connect(module_database) as opened:
        yield opened


@given(texts=st.lists(TEXT | st.none(), max_size=6), numbers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=6))
def test_what_goes_in_comes_out(session: Connection, texts: list[str | None], numbers: list[int]) -> None:
    row = session.execute("select %s::text[] as texts, %s::bigint[] as numbers", [texts, numbers]).fetchone()
    assert row == {"texts": texts, "numbers": numbers}


def test_a_text_with_nul_is_refused(session: Connection) -> None:
    with pytest.raises(psycopg.DataError):
        session.execute("select %s::text[]", [["a\0b"]])
