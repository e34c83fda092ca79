"""The rules of effects: skip, resolve before you send, quarantine, refusals, shared targets."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.run import Run
from tieline.sdk.operation import Operation, WriteSafety


def flow_of(operation: Operation[Any], content: dict[str, Any]) -> Callable[[Run, str, Any], None]:
    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", operation, Thing(id="thg_1", **content))

    return flow


def test_the_same_content_is_sent_once(bench: Bench) -> None:
    vendor = LedgerVendor()
    bench.flows["f"] = flow_of(vendor.operation(), {"name": "A"})
    assert [bench.look("f"), bench.look("f")] == ["done", "done"]
    assert len(vendor.ledger) == 1
    assert bench.effect()["state"] == "confirmed"
    assert len(bench.rows("select * from run")) == 1, "a run that finds nothing to do leaves no row"


def test_a_change_and_a_change_back_are_both_sent(bench: Bench) -> None:
    vendor = LedgerVendor()
    content = {"name": "A"}
    bench.flows["f"] = flow_of(vendor.operation(), content)
    for name in ("A", "B", "A"):
        content["name"] = name
        bench.look("f")
    assert [payload["name"] for _, _, payload in vendor.ledger] == ["A", "B", "A"]
    assert vendor.creates() == 1
    assert bench.effect()["generation"] == 3


@pytest.mark.parametrize("safety", [WriteSafety.UPSERT, WriteSafety.NATIVE_KEY, WriteSafety.LOOKUP])
def test_a_call_that_broke_off_after_the_commit_makes_no_twin(bench: Bench, safety: WriteSafety) -> None:
    vendor = LedgerVendor(script=["drop_after"])
    bench.flows["f"] = flow_of(vendor.operation(creates=safety), {"name": "A"})
    assert bench.look("f") == "retrying"
    assert bench.effect()["state"] == "in_doubt"
    assert bench.look("f", reason="timer") == "done"
    assert vendor.creates() == 1
    assert bench.effect()["external_id"] == "erp-1"


def test_a_call_that_broke_off_before_the_commit_waits_out_the_quarantine(
    bench: Bench, after: Callable[[float], None]
) -> None:
    vendor = LedgerVendor(script=["drop_before"])
    bench.flows["f"] = flow_of(vendor.operation(creates=WriteSafety.LOOKUP, quarantine=0.4), {"name": "A"})
    assert bench.look("f") == "retrying"
    assert bench.look("f", reason="timer") == "retrying"
    assert vendor.ledger == []
    after(0.5)
    assert bench.look("f", reason="timer") == "done"
    assert vendor.creates() == 1


def test_different_content_waits_while_an_unclear_write_may_still_land(
    bench: Bench, after: Callable[[float], None]
) -> None:
    vendor = LedgerVendor(script=["ok", "drop_before"])
    content = {"name": "A"}
    bench.flows["f"] = flow_of(vendor.operation(quarantine=0.4), content)
    bench.look("f")
    content["name"] = "B"
    assert bench.look("f") == "retrying"
    content["name"] = "C"
    assert bench.look("f") == "retrying"
    assert [payload["name"] for _, _, payload in vendor.ledger] == ["A"]
    after(0.5)
    assert bench.look("f", reason="timer") == "done"
    assert [payload["name"] for _, _, payload in vendor.ledger] == ["A", "C"]


def test_a_native_key_is_replayed_with_the_content_it_was_made_for(bench: Bench) -> None:
    vendor = LedgerVendor(script=["drop_after"])
    content = {"name": "A"}
    bench.flows["f"] = flow_of(vendor.operation(creates=WriteSafety.NATIVE_KEY), content)
    bench.look("f")
    content["name"] = "B"
    assert bench.look("f") in ("done", "retrying")
    bench.rows("update effect set quarantine_until = clock_timestamp() returning id")
    assert bench.look("f") == "done"
    assert vendor.creates() == 1
    assert vendor.objects["erp-1"]["name"] == "B"


def test_an_unclear_write_that_must_not_be_repeated_asks_a_person(bench: Bench) -> None:
    vendor = LedgerVendor(script=["drop_after"])
    bench.flows["f"] = flow_of(vendor.operation(creates=WriteSafety.NEVER_RETRY), {"name": "A"})
    bench.look("f")
    assert bench.look("f") == "blocked"
    assert len(vendor.ledger) == 1
    (item,) = bench.rows("select kind from exception_item where closed_at is null")
    assert item["kind"] == "in_doubt"


def test_refused_content_is_not_sent_again_by_a_sweep_but_by_an_event(bench: Bench) -> None:
    vendor = LedgerVendor(script=["refuse", "refuse", "ok"])
    bench.flows["f"] = flow_of(vendor.operation(), {"name": "A"})
    assert bench.look("f") == "blocked"
    assert bench.look("f", reason="sweep") == "blocked"
    assert len(vendor.script) == 2, "the sweep sent nothing"
    assert bench.look("f", reason="event") == "blocked"
    (item,) = bench.rows("select id, owner, message from exception_item where closed_at is null")
    assert (item["owner"], item["message"]) == ("finance", "The amount is too large")
    assert bench.look("f", reason="operator") == "done"
    assert bench.rows("select id from exception_item where closed_at is null") == []


def test_a_busy_vendor_is_tried_again_by_itself_and_no_person_hears_of_it(
    bench: Bench, after: Callable[[float], None]
) -> None:
    vendor = LedgerVendor(script=["busy"])
    bench.flows["f"] = flow_of(vendor.operation(), {"name": "A"})
    assert bench.look("f") == "retrying"
    assert bench.rows("select due_at from agenda where due_at is not null")
    after(1.4)
    assert bench.look("f", reason="timer") == "done"
    assert bench.rows("select id from exception_item") == []


def test_one_run_reports_all_its_problems_and_does_what_does_not_depend_on_them(bench: Bench) -> None:
    erp, psa = LedgerVendor("erp", script=["refuse"]), LedgerVendor("psa")

    def flow(run: Run, key: str, systems: Any) -> None:
        customer = run.ensure("Customer in ERP", erp.operation("customer"), Thing(id="c", name="A"))
        run.ensure("Project in ERP", erp.operation("project"), Thing(id="p", name="P"), customer=customer)
        run.ensure("Project in PSA", psa.operation("project"), Thing(id="p", name="P"))

    bench.flows["f"] = flow
    assert bench.look("f") == "blocked"
    assert psa.creates() == 1
    (run,) = bench.rows("select steps from run")
    assert [step["what"] for step in run["steps"]] == ["refused", "waiting", "confirmed"]
    assert run["steps"][1]["detail"] == "waits for Customer in ERP"
    assert bench.look("f", reason="operator") == "done"
    assert erp.objects["erp-2"]["customer"] == "erp-1"


def test_two_engagements_of_one_customer_create_it_once(bench: Bench) -> None:
    vendor = LedgerVendor()
    bench.flows["f"] = flow_of(vendor.operation("customer"), {"name": "A"})
    bench.look("f", "k1", engagement="eng_1")
    bench.look("f", "k2", engagement="eng_2")
    assert vendor.creates() == 1


def test_a_list_is_written_in_one_round_with_one_effect_each(bench: Bench) -> None:
    vendor = LedgerVendor(script=["ok", "ok", "refuse"])

    def flow(run: Run, key: str, systems: Any) -> None:
        things = [Thing(id=f"thg_{n}", name=str(n)) for n in range(30)]
        links = run.ensure_each("Tasks", vendor.operation(), things)
        assert sum(link.known for link in links.values()) >= 29

    bench.flows["f"] = flow
    assert bench.look("f") == "blocked"
    assert bench.look("f", reason="operator") == "done"
    assert vendor.creates() == 30
    assert len(bench.rows("select id from effect where state = 'confirmed'")) == 30


def test_one_run_may_write_a_target_twice(bench: Bench) -> None:
    vendor = LedgerVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        for name in ("A", "B"):
            run.ensure("Thing", vendor.operation(), Thing(id="thg_1", name=name))

    bench.flows["f"] = flow
    for _ in range(2):
        assert bench.look("f") == "done"
    assert [payload["name"] for _, _, payload in vendor.ledger] == ["A", "B", "A", "B"]
    assert (bench.effect()["state"], bench.effect()["confirmed_content"]["name"]) == ("confirmed", "B")


def test_an_unexpected_error_is_an_exception_and_what_was_written_is_kept(bench: Bench) -> None:
    vendor = LedgerVendor()

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure("Thing in ERP", vendor.operation(), Thing(id="thg_1", name="A"))
        raise ZeroDivisionError("a bug of ours")

    bench.flows["f"] = flow
    assert bench.look("f") == "blocked"
    assert bench.effect()["state"] == "confirmed"
    (item,) = bench.rows("select kind from exception_item")
    assert item["kind"] == "internal"


def test_an_overtaken_run_cannot_write_its_outcome(bench: Bench) -> None:
    vendor = LedgerVendor()
    bench.flows["f"] = flow_of(vendor.operation(), {"name": "A"})
    vendor.before_call = lambda: bench.overtake()
    assert bench.look("f") == "superseded"
    assert bench.effect()["state"] == "intended"
    vendor.before_call = None
    assert bench.look("f", reason="timer") == "done"
    assert vendor.creates() == 1


def test_what_a_complete_run_no_longer_demands_is_retired_and_nothing_is_deleted(bench: Bench) -> None:
    vendor = LedgerVendor()
    names = ["a", "b"]

    def flow(run: Run, key: str, systems: Any) -> None:
        run.ensure_each("Tasks", vendor.operation(), [Thing(id=name, name=name) for name in names])

    bench.flows["f"] = flow
    bench.look("f")
    names.remove("b")
    bench.look("f")
    rows = bench.rows("select subject, retired_at is not null as retired from effect order by subject")
    assert [(row["subject"], row["retired"]) for row in rows] == [("a", False), ("b", True)]
    assert len(vendor.objects) == 2


def test_what_was_withdrawn_is_taken_up_until_an_update_of_it_is_confirmed(bench: Bench) -> None:
    vendor, taken_up = LedgerVendor(), list[str]()
    operation = replace(vendor.operation(), withdraw=lambda _: None, take_up=taken_up.append)
    demanded = True

    def flow(run: Run, key: str, systems: Any) -> None:
        if demanded:
            run.ensure("Thing in ERP", operation, Thing(id="t", name="A"))
        else:
            run.withdraw("Thing in ERP", operation, ["t"])

    bench.flows["f"] = flow
    bench.look("f")
    demanded = False
    bench.look("f")
    demanded, vendor.script = True, ["drop_before", "refuse", "ok"]
    for _ in range(5):
        bench.rows("update effect set quarantine_until = now() - interval '1 s', retry_at = now() returning id")
        bench.look("f", reason="operator")
    assert (bench.effect()["state"], taken_up) == ("confirmed", ["erp-1"] * 3)


def test_what_two_engagements_share_never_goes_back_to_what_a_slower_run_has_read(
    bench: Bench, after: Callable[[float], None]
) -> None:
    vendor = LedgerVendor()
    truth = [1]

    def faster(run: Run, key: str, systems: Any) -> None:
        run.ensure("Customer", vendor.operation(), Thing(id="cus", name="C", amount=truth[0], source_version=truth[0]))

    def slower(run: Run, key: str, systems: Any) -> None:
        read = truth[0]
        if read == 1:
            truth[0] = 2
            assert bench.look("faster", engagement="eng_2") == "done"
        run.ensure("Customer", vendor.operation(), Thing(id="cus", name="C", amount=read, source_version=read))

    bench.flows |= {"faster": faster, "slower": slower}
    assert bench.look("faster", engagement="eng_2") == "done"
    assert bench.look("slower") == "retrying"
    assert [payload["amount"] for _, _, payload in vendor.ledger] == [1, 2]
    assert bench.look("slower") == "done"
    truth[0] = 1
    assert bench.look("faster", engagement="eng_2") == "done", "what its source itself has taken back is written"
    assert [payload["amount"] for _, _, payload in vendor.ledger] == [1, 2, 1]
