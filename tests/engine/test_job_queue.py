"""A worker and the job queue: what it takes and ends, what it hears of, and what is not its own any more."""

import threading
from collections.abc import Iterator

import pytest

from tests.engine.conftest import Bench
from tieline.engine.job_queue import JobQueue
from tieline.engine.wake import wake_many
from tieline.engine.worker import take_over


@pytest.fixture
def queue(bench: Bench) -> Iterator[JobQueue]:
    with JobQueue(bench.database.conninfo) as opened:
        yield opened


def wake(bench: Bench, *keys: str, engagement: str = "") -> None:
    with bench.database.transaction() as db:
        wake_many(db, [("f", key, engagement or f"eng_{key}") for key in keys], "event")


def waiting(bench: Bench) -> list[str]:
    return [row["key"] for row in bench.rows("select args->>'key' as key from procrastinate_jobs order by id")]


def test_jobs_come_oldest_first_up_to_as_many_as_there_are_hands(bench: Bench, queue: JobQueue) -> None:
    for key in ("a", "b", "c"):
        wake(bench, key)
    first = queue.next([], 2)
    assert [(job.flow, job.key) for job in first] == [("f", "a"), ("f", "b")]
    assert [job.key for job in queue.next([first[0].id], 1)] == ["c"]
    assert waiting(bench) == ["b", "c"]
    assert queue.next([], 5) == []


def test_of_one_engagement_the_next_job_comes_with_the_end_of_the_one_before(bench: Bench, queue: JobQueue) -> None:
    wake(bench, "a", "b", engagement="eng_1")
    (first,) = queue.next([], 5)
    (second,) = queue.next([first.id], 5)
    assert {first.key, second.key} == {"a", "b"}


def test_what_was_taken_over_is_not_ended_by_the_worker_that_lost_it(bench: Bench, queue: JobQueue) -> None:
    wake(bench, "a")
    (lost,) = queue.next([], 1)
    bench.rows("update procrastinate_workers set last_heartbeat = now() - interval '1 minute' returning id")
    assert take_over(bench.database) == 1
    with JobQueue(bench.database.conninfo) as other:
        (taken,) = other.next([], 1)
        assert queue.next([lost.id, taken.id], 0) == []
        assert waiting(bench) == ["a"]
        other.next([taken.id], 0)
    assert waiting(bench) == []


def test_it_waits_until_a_job_comes_or_somebody_rings(bench: Bench, queue: JobQueue) -> None:
    assert not queue.wait(0.01)
    wake(bench, "a")
    assert queue.wait(30)
    assert not queue.wait(0.01)
    threading.Timer(0.05, queue.ring).start()
    assert queue.wait(30)
    for _ in range(1000):
        queue.ring()
    assert queue.wait(30)


def test_a_job_that_comes_while_it_talks_to_the_database_is_heard_of(bench: Bench, queue: JobQueue) -> None:
    wake(bench, "a")
    assert queue.next([], 0) == []  # the news came with the answer
    assert queue.wait(0)
    assert not queue.wait(0)


def test_workers_that_leave_or_died_long_ago_are_forgotten(bench: Bench, queue: JobQueue) -> None:
    bench.rows("update procrastinate_workers set last_heartbeat = now() - interval '2 hours' returning id")
    with JobQueue(bench.database.conninfo) as other:
        assert len(bench.rows("select id from procrastinate_workers")) == 1
        other.leave()
    assert bench.rows("select id from procrastinate_workers") == []
