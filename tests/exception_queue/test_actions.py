"""What people do about exceptions, on a real engine and a vendor with an append-only ledger."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.problem import Problem
from tieline.engine.run import Run
from tieline.exception_queue import actions, ownership
from tieline.exception_queue.actions import NoSuchException, NotPossible
from tieline.sdk.operation import Found, Operation, WriteSafety
from tieline.store.database import repeated

BY = "Dana Whitfield"


def flow_of(operation: Operation[Any], *things: str, once: bool = False) -> Callable[[Run, str, Any], None]:
    def flow(run: Run, key: str, systems: Any) -> None:
        for thing in things or ("thg_1",):
            record = Thing(id=thing, name="Northlight")
            run.post("Thing in ERP", operation, record) if once else run.ensure("Thing in ERP", operation, record)

    return flow


def open_exception(bench: Bench) -> dict[str, Any]:
    (row,) = bench.rows("select * from exception_item where closed_at is null")
    return row


def possible_duplicate(bench: Bench) -> LedgerVendor:
    vendor = LedgerVendor(objects={"77": {"ref": "made by hand", "name": "Northlite"}})
    operation = vendor.operation(candidates=lambda payload: [Found("77", "Northlite")])
    bench.flows["f"] = flow_of(operation)
    assert bench.look("f") == "blocked"
    return vendor


def unclear_booking(bench: Bench) -> LedgerVendor:
    vendor = LedgerVendor(script=["drop_after"])
    bench.flows["f"] = flow_of(vendor.operation(creates=WriteSafety.NEVER_RETRY), once=True)
    bench.look("f")
    assert bench.look("f", reason="timer") == "blocked"
    return vendor


def test_a_retry_wakes_what_waits_and_the_exception_closes_when_its_cause_is_gone(bench: Bench) -> None:
    vendor = LedgerVendor(script=["refuse"])
    bench.flows["f"] = flow_of(vendor.operation())
    assert bench.look("f") == "blocked"
    exception = open_exception(bench)
    assert actions.retry(bench.database, exception["id"], BY) == 1
    (job,) = bench.rows("select args from procrastinate_jobs where status = 'todo' limit 1")
    assert job["args"] == {"flow": "f", "key": "k"}
    assert bench.engine.run("f", "k") == "done"
    assert bench.rows("select * from exception_item where closed_at is null") == []
    (event,) = bench.rows("select actor, object from audit_event where action = 'exception.retried'")
    assert event == {"actor": BY, "object": str(exception["id"])}


def test_a_linked_duplicate_is_updated_and_not_created(bench: Bench) -> None:
    vendor = possible_duplicate(bench)
    exception = open_exception(bench)
    assert exception["kind"] == "duplicate"
    assert actions.link(bench.database, exception["id"], "77", BY) == 1
    assert bench.engine.run("f", "k") == "done"
    assert [(kind, external_id) for kind, external_id, _ in vendor.ledger] == [("update", "77")]
    (reference,) = bench.rows("select external_id from cross_reference where subject = 'thg_1'")
    assert reference["external_id"] == "77"
    assert bench.rows("select * from exception_item where closed_at is null") == []


def test_a_duplicate_that_is_none_is_created(bench: Bench) -> None:
    vendor = possible_duplicate(bench)
    actions.create_new(bench.database, open_exception(bench)["id"], BY)
    assert bench.engine.run("f", "k") == "done"
    assert [(kind, external_id) for kind, external_id, _ in vendor.ledger] == [("create", "erp-2")]


def test_a_record_of_another_engagement_is_not_linked_twice(bench: Bench) -> None:
    possible_duplicate(bench)
    bench.rows("insert into cross_reference values ('erp', 'thing', 'thg_9', '77') returning subject")
    with pytest.raises(NotPossible, match="thing 77 of erp is linked to another record already"):
        actions.link(bench.database, open_exception(bench)["id"], "77", BY)
    assert bench.effect()["state"] == "rejected"


def test_an_unclear_booking_that_happened_is_done_with_the_id_a_person_gives(bench: Bench) -> None:
    vendor = unclear_booking(bench)
    exception = open_exception(bench)
    assert exception["kind"] == "in_doubt"
    actions.link(bench.database, exception["id"], "erp-1", BY)
    assert bench.engine.run("f", "k") == "done"
    assert len(vendor.ledger) == 1
    assert bench.effect()["state"] == "confirmed"


def test_an_unclear_booking_that_did_not_happen_is_sent_once_more(bench: Bench) -> None:
    vendor = LedgerVendor(script=["drop_before"])
    bench.flows["f"] = flow_of(vendor.operation(creates=WriteSafety.NEVER_RETRY), once=True)
    bench.look("f")
    bench.look("f", reason="timer")
    assert vendor.ledger == []
    actions.create_new(bench.database, open_exception(bench)["id"], BY)
    assert bench.engine.run("f", "k") == "done"
    assert len(vendor.ledger) == 1
    assert bench.effect()["create_key"].endswith("#2")


@pytest.mark.parametrize("action", [actions.create_new, lambda *args: actions.link(args[0], args[1], "77", args[2])])
def test_only_duplicates_and_unclear_writes_are_linked_or_created_anew(
    bench: Bench, action: Callable[..., object]
) -> None:
    vendor = LedgerVendor(script=["refuse"])
    bench.flows["f"] = flow_of(vendor.operation())
    bench.look("f")
    with pytest.raises(NotPossible, match="retry this one"):
        action(bench.database, open_exception(bench)["id"], BY)
    assert bench.rows("select * from audit_event where action like 'exception.%%'") == []


def arrived(bench: Bench) -> int:
    def flow(run: Run, key: str, systems: Any) -> None:
        run.require([Problem(kind="unlinked", connection="psa", field="project", key="4711", message="Who is it?")])

    bench.flows["unlinked"] = flow
    bench.look("unlinked", "psa:project:4711", engagement="psa:project:4711")
    return int(open_exception(bench)["id"])


def test_a_record_made_outside_is_linked_to_one_of_our_projects_by_its_code(bench: Bench) -> None:
    exception = arrived(bench)
    bench.rows(
        "with e as (insert into engagement (id, name, customer_id, customer_name) values ('eng_1', 'A', 'c', 'C')"
        " returning id) insert into project (id, engagement_id, contract_id, contract_version, legal_entity, currency,"
        " code, schema_version, body) select 'prj_1', id, 'con_1', 1, 'US', 'USD', 'HM-1', 1, '{}' from e returning id"
    )
    with pytest.raises(NotPossible, match="no project HM-2 of ours"):
        actions.adopt(bench.database, exception, "HM-2", BY)
    assert actions.adopt(bench.database, exception, "HM-1", BY) == 1
    (row,) = bench.rows("select subject, external_id from cross_reference where connection = 'psa'")
    assert row == {"subject": "prj_1", "external_id": "4711"}
    bench.rows("update cross_reference set external_id = '5' returning subject")
    with pytest.raises(NotPossible, match="linked to another record of psa already"):
        actions.adopt(bench.database, exception, "HM-1", BY)


def test_a_record_made_outside_is_left_to_its_system_only_with_a_reason(bench: Bench) -> None:
    exception = arrived(bench)
    with pytest.raises(NotPossible, match="say why"):
        actions.ignore(bench.database, exception, BY, "  ")
    actions.ignore(bench.database, exception, BY, "an internal project")
    (row,) = bench.rows("select closed_by, closing_note from exception_item")
    assert row == {"closed_by": BY, "closing_note": "an internal project"}
    with pytest.raises(NoSuchException):
        actions.retry(bench.database, exception, BY)


def test_an_exception_is_given_to_another_team_and_commented(bench: Bench) -> None:
    exception = arrived(bench)
    ownership.assign(bench.database, exception, "sales", BY)
    actions.comment(bench.database, exception, "ask Sam 🙂", BY)
    assert open_exception(bench)["owner"] == "sales"
    with pytest.raises(NotPossible, match="no team or person 'cats'"):
        ownership.assign(bench.database, exception, "cats", BY)
    with pytest.raises(NotPossible, match="empty"):
        actions.comment(bench.database, exception, " ", BY)
    said = bench.rows("select detail->>'text' as text from audit_event where action like 'exception.%%' order by id")
    assert [row["text"] for row in said] == ["sales", "ask Sam 🙂"]


def test_a_retry_that_crosses_the_end_of_a_run_is_done_again_when_it_loses(bench: Bench) -> None:
    bench.flows["f"] = flow_of(LedgerVendor(script=["refuse"]).operation())
    assert bench.look("f") == "blocked"
    exception = open_exception(bench)

    def ends() -> None:
        """What the end of a run does: its agenda first, its exceptions then."""
        with bench.database.transaction() as db:
            db.execute("update agenda set note = 'ends'")
            holds.set()
            waiting = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            while not bench.rows(waiting):
                time.sleep(0.01)
            db.execute("select from exception_item for update").fetchall()

    holds = threading.Event()
    with ThreadPoolExecutor(2) as people:
        run = people.submit(repeated, ends)
        assert holds.wait(60)
        assert people.submit(actions.retry, bench.database, exception["id"], BY).result(60) == 1
        run.result(60)
    assert bench.rows("select behind from agenda") == [{"behind": True}]
