"""Waking: our one statement against Procrastinate's schema, what becomes due, and jobs nobody looks at any more."""

import json
import threading
from datetime import UTC, date, datetime
from typing import Any

import procrastinate
import psycopg
import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.run import Run
from tieline.engine.wake import QUEUE, TASK, wake, wake_due, wake_engagement
from tieline.engine.worker import put_back_unattended, take_over

JOBS = (
    "select id, queue_name, task_name, priority, lock, queueing_lock, args, status, scheduled_at"
    " from procrastinate_jobs"
)


def wake_one(bench: Bench, key: str = "k", reason: str = "event", engagement: str = "eng_1") -> None:
    with bench.database.transaction() as db:
        wake(db, "f", key, engagement, reason)


def agenda(bench: Bench, key: str = "k") -> dict[str, Any]:
    (row,) = bench.rows("select * from agenda where key = %s", key)
    return row


def fetch(bench: Bench) -> dict[str, Any] | None:
    """What a worker does to get its next job."""
    (worker,) = bench.rows("insert into procrastinate_workers default values returning id")
    (job,) = bench.rows("select * from procrastinate_fetch_job_v2(%s, %s)", [QUEUE], worker["id"])
    return job if job["id"] is not None else None


def test_the_queue_is_the_release_our_statement_was_written_for() -> None:
    assert procrastinate.__version__.startswith("3.10.")


def test_a_wake_makes_the_job_that_procrastinate_would_have_made(bench: Bench) -> None:
    wake_one(bench)
    (ours,) = bench.rows(JOBS)
    bench.rows("delete from procrastinate_jobs returning id")
    job = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=bench.database.conninfo))
    with job.open():
        job.configure_task(TASK, queue=QUEUE, lock="eng_1", queueing_lock="f:k", allow_unknown=True).defer(
            flow="f", key="k"
        )
    (theirs,) = bench.rows(JOBS)
    assert {**ours, "id": 0} == {**theirs, "id": 0}


def test_a_woken_job_is_fetched_with_its_arguments(bench: Bench) -> None:
    wake_one(bench, "O'Brien:売上 🚀")
    job = fetch(bench)
    assert job is not None
    assert job["args"] == {"flow": "f", "key": "O'Brien:売上 🚀"}
    assert (job["task_name"], job["status"]) == (TASK, "doing")


def test_a_thousand_events_become_one_waiting_job_and_every_reason_is_kept_once(bench: Bench) -> None:
    for number in range(1000):
        wake_one(bench, reason=("event", "sweep", "event", "operator")[number % 4])
    assert len(bench.rows(JOBS)) == 1
    assert agenda(bench)["wanted"] == 1000
    assert agenda(bench)["reasons"] == ["event", "sweep", "operator"]
    assert agenda(bench)["behind"] is True


def test_an_event_during_a_run_queues_a_further_look_that_waits_for_the_lock(bench: Bench) -> None:
    wake_one(bench)
    assert fetch(bench) is not None
    wake_one(bench)
    wake_one(bench)
    assert [row["status"] for row in bench.rows(JOBS + " order by id")] == ["doing", "todo"]
    assert fetch(bench) is None, "one run per engagement at a time"
    wake_one(bench, "other", engagement="eng_2")
    assert fetch(bench) is not None, "another engagement does not wait"


def test_a_wake_that_is_rolled_back_never_was(bench: Bench) -> None:
    def breaks_off() -> None:
        with bench.database.transaction() as db:
            wake(db, "f", "k", "eng_1", "event")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert bench.rows("select key from agenda") == bench.rows(JOBS) == []


def test_an_engagement_is_woken_as_a_whole(bench: Bench) -> None:
    for key, engagement in (("a", "eng_1"), ("b", "eng_1"), ("c", "eng_2")):
        wake_one(bench, key, engagement=engagement)
    bench.rows("delete from procrastinate_jobs returning id")
    with bench.database.transaction() as db:
        assert wake_engagement(db, "eng_1", "operator") == 2
    assert sorted(row["queueing_lock"] for row in bench.rows(JOBS)) == ["f:a", "f:b"]


def test_what_is_due_is_woken_once_and_what_is_not_due_is_left(bench: Bench) -> None:
    for key, due in (("now", "- interval '1 second'"), ("later", "+ interval '1 hour'")):
        bench.rows(
            "insert into agenda (flow, key, engagement, due_at) values ('f', %s, 'eng_1', clock_timestamp() "
            + due
            + ") returning key",
            key,
        )
    with bench.database.transaction() as db:
        assert wake_due(db) == 1
    with bench.database.transaction() as db:
        assert wake_due(db) == 0
    assert [row["queueing_lock"] for row in bench.rows(JOBS)] == ["f:now"]
    assert agenda(bench, "now")["reasons"] == ["timer"]


def test_two_tickers_share_what_is_due(bench: Bench) -> None:
    bench.rows(
        "insert into agenda (flow, key, engagement, due_at)"
        " select 'f', n::text, 'eng_' || n, clock_timestamp() from generate_series(1, 150) n returning key"
    )
    both, counts = threading.Barrier(2), []

    def tick() -> None:
        with bench.database.transaction() as db:
            both.wait(20)
            counts.append(wake_due(db))
            both.wait(20)

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [50, 100]
    assert len(bench.rows(JOBS)) == 150


def test_the_jobs_of_a_silent_worker_are_taken_over_once_and_it_is_fenced_off(bench: Bench) -> None:
    wake_one(bench)
    assert fetch(bench) is not None
    bench.rows("insert into lease (engagement, epoch) values ('eng_1', 7) returning epoch")
    assert take_over(bench.database) == 0, "its worker is alive"
    bench.rows("update procrastinate_workers set last_heartbeat = now() - interval '1 minute' returning id")
    assert take_over(bench.database) == 1
    assert take_over(bench.database) == 0
    assert [row["status"] for row in bench.rows(JOBS)] == ["todo"]
    assert bench.rows("select epoch from lease") == [{"epoch": 8}]


def test_the_jobs_of_a_worker_whose_row_is_gone_are_taken_over_too(bench: Bench) -> None:
    wake_one(bench)
    fetch(bench)
    wake_one(bench)
    bench.rows("delete from procrastinate_workers returning id")
    assert take_over(bench.database) == 1
    assert [row["status"] for row in bench.rows(JOBS)] == ["todo"]


def test_a_run_that_lost_the_database_half_way_is_looked_at_again(bench: Bench) -> None:
    vendor = LedgerVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))
        if len(vendor.ledger) == 1 and not run.ref("erp", "thing", "t"):
            with psycopg.connect(bench.database.conninfo, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", [run.db.info.backend_pid])

    bench.flows["f"] = flow
    assert bench.look("f") == "retrying"
    bench.rows("delete from procrastinate_jobs returning id")  # as the worker does with a job that ended
    assert put_back_unattended(bench.database) == 1
    assert put_back_unattended(bench.database) == 0, "it is due now, and not counted twice"
    bench.rows("update agenda set due_at = clock_timestamp() returning key")
    with bench.database.transaction() as db:
        assert wake_due(db) == 1
    assert put_back_unattended(bench.database) == 0, "a job looks at it"
    assert bench.engine.run("f", "k") == "done"
    assert vendor.creates() == 1
    assert json.dumps(agenda(bench)["behind"]) == "false"


@pytest.mark.parametrize("how", ["deleted", "kept"])
def test_the_end_of_a_job_tells_workers_of_the_next_one_of_its_engagement(bench: Bench, how: str) -> None:
    wake_one(bench, "first")
    wake_one(bench, "second")
    job = fetch(bench)
    assert job is not None
    assert fetch(bench) is None
    with psycopg.connect(bench.database.conninfo, autocommit=True) as listener:
        listener.execute(f'listen "procrastinate_queue_v1#{QUEUE}"')
        bench.rows("select procrastinate_finish_job_v1(%s, 'succeeded', %s)", job["id"], how == "deleted")
        (told,) = listener.notifies(timeout=5, stop_after=1)
    assert json.loads(told.payload)["type"] == "job_inserted"
    assert fetch(bench) is not None


def test_what_follows_a_set_up_is_woken_until_it_has_found_its_work(bench: Bench) -> None:
    ready: list[str] = []

    def set_up(run: Run, key: str, systems: Any) -> None:
        run.wake_once("follower", key, "eng_1")

    def follower(run: Run, key: str, systems: Any) -> None:
        if not ready:
            run.stand_by("nothing is there yet")

    bench.flows |= {"set_up": set_up, "follower": follower}
    woken = []
    for _ in range(3):
        bench.look("set_up")
        woken.append(bench.rows("select behind from agenda where flow = 'follower'"))
        bench.engine.run("follower", "k")
        ready.append("yes")
    assert woken == [[{"behind": True}], [{"behind": True}], [{"behind": False}]]


def test_a_run_that_asks_for_a_later_day_is_done_until_then(bench: Bench) -> None:
    day = date(2031, 5, 1)
    bench.flows["f"] = lambda run, key, systems: run.look_again_on(day)
    assert bench.look("f") == "done"
    assert bench.look("f") == "done", "also when something else woke it before"
    (row,) = bench.rows("select state, due_at, behind from agenda")
    assert row == {"state": "done", "due_at": datetime(2031, 5, 1, tzinfo=UTC), "behind": False}
