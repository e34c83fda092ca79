"""Bugs of our own and data that cannot be stored: always on the agenda and in the queue, never a silent end."""

from typing import Any

import pytest
from psycopg.errors import DeadlockDetected

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.problem import Problem
from tieline.engine.run import Run


def agenda(bench: Bench) -> dict[str, Any]:
    (row,) = bench.rows("select state, behind, note, due_at is not null as due, failures from agenda")
    return row


def failing(bench: Bench, error: Exception, *problems: Problem) -> LedgerVendor:
    vendor = LedgerVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))
        run.problems += problems
        raise error

    bench.flows["f"] = flow
    return vendor


@pytest.mark.parametrize("text", ["", "a\0b", "half a pair \ud800", "x" * 100_000, "line 1\nline 2", "O'Brien 🚀"])
def test_a_bug_is_an_exception_whatever_its_text_holds(bench: Bench, text: str) -> None:
    vendor = failing(bench, KeyError(text))
    assert bench.look("f") == "blocked"
    (item,) = bench.rows("select kind, message from exception_item where closed_at is null")
    assert item["kind"] == "internal"
    assert item["message"].startswith("Tieline itself failed in f: KeyError: ")
    assert len(item["message"]) < 400
    found = agenda(bench)
    assert (found["state"], found["behind"], found["due"]) == ("blocked", False, True)
    assert bench.effect()["state"] == "confirmed", "what the vendor answered is kept"
    assert vendor.creates() == 1


def test_a_problem_that_cannot_be_stored_is_told_as_a_bug_instead_of_ending_silently(bench: Bench) -> None:
    failing(bench, KeyError("x"), Problem(kind="policy", message="with a NUL \0 in it", key="1"))
    assert bench.look("f") == "blocked"
    (item,) = bench.rows("select kind from exception_item where closed_at is null")
    assert item["kind"] == "internal"
    assert agenda(bench)["due"] is True
    (run,) = bench.rows("select state from run")
    assert run["state"] == "blocked"


def test_a_refusal_with_a_nul_does_not_end_a_run_silently(bench: Bench) -> None:
    from tieline.sdk.errors import Rejected

    vendor = LedgerVendor()

    def refuse() -> None:
        raise Rejected("erp", "The name \0 is refused", key="k\0")

    vendor.before_call = refuse

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))

    bench.flows["f"] = flow
    assert bench.look("f") == "blocked"
    assert agenda(bench)["behind"] is False
    assert [row["kind"] for row in bench.rows("select kind from exception_item")] == ["internal"]


def test_a_flow_that_a_release_has_dropped_is_told(bench: Bench) -> None:
    assert bench.look("no_such_flow") == "blocked"
    assert [row["kind"] for row in bench.rows("select kind from exception_item")] == ["internal"]


def test_a_bug_that_is_mended_closes_its_exception(bench: Bench) -> None:
    failing(bench, ZeroDivisionError("x"))
    assert [bench.look("f"), bench.look("f")] == ["blocked", "blocked"]
    assert agenda(bench)["failures"] == 2
    bench.flows["f"] = lambda run, key, systems: None
    assert bench.look("f") == "done"
    assert bench.rows("select id from exception_item where closed_at is null") == []
    assert agenda(bench)["failures"] == 0


def test_a_deadlock_is_no_matter_for_a_person(bench: Bench) -> None:
    vendor, deadlocks = LedgerVendor(), [DeadlockDetected(), DeadlockDetected()]

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))

        def lose_once(db: Any) -> None:
            if deadlocks:
                raise deadlocks.pop()

        run.with_commit(lose_once)

    bench.flows["f"] = flow
    assert bench.look("f") == "done"
    assert bench.effect()["state"] == "confirmed"
    assert vendor.creates() == 1
    assert [row["state"] for row in bench.rows("select state from run")] == ["done"]
    assert bench.rows("select kind from exception_item") == []


def test_a_deadlock_within_a_flow_is_looked_at_again_and_keeps_what_the_vendor_answered(bench: Bench) -> None:
    vendor, deadlocks = LedgerVendor(), [DeadlockDetected()]

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))
        if deadlocks:
            raise deadlocks.pop()

    bench.flows["f"] = flow
    assert bench.look("f") == "superseded"
    assert bench.effect()["state"] == "confirmed"
    assert agenda(bench)["behind"] is True
    assert bench.engine.run("f", "k") == "done"
    assert vendor.creates() == 1
    assert bench.rows("select kind from exception_item") == []


def test_a_persons_retry_outlives_the_worker_that_began_it(bench: Bench) -> None:
    vendor = LedgerVendor(script=["refuse"])

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="t", name="A"))

    bench.flows["f"] = flow
    assert bench.look("f") == "blocked"

    def dies(run: Run, key: str, systems: Any) -> None:
        raise KeyboardInterrupt

    bench.flows["f"] = dies
    with pytest.raises(KeyboardInterrupt):
        bench.look("f", reason="operator")
    bench.flows["f"] = flow
    assert bench.look("f", reason="timer") == "done"
    assert vendor.creates() == 1
    assert bench.look("f", reason="timer") == "done"
    (row,) = bench.rows("select reasons, taken from agenda")
    assert row == {"reasons": [], "taken": []}
