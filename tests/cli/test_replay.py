"""`tieline replay` and `tieline replays`: what a person asks, joins, watches and stops."""

import threading
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tieline.engine.wake import wake
from tieline.store.canonical import open_engagement
from tieline.store.database import Database

HOSTILE = "O'Brien [/red] 🚀"


@pytest.fixture
def thread(books: Database) -> Database:
    """An engagement with a process that ran."""
    with books.transaction() as db:
        open_engagement(db, "eng_1", "opp_1", HOSTILE, "cus_1", "A")
        wake(db, "staffing", "prj_1", "eng_1", "event")
        db.execute("update agenda set done = wanted, state = 'done'")
        db.execute("delete from procrastinate_jobs")
    return books


def test_a_replay_is_asked_for_joined_listed_and_stopped(tieline: Command, stored: Path, thread: Database) -> None:
    ran = tieline("replay", "--engagement", "o'brien", "--as", "Dana [/red]", "--site", stored)
    assert ran.code == 0, ran.err
    assert f"Replay 1 of “{HOSTILE}”: 0 of 1 processes looked again" in ran.out
    again = tieline("replay", "--engagement", "eng_1", "--json", "--site", stored).json()
    assert (again["joined"], again["replay"]["number"], again["replay"]["requested_by"]) == (True, 1, "Dana [/red]")
    listed = tieline("replays", "--site", stored)
    assert "Dana [/red]" in listed.out
    (row,) = tieline("replays", "--stop", "1", "--as", "Tom", "--json", "--site", stored).json()
    assert (row["state"], row["stopped_by"]) == ("stopped", "Tom")
    assert "is not running" in tieline("replays", "--stop", "1", "--site", stored).sentence()


def test_a_person_may_wait_until_it_is_done(tieline: Command, stored: Path, thread: Database) -> None:
    def worker() -> None:
        with thread.transaction() as db:
            db.execute("delete from replay_item")
            db.execute("update replay set state = 'done', looked = items, ended_at = clock_timestamp()")

    later = threading.Timer(1.0, worker)
    later.start()
    ran = tieline("replay", "--engagement", "eng_1", "--wait", "--json", "--site", stored).json()
    later.join()
    assert (ran["replay"]["state"], ran["replay"]["looked"]) == ("done", 1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Say what to replay: an engagement, an effect, a record, a connection, or a time range."),
        (["--engagement", "nobody"], "No engagement begins with 'nobody'; list them with: tieline engagements"),
        (["--record", "time:1"], "Name a record as connection:record:id, for example kantata:time:4711."),
        (["--record", "kantata:time:1"], "There is nothing to replay: we know nothing of time 1 of kantata."),
        (["--effect", "9"], "There is nothing to replay: we know nothing of effect 9."),
        (["--since", "soon"], "'soon' is no time; write it as 2026-11-01 or 2026-11-01T08:00+01:00."),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "The time range ends before it begins."),
    ],
)
def test_what_cannot_be_replayed_is_told_in_a_sentence(
    tieline: Command, stored: Path, thread: Database, options: list[str], sentence: str
) -> None:
    assert tieline("replay", *options, "--site", stored).sentence() == sentence


def test_nothing_replayed_yet_says_so(tieline: Command, stored: Path) -> None:
    assert tieline("replays", "--site", stored).out == "Nothing was replayed yet.\n"
