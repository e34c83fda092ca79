"""Intake: an event counts once, and a cursor never gets ahead of its events."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tieline.engine.intake import Arrival, Instance, deliver, note_failure, push_position, receive, sweep
from tieline.sdk.connected import Pushed
from tieline.sdk.errors import Unavailable
from tieline.sdk.feed import Changed, Changes
from tieline.store.database import Connection

Pages = Callable[[str | None], Changes[Changed]]


def changed(number: int, version: int = 1, deleted: bool = False) -> Changed:
    return Changed("opportunity", f"006{number}", version, deleted)


def feed(*pages: list[Changed]) -> Pages:
    """A feed of pages; the cursor is the number of the next page, and the last page is always read again."""

    def read(cursor: str | None) -> Changes[Changed]:
        number = min(int(cursor or 0), len(pages) - 1)
        return Changes(pages[number], str(number + 1), more=number + 1 < len(pages))

    return read


def concerns(db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
    return [("f", one.external_id, one.external_id) for one in changed]


def fails_on_the_third(db: Connection, connection: str, changed: Sequence[Changed]) -> list[Instance]:
    if any(one.external_id == "0063" for one in changed):
        raise ZeroDivisionError
    return concerns(db, connection, changed)


def pushed(number: int, event_id: str = "") -> Pushed:
    return Pushed(
        event_id or f"event-{number}", f"position-{number}", changed(number), {"n": number, "x": "O'Brien 🚀"}
    )


def agenda(bench: Bench) -> dict[str, int]:
    return {row["key"]: row["wanted"] for row in bench.rows("select key, wanted from agenda")}


def position(bench: Bench, stream: str = "crm:opportunities") -> Any:
    rows = bench.rows("select position from feed_cursor where stream = %s", stream)
    return rows[0]["position"] if rows else None


def test_a_sweep_reads_all_pages_and_wakes_each_change_once(bench: Bench) -> None:
    pages = feed([changed(1), changed(2)], [changed(2), changed(3)])
    assert sweep(bench.database, "crm", "opportunities", pages, concerns) == 3
    assert sweep(bench.database, "crm", "opportunities", pages, concerns) == 0
    assert agenda(bench) == {"0061": 1, "0062": 1, "0063": 1}
    assert len(bench.rows("select id from inbox")) == 3
    assert position(bench) == "2"


def test_a_record_that_changed_twice_within_the_second_of_its_version_is_looked_at_again(bench: Bench) -> None:
    pages = feed([changed(1)])
    assert sweep(bench.database, "erp", "invoices", pages, concerns) == 1
    assert sweep(bench.database, "erp", "invoices", pages, concerns) == 0
    bench.rows("update inbox set received_at = received_at - interval '3 seconds' returning id")
    assert sweep(bench.database, "erp", "invoices", pages, concerns) == 1, "its version may be older than its content"
    bench.rows("update inbox set received_at = received_at - interval '3 seconds' returning id")
    assert sweep(bench.database, "erp", "invoices", pages, concerns) == 0
    assert agenda(bench) == {"0061": 2}


def test_a_newer_version_and_a_deletion_are_events_of_their_own(bench: Bench) -> None:
    pages = feed([changed(1), changed(1, version=2), changed(1, version=2, deleted=True)])
    assert sweep(bench.database, "crm", "opportunities", pages, concerns) == 3
    assert len(bench.rows("select id from inbox")) == 3
    assert agenda(bench) == {"0061": 1}, "one look sees them all"


def test_the_same_record_of_two_connections_is_two_events(bench: Bench) -> None:
    for connection in ("crm", "crm2"):
        assert sweep(bench.database, connection, "opportunities", feed([changed(1)]), concerns) == 1


def test_a_cursor_commits_with_its_events_or_not_at_all(bench: Bench) -> None:
    pages = feed([changed(1)], [changed(2), changed(3)])
    with pytest.raises(ZeroDivisionError):
        sweep(bench.database, "crm", "opportunities", pages, fails_on_the_third)
    assert position(bench) == "1"
    assert agenda(bench) == {"0061": 1}, "the second page left nothing behind"
    assert sweep(bench.database, "crm", "opportunities", pages, concerns) == 2
    assert agenda(bench) == {"0061": 1, "0062": 1, "0063": 1}


def test_what_was_read_before_the_vendor_went_away_is_kept(bench: Bench) -> None:
    whole = feed([changed(1)], [changed(2)])

    def breaks(cursor: str | None) -> Changes[Changed]:
        if cursor is not None:
            raise Unavailable("crm", "cannot be reached")
        return whole(cursor)

    with pytest.raises(Unavailable) as caught:
        sweep(bench.database, "crm", "opportunities", breaks, concerns)
    note_failure(bench.database, "crm:opportunities", caught.value)
    note_failure(bench.database, "crm:opportunities", caught.value)
    (row,) = bench.rows("select position, failures, problem from feed_cursor")
    assert row == {"position": "1", "failures": 2, "problem": "cannot be reached"}
    assert sweep(bench.database, "crm", "opportunities", whole, concerns) == 1
    assert bench.rows("select failures, problem from feed_cursor") == [{"failures": 0, "problem": None}]


def test_a_sweep_by_two_workers_handles_each_event_once(bench: Bench) -> None:
    pages, both, found = feed(*([changed(n)] for n in range(20))), threading.Barrier(2), []

    def together(cursor: str | None) -> Changes[Changed]:
        if cursor is None:
            both.wait(20)
        return pages(cursor)

    def work() -> None:
        found.append(sweep(bench.database, "crm", "opportunities", together, concerns))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert sum(found) == 20
    assert set(agenda(bench).values()) == {1}
    assert len(agenda(bench)) == 20
    assert position(bench) == "20"


def test_a_sweep_never_puts_the_cursor_back_behind_another_worker(bench: Bench) -> None:
    slow_has_read, fast_is_done = threading.Event(), threading.Event()
    pages = feed([changed(1)], [changed(2)], [changed(3)])

    def slow(cursor: str | None) -> Changes[Changed]:
        page = pages(cursor)
        if cursor is None:
            slow_has_read.set()
            fast_is_done.wait(20)
        return page

    thread = threading.Thread(target=sweep, args=(bench.database, "crm", "opportunities", slow, concerns))
    thread.start()
    slow_has_read.wait(20)
    assert sweep(bench.database, "crm", "opportunities", pages, concerns) == 3
    fast_is_done.set()
    thread.join()
    assert position(bench) == "3"
    assert set(agenda(bench).values()) == {1}


def test_pushed_events_commit_with_the_position_of_the_stream_and_a_repeat_ends_in_the_inbox(bench: Bench) -> None:
    assert push_position(bench.database, "crm") is None
    assert deliver(bench.database, "crm", [pushed(1), pushed(2)], concerns) == 2
    assert deliver(bench.database, "crm", [pushed(2), pushed(3)], concerns) == 1
    assert push_position(bench.database, "crm") == "position-3"
    assert agenda(bench) == {"0061": 1, "0062": 1, "0063": 1}
    assert bench.rows("select body from inbox where vendor_event_id = 'event-3'") == [
        {"body": {"n": 3, "x": "O'Brien 🚀"}}
    ]
    assert bench.rows("select distinct reasons from agenda") == [{"reasons": ["event"]}]


def test_a_delivery_that_fails_is_delivered_again_as_a_whole(bench: Bench) -> None:
    deliver(bench.database, "crm", [pushed(1)], concerns)

    with pytest.raises(ZeroDivisionError):
        deliver(bench.database, "crm", [pushed(2), pushed(3)], fails_on_the_third)
    assert push_position(bench.database, "crm") == "position-1"
    assert agenda(bench) == {"0061": 1}
    assert deliver(bench.database, "crm", [pushed(2), pushed(3)], concerns) == 2


def test_what_comes_together_from_several_connections_is_told_apart(bench: Bench) -> None:
    arrivals = [Arrival(name, "event-1", changed(number)) for number, name in enumerate(("psa", "crm", "psa", "erp"))]
    with bench.database.transaction() as db:
        assert receive(db, arrivals, concerns, "event") == [True, True, False, True]
        assert receive(db, arrivals, concerns, "event") == [False] * 4
    assert agenda(bench) == {"0060": 1, "0061": 1, "0063": 1}, "a repeat wakes nobody"


def test_nothing_pushed_moves_nothing(bench: Bench) -> None:
    assert deliver(bench.database, "crm", [], concerns) == 0
    assert push_position(bench.database, "crm") is None


def test_an_event_that_was_swept_and_pushed_wakes_with_both_reasons(bench: Bench) -> None:
    sweep(bench.database, "crm", "opportunities", feed([changed(1)]), concerns)
    deliver(bench.database, "crm", [pushed(1)], concerns)
    assert bench.rows("select reasons from agenda") == [{"reasons": ["sweep", "event"]}]
