"""The service clock: from the event to the target's word, not while a person must act, and lines by their batches."""

from datetime import timedelta
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tests.engine.test_effects import flow_of
from tests.lane.world import World as Lane
from tests.lane.world import entry
from tieline.app.measure import forget_old, measure_batches
from tieline.app.views.service import list_late, read_service
from tieline.engine.run import Run
from tieline.engine.tiers import SERVICE_LEVELS
from tieline.sdk.operation import Operation
from tieline.store.database import Database

LEVELS = dict(SERVICE_LEVELS)


@pytest.fixture
def bench(database: str) -> Any:
    opened = Database(database)
    yield Bench(opened)
    opened.close()


@pytest.fixture
def lane(database: str) -> Any:
    opened = Database(database)
    world = Lane(opened)
    world.furnish()
    yield world
    world.worker.close()
    opened.close()


def facts(bench: Bench) -> list[dict[str, Any]]:
    return bench.rows(
        "select tier, connection, engagement, object, extract(epoch from ended_at - started_at)::float8 as seconds"
        " from service_fact order by id"
    )


def event_ago(bench: Bench, seconds: int) -> None:
    """As if the event that is on the agenda had come so long ago."""
    bench.rows("update agenda set since = since - make_interval(secs => %s) returning flow", seconds)


def wake_only(bench: Bench, flow: str) -> None:
    from tieline.engine.wake import wake

    with bench.database.transaction() as db:
        wake(db, flow, "k", "eng_1", "event")


def test_a_write_is_measured_from_the_event_and_only_when_it_is_sent(bench: Bench) -> None:
    bench.flows["f"] = flow_of(LedgerVendor().operation(), {"name": "A"})
    wake_only(bench, "f")
    event_ago(bench, 90)
    bench.engine.run("f", "k")
    (fact,) = facts(bench)
    assert (fact["tier"], fact["connection"], fact["engagement"], fact["object"]) == (
        "project",
        "erp",
        "eng_1",
        "thing:thg_1",
    )
    assert 90 <= fact["seconds"] < 120
    bench.look("f")
    assert len(facts(bench)) == 1, "nothing was sent, so nothing was measured"
    assert bench.rows("select since from agenda") == [{"since": None}], "the clock stands still while nothing is due"


def test_the_clock_runs_on_while_tieline_tries_again_by_itself(bench: Bench) -> None:
    vendor = LedgerVendor(script=["drop_after"])
    bench.flows["f"] = flow_of(vendor.operation(), {"name": "A"})
    assert bench.look("f") == "retrying"
    event_ago(bench, 600)
    assert bench.look("f", reason="timer") == "done"
    assert 600 <= facts(bench)[0]["seconds"] < 660


def test_the_clock_stands_still_while_a_person_must_act(bench: Bench) -> None:
    vendor = LedgerVendor(script=["refuse"])
    bench.flows["f"] = flow_of(vendor.operation(), {"name": "A"})
    assert bench.look("f") == "blocked"
    assert bench.rows("select since from agenda") == [{"since": None}]
    assert bench.look("f", reason="operator") == "done"
    assert facts(bench)[0]["seconds"] < 30


def test_the_clock_of_a_flow_that_another_one_wakes_began_with_the_first_event(bench: Bench) -> None:
    def first(run: Run, key: str, systems: Any) -> None:
        run.wake("second", "k2", "eng_1")

    bench.flows["first"] = first
    bench.flows["second"] = flow_of(LedgerVendor().operation(), {"name": "A"})
    wake_only(bench, "first")
    event_ago(bench, 300)
    bench.engine.run("first", "k")
    bench.engine.run("second", "k2")
    assert 300 <= facts(bench)[0]["seconds"] < 330


def test_an_event_during_a_run_starts_its_own_clock(bench: Bench) -> None:
    def flow(run: Run, key: str, systems: Any) -> None:
        with bench.database.transaction() as db:
            from tieline.engine.wake import wake

            wake(db, "f", "k", "eng_1", "event")

    bench.flows["f"] = flow
    wake_only(bench, "f")
    event_ago(bench, 500)
    bench.engine.run("f", "k")
    (row,) = bench.rows("select behind, extract(epoch from clock_timestamp() - since)::float8 as age from agenda")
    assert row["behind"]
    assert row["age"] < 60


def test_customers_have_a_tier_of_their_own(bench: Bench) -> None:
    operation: Operation[Thing] = LedgerVendor().operation(target="customer")
    bench.flows["f"] = flow_of(operation, {"name": "A"})
    bench.look("f")
    assert [fact["tier"] for fact in facts(bench)] == ["customer"]


def test_posted_lines_are_measured_once_from_the_arrival_of_their_page(lane: Lane) -> None:
    lane.pull(entry(1), entry(2), entry(3, person_ref="u-marco"))
    lane.rows("update pull_page set pulled_at = pulled_at - interval '7 hours' returning id")
    lane.pull(entry(4))
    lane.post()
    for _ in range(2):
        measure_batches(lane.database)
    with lane.database.connection() as db:
        (tier,) = [row for row in read_service(db, LEVELS) if row.tier == "transactions"]
        late = list_late(db, LEVELS)
    assert (tier.records, tier.late, tier.overdue) == (4, 3, 0)
    assert tier.slowest_seconds is not None
    assert tier.slowest_seconds == pytest.approx(7 * 3600, abs=60)
    assert tier.p50_seconds == pytest.approx(7 * 3600, abs=60)
    assert not tier.kept
    assert [(row.records, row.engagement, row.label) for row in late] == [(3, "Build", "3 approved entries")]


def test_what_is_not_there_yet_counts_as_soon_as_the_promise_is_broken(lane: Lane) -> None:
    lane.pull(entry(1), entry(2))
    lane.rows("update posting_batch set created_at = created_at - interval '6 hours 1 minute' returning id")
    lane.rows(
        "insert into agenda (flow, key, engagement, wanted, since) values ('contract_to_project', 'c', 'eng_1', 1,"
        " clock_timestamp() - interval '11 minutes'), ('billing', 'p', 'eng_1', 1, clock_timestamp()) returning flow"
    )
    lane.rows(
        "insert into agenda (flow, key, engagement, state, since) values ('staffing', 'p', 'eng_1', 'blocked',"
        " clock_timestamp() - interval '3 days') returning flow"
    )
    with lane.database.connection() as db:
        found = {row.tier: row.overdue for row in read_service(db, LEVELS)}
    assert found == {"customer": 0, "project": 1, "transactions": 2, "invoice": 0, "feedback": 0}


def test_percentiles_weigh_a_batch_by_its_lines(lane: Lane) -> None:
    for seconds, records in ((1, 97), (100, 2), (10_000, 1)):
        lane.rows(
            "insert into service_fact (tier, connection, label, object, started_at, ended_at, records) values"
            " ('transactions', 'erp', 'x', 'x', clock_timestamp() - make_interval(secs => %s), clock_timestamp(), %s)"
            " returning id",
            seconds,
            records,
        )
    with lane.database.connection() as db:
        (row,) = [row for row in read_service(db, LEVELS, timedelta(hours=1)) if row.tier == "transactions"]
    assert row.p50_seconds == pytest.approx(1, abs=0.5)
    assert row.p95_seconds == pytest.approx(1, abs=0.5)
    assert row.slowest_seconds == pytest.approx(10_000, abs=1)


def test_old_figures_are_forgotten_and_young_ones_are_kept(lane: Lane) -> None:
    for days in (1, 500):
        lane.rows(
            "insert into service_fact (tier, connection, label, object, started_at, ended_at) values"
            " ('project', 'erp', 'x', 'x', now() - make_interval(days => %s), now() - make_interval(days => %s))"
            " returning id",
            days,
            days,
        )
    forget_old(lane.database)
    assert lane.rows("select count(*)::int as n from service_fact") == [{"n": 1}]
