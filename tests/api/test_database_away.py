"""While the database is frozen, busy or in conflict, the answer is 503 with Retry-After, and afterwards all goes on."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.api.serving import client_of, desk_on, opportunities
from tests.api.test_webhooks import EVENT, count, push
from tieline import api
from tieline.app import guard
from tieline.engine.intake import Instance
from tieline.sdk.feed import Changed
from tieline.store.database import REPEATS, Connection, Database

PAGES = ("/api/engagements", "/api/exceptions", "/metrics")


@contextmanager
def frozen_sessions(conninfo: str) -> Iterator[None]:
    """All sessions of a database stand still."""
    with psycopg.connect(conninfo, autocommit=True) as db:
        rows = db.execute(
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and backend_type = 'client backend'"
        ).fetchall()
    for (pid,) in rows:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for (pid,) in rows:
            os.kill(pid, signal.SIGCONT)


def assert_later(answer: httpx2.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["error"]["message"]


def test_a_request_ends_by_its_deadline_while_the_database_stands_still(
    client: httpx2.Client, books: Database, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get(PAGES[0]).status_code == 200
    books._pool.resize(1, 1)  # no session is opened that is not frozen
    monkeypatch.setattr(guard, "ANSWER_SECONDS", 0.5)
    with frozen_sessions(database):
        for page in PAGES:
            assert_later(client.get(page))
        assert_later(push(client, EVENT))
    monkeypatch.undo()
    deadline = time.monotonic() + 60
    while client.get(PAGES[0]).status_code != 200:
        assert time.monotonic() < deadline, "it never goes on"
        time.sleep(0.1)
    assert push(client, EVENT).status_code in (200, 202)  # what came too late to be told may have been stored
    assert count(books, "inbox") == 1


def test_with_every_connection_in_use_a_request_is_asked_to_come_again(client: httpx2.Client, books: Database) -> None:
    books._pool.timeout = 0.2
    taken = [books._pool.getconn() for _ in range(books._pool.max_size)]
    for page in PAGES:
        assert_later(client.get(page))
    assert_later(push(client, EVENT))
    for connection in taken:
        books._pool.putconn(connection)
    assert push(client, EVENT).status_code == 202


@pytest.mark.parametrize("code", ["40001", "40P01"])
@pytest.mark.parametrize(("conflicts", "status"), [(REPEATS - 1, 202), (REPEATS, 503)])
def test_a_conflict_is_done_again_and_never_told_as_a_fault_of_ours(
    books: Database, tmp_path: Path, code: str, conflicts: int, status: int
) -> None:
    left = [conflicts]

    def concerns(db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
        if left[0]:
            left[0] -= 1
            db.execute(f"do $$ begin raise exception using errcode = '{code}'; end $$".encode())
        return opportunities(db, connection, changed)

    with client_of(api.build(desk_on(books, tmp_path / "site", concerns))) as client:
        assert push(client, EVENT).status_code == status
        assert push(client, EVENT).status_code == (200 if status == 202 else 202)
    assert count(books, "inbox") == 1
