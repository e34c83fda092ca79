"""Sessions: what makes either side notice that the other is gone."""

import psycopg
import pytest

from tieline.store.database import SERVER, Database, connect, lasting


def test_a_transaction_nobody_goes_on_with_gives_its_rows_back(database: str) -> None:
    impatient = f"{database}&options=-c%20idle_in_transaction_session_timeout%3D100ms"
    with connect(database) as other, connect(impatient) as frozen:
        other.execute("create table thing as select 1 as n")
        frozen.execute("begin")
        frozen.execute("update thing set n = 2")
        other.execute("set lock_timeout = '60s'")
        other.execute("update thing set n = n + 10")
        assert other.execute("select n from thing").fetchone() == {"n": 11}
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            frozen.execute("commit")


def test_every_session_of_ours_has_these_limits_and_what_the_address_says_wins(database: str) -> None:
    chosen = f"{database}&connect_timeout=3&options=-c%20idle_in_transaction_session_timeout%3D7s%20-c%20jit%3Don"
    opened = Database(chosen)
    try:
        with opened.connection() as db:
            told = {name: db.execute(f"show {name}".encode()).fetchone() for name in [*SERVER, "jit"]}
    finally:
        opened.close()
    assert told["idle_in_transaction_session_timeout"] == {"idle_in_transaction_session_timeout": "7s"}
    with connect(database) as usual:
        ours = usual.execute("show idle_in_transaction_session_timeout").fetchone()
    assert ours == {"idle_in_transaction_session_timeout": "1min"}
    assert told["jit"] == {"jit": "on"}
    assert "connect_timeout=3" in lasting(chosen)
    assert "tcp_user_timeout" in lasting(database)
