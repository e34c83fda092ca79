"""Transient failures: tried again per record with growing, scattered waits; told to a person only when they stay."""

from datetime import timedelta
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.flow import FlowFunction
from tieline.engine.retry_policy import MOST_TRIES
from tieline.engine.run import Run
from tieline.sdk.errors import Unavailable


def writes(vendor: LedgerVendor) -> FlowFunction:
    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id=f"thg_{key}", name="A"))

    return flow


def reads(answers: list[Unavailable]) -> FlowFunction:
    def flow(run: Run, key: str, systems: Any) -> None:
        if answers:
            raise answers.pop()

    return flow


def waits(bench: Bench) -> list[float | None]:
    """Seconds each effect waits since its last failure."""
    rows = bench.rows("select extract(epoch from retry_at - changed_at)::float8 as s from effect order by subject")
    return [row["s"] for row in rows]


def time_passes(bench: Bench) -> None:
    """Until all that waits is due."""
    bench.rows("update effect set retry_at = clock_timestamp() returning id")


def told(bench: Bench) -> list[tuple[str, str, int]]:
    return [
        (row["kind"], row["connection"], row["lines"])
        for row in bench.rows(
            "select i.kind, i.connection, count(l.*) as lines from exception_item i left join exception_line l"
            " on l.exception_id = i.id where i.closed_at is null group by i.id"
        )
    ]


@pytest.mark.parametrize("end", ["busy", "drop_before"])
def test_what_fails_again_and_again_waits_longer_each_time_and_is_told_once_the_tries_are_used_up(
    bench: Bench, end: str
) -> None:
    vendor = LedgerVendor(script=[end] * (MOST_TRIES + 1))
    bench.flows["f"] = writes(vendor)
    for failed in range(MOST_TRIES - 1):
        assert bench.look("f", "1", reason="timer") == "retrying"
        (wait,) = waits(bench)
        assert wait is not None
        assert 0.75 * 2**failed <= wait <= max(1.0, 1.25 * 2**failed)
        assert told(bench) == []
        time_passes(bench)
    assert bench.look("f", "1", reason="timer") == "blocked"
    assert told(bench) == [("policy", "erp", 1)]
    assert bench.rows("select from agenda where due_at > clock_timestamp() and due_at < now() + interval '75 minutes'")

    time_passes(bench)
    assert bench.look("f", "1", reason="timer") == "blocked", "it is tried on"
    assert vendor.script == []
    assert told(bench) == [("policy", "erp", 1)]
    time_passes(bench)
    assert bench.look("f", "1", reason="timer") == "done"
    assert (vendor.creates(), told(bench)) == (1, [])


def test_all_that_waits_for_one_system_is_one_exception_which_a_retry_sends_at_once(bench: Bench) -> None:
    vendor = LedgerVendor(script=["busy"] * 3 * MOST_TRIES)
    bench.flows["f"] = writes(vendor)
    for _ in range(MOST_TRIES):
        for key in ("1", "2", "3"):
            bench.look("f", key, engagement=f"eng_{key}", reason="timer")
        time_passes(bench)
    assert told(bench) == [("policy", "erp", 3)]
    bench.rows("update effect set retry_at = clock_timestamp() + interval '1 hour' returning id")
    assert bench.look("f", "1", engagement="eng_1", reason="timer") == "blocked", "not before its time"
    assert vendor.creates() == 0
    for key in ("1", "2", "3"):
        assert bench.look("f", key, engagement=f"eng_{key}", reason="operator") == "done"
    assert (vendor.creates(), told(bench)) == (3, [])


def test_records_of_one_round_wait_each_for_itself(bench: Bench) -> None:
    vendor = LedgerVendor(script=["busy"] * 10)

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure_each("Tasks", vendor.operation(), [Thing(id=f"thg_{n}", name=str(n)) for n in range(20)])

    bench.flows["f"] = flow
    assert bench.look("f") == "retrying"
    assert vendor.creates() == 10, "ten that were not refused are there"
    seconds = {wait for wait in waits(bench) if wait is not None}
    time_passes(bench)
    assert len(seconds) > 1, "they do not come back all at once"
    assert bench.look("f", reason="timer") == "done"
    assert vendor.creates() == 20


@pytest.mark.parametrize("wish", [None, timedelta(seconds=2)])
def test_reads_that_fail_again_and_again_are_told_as_well_and_close_by_themselves(
    bench: Bench, wish: timedelta | None
) -> None:
    answers = [Unavailable("crm", "does not answer", wish) for _ in range(MOST_TRIES)]
    bench.flows["f"] = reads(answers)
    for failed in range(MOST_TRIES):
        assert told(bench) == []
        assert bench.look("f", reason="timer") == "retrying"
        (row,) = bench.rows("select extract(epoch from due_at - clock_timestamp())::float8 as wait from agenda")
        assert row["wait"] <= max(2.0, 1.25 * 2**failed)
    assert row["wait"] > 0.7 * 2 ** (MOST_TRIES - 1), "a short wish of a vendor that is down does not shorten it"
    assert told(bench) == [("policy", "crm", 1)]
    assert bench.look("f", reason="timer") == "done"
    assert told(bench) == []


def test_an_absurd_wish_of_a_vendor_is_honoured_for_an_hour_at_most(bench: Bench) -> None:
    bench.flows["f"] = reads([Unavailable("crm", "asked us to wait", timedelta(days=11_574))])
    assert bench.look("f") == "retrying"
    (row,) = bench.rows("select extract(epoch from due_at - clock_timestamp())::float8 as wait from agenda")
    assert 3500 < row["wait"] <= 3600
