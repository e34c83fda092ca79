"""PostgreSQL is long about a commit of ours: what was meant to be sent then is not sent when it answers."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.e2e.deals import Line, win
from tests.e2e.world import World
from tests.faults.books import books, doubles
from tests.faults.firm import firm, left_open
from tests.faults.zombies import Zombies, answered
from tieline.sdk.http import SEND_WINDOW

_WAITS = """
create function wait_for_the_test() returns trigger language plpgsql as $$
begin perform pg_advisory_xact_lock_shared(4711); return null; end $$;
create constraint trigger waits after insert or update on effect deferrable initially deferred
  for each row execute function wait_for_the_test()
"""


@pytest.mark.torture
@pytest.mark.timeout(300)
def test_a_commit_that_was_answered_too_late_is_followed_by_no_call(here: World, database: str) -> None:
    with firm(here, database, "effect.intending:1:freeze") as run:
        zombies = Zombies(run)
        win(here, "Deal of a frozen commit", Line())
        first = run.worker
        first.tell("settle")
        assert not answered(first), "it comes to its first intent"
        try:
            with commits_wait(database):
                first.signal(signal.SIGCONT)  # it asks to commit, and is not answered
                run.here.until(lambda: run.rows(_HANGS), "commit that hangs")
                zombies.bury(first)
                run.worker.tell("settle")  # its successor waits for the same row
                time.sleep(SEND_WINDOW + 0.3)
            zombies.thaw()
            assert run.worker.heard(80)
            assert run.worker.answer() == ""
            zombies.settle()
        finally:
            zombies.end()
        # The first intent was followed by no call of its author: the successor's is the only one.
        sent = run.rows("select attempts, label from effect where attempts > 1")
        assert len(sent) <= 1, sent
        assert written_twice(here) == []
        assert doubles(books(here)) == {}
        assert left_open(run) == []


_HANGS = """
select pid from pg_locks where locktype = 'advisory' and objid = 4711 and not granted
  and database = (select oid from pg_database where datname = current_database())
"""


@contextmanager
def commits_wait(database: str) -> Iterator[None]:
    """Whoever wrote an effect stands still at the end of its commit."""
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(_WAITS)
        db.execute("select pg_advisory_lock(4711)")
        yield


def written_twice(here: World) -> list[str]:
    """Records of ours the vendors were sent twice with the same content."""
    seen, twice = set[str](), list[str]()
    for vendor in here.urls:
        for entry in here.ledger(vendor):
            if entry["external_key"]:
                told = f"{vendor} {entry['operation']} {entry['external_key']} {entry['body']}"
                twice += [told] if told in seen else []
                seen.add(told)
    return twice
