"""The change guard: far more than usual waits for a person, and goes on when one allows it."""

from typing import Any

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.change_guard import ChangeGuard
from tieline.engine.controls import Controls, resume
from tieline.engine.flow import FlowEngine
from tieline.engine.run import Run


def test_far_more_than_usual_waits_behind_one_exception_until_a_person_allows_it(bench: Bench) -> None:
    vendor = LedgerVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure_each("Things", vendor.operation(), [Thing(id=f"{key}-{n}", name="A") for n in range(3)])

    bench.flows["f"] = flow

    def look(key: str, reason: str = "event") -> str:
        guarded = FlowEngine(
            database=bench.database,
            flows=bench.flows,
            systems=bench.engine.systems,
            controls=Controls(guard=ChangeGuard(records=5, times_usual=10)),
            site_uid="test",
            app_version="test",
        )
        bench.engine = guarded
        return bench.look("f", key, engagement=key, reason=reason)

    assert [look("a"), look("b")] == ["done", "done"]
    assert [look("c"), look("d")] == ["blocked", "blocked"]
    assert vendor.creates() == 6
    (item,) = bench.rows("select kind, message from exception_item where closed_at is null")
    assert item["kind"] == "unusual_change"
    assert "6 records" in item["message"]
    assert resume(bench.database, "guard", "erp/f", "dana")
    assert [look("c"), look("d")] == ["done", "done"]
    assert vendor.creates() == 12
    assert bench.rows("select id from exception_item where closed_at is null") == []


def test_what_is_sent_again_because_it_failed_is_counted_once(bench: Bench) -> None:
    vendor = LedgerVendor()
    thing = Thing(id="t", name="A")

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing", vendor.operation(), thing)

    bench.flows["f"] = flow
    vendor.script[:] = ["busy", "busy", "busy"]
    for _ in range(4):
        bench.look("f")
        bench.rows("update effect set retry_at = null returning id")
    assert vendor.creates() == 1
    assert vendor.script == []
    assert bench.rows("select sum(records)::int as sent from change_count") == [{"sent": 1}]
