"""Events that wait together are stored together; each sender gets its own answer, and the trouble of its own alone."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.api.serving import desk_on, opportunities, served
from tests.api.test_webhooks import EVENT, count, push
from tieline import api
from tieline.api import group_commit
from tieline.api.errors import ApiError
from tieline.api.group_commit import LARGEST_GROUP, GroupCommit
from tieline.engine.intake import Arrival, Instance
from tieline.sdk.feed import Changed
from tieline.store.database import Connection, Database

WAITS = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


def arrival(record: str, event: str = "msg_1") -> Arrival:
    return Arrival("salesforce", f"{record}:{event}", Changed("opportunity", record, 7), {"n": 1}, b'{"n": 1}')


def stored(commit: GroupCommit, arrivals: Sequence[Arrival]) -> list[bool | BaseException]:
    """What each of many senders is told that come at the same moment."""

    async def all_at_once() -> list[bool | BaseException]:
        return await asyncio.gather(*map(commit.store, arrivals), return_exceptions=True)

    return asyncio.run(all_at_once())


def test_each_of_many_senders_gets_its_own_answer_and_each_event_is_stored_once(books: Database) -> None:
    groups = []

    def concerns(db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
        groups.append(len(changed))
        return opportunities(db, connection, changed)

    commit = GroupCommit(books, concerns)
    events = [arrival(f"006{number % 40}") for number in range(150)]
    assert stored(commit, events) == [number < 40 for number in range(150)]
    assert groups == [40], "one commit had them all; the groups after it were repeats"
    assert LARGEST_GROUP < 150
    assert stored(commit, [*events, arrival("006new")]) == [False] * 150 + [True]
    assert (count(books, "inbox"), count(books, "agenda"), count(books, "procrastinate_jobs")) == (41, 41, 41)


def test_one_event_that_cannot_be_stored_takes_no_other_with_it(books: Database) -> None:
    def concerns(db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
        if any(one.external_id == "bad" for one in changed):
            raise ZeroDivisionError
        return opportunities(db, connection, changed)

    commit = GroupCommit(books, concerns)
    first, bad, no_text, last = stored(commit, [arrival("a"), arrival("bad"), arrival("\ud800"), arrival("z")])
    assert (first, last) == (True, True)
    assert isinstance(bad, ZeroDivisionError)
    assert isinstance(no_text, UnicodeEncodeError)
    assert stored(commit, [arrival("a"), arrival("z")]) == [False, False]
    assert count(books, "inbox") == count(books, "agenda") == 2


def test_with_too_many_waiting_the_next_sender_is_asked_to_come_again(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "MOST_WAITING", 2)
    told = stored(GroupCommit(books, opportunities), [arrival("a"), arrival("b"), arrival("c")])
    assert told[:2] == [True, True]
    assert isinstance(told[2], ApiError)
    assert told[2].status == 503
    assert count(books, "inbox") == 2


def test_a_row_that_somebody_holds_stops_only_the_events_that_need_it(
    books: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE", 0.05)
    with served(api.build(desk_on(books, tmp_path / "site"))) as url, held(books, "0061") as release:
        waiting, told = pushing(url, "0061")
        until_somebody_waits(books)
        with httpx2.Client(base_url=url, timeout=60) as client:
            assert [push(client, {**EVENT, "id": f"007{n}"}, event_id=f"m{n}").status_code for n in (1, 2)] == [202] * 2
        assert told == []
        release()
        waiting.join(60)
    assert told == [202]


def test_what_is_being_stored_when_the_server_ends_is_answered(books: Database, tmp_path: Path) -> None:
    with held(books, "0061") as release:
        with served(api.build(desk_on(books, tmp_path / "site"))) as url:
            waiting, told = pushing(url, "0061")
            until_somebody_waits(books)
            threading.Timer(0.3, release).start()
        waiting.join(60)
    assert told == [202]
    assert count(books, "inbox") == 1


@contextmanager
def held(books: Database, key: str) -> Iterator[Callable[[], None]]:
    """Somebody holds the agenda's row of an opportunity, until told to release it."""
    released, is_held = threading.Event(), threading.Event()

    def hold() -> None:
        with books.transaction() as db:
            db.execute(
                "insert into agenda (flow, key, engagement) values ('opportunity_to_contract', %s, %s)", [key, key]
            )
            is_held.set()
            released.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait(60)
    try:
        yield released.set
    finally:
        released.set()
        holder.join(60)


def pushing(url: str, record: str) -> tuple[threading.Thread, list[int]]:
    """A sender at work, and what it is told."""
    told: list[int] = []

    def send() -> None:
        with httpx2.Client(base_url=url, timeout=60) as client:
            told.append(push(client, {**EVENT, "id": record}).status_code)

    thread = threading.Thread(target=send)
    thread.start()
    return thread, told


def until_somebody_waits(books: Database) -> None:
    give_up = time.monotonic() + 60
    while True:
        with books.connection() as db:
            if db.execute(WAITS).fetchone() is not None:
                return
        assert time.monotonic() < give_up, "nobody waits for the row"
        time.sleep(0.01)
