"""PostgreSQL freezes in the middle of our commit: what was meant to be sent then is not sent when it thaws."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.e2e.deals import Line, win
from tests.e2e.world import World
from tests.faults.books import books, doubles
from tests.faults.firm import Firm, firm, left_open
from tests.faults.zombies import Zombies, answered
from tieline.sdk.http import SEND_WINDOW


@pytest.mark.torture  # beside other tests it sometimes finds no session in the middle of a transaction
@pytest.mark.timeout(300)
def test_a_commit_that_was_answered_too_late_is_followed_by_no_call(here: World, database: str) -> None:
    with firm(here, database, "effect.intending:1:freeze") as run:
        zombies = Zombies(run)
        win(here, "Deal of a frozen commit", Line())
        first = run.worker
        first.tell("settle")
        assert not answered(first), "it comes to its first intent"
        try:
            with frozen_in_transaction(run):
                first.signal(signal.SIGCONT)  # it asks to commit, and is not answered
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


@contextmanager
def frozen_in_transaction(run: Firm) -> Iterator[None]:
    """The sessions that are in the middle of a transaction stand still."""
    query = "select pid from pg_stat_activity where datname = current_database() and state = 'idle in transaction'"
    found = run.here.until(lambda: run.rows(query), "session in the middle of a transaction")
    for row in found:
        os.kill(row["pid"], signal.SIGSTOP)
    try:
        yield
    finally:
        for row in found:
            with suppress(ProcessLookupError):
                os.kill(row["pid"], signal.SIGCONT)


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
