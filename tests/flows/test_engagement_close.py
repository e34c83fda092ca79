"""Engagement close: what is open stops it, what no invoice can credit is a question, and then it is closed for all."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.flows.deals import FIRM, contract
from tieline.engine.approvals import decide_approval
from tieline.engine.routing import Systems
from tieline.engine.run import EndState, Run
from tieline.flows.engagement_close import engagement_close
from tieline.flows.plan import plan_projects
from tieline.lane.closing import ask_to_close, follow_status, read_closing, take_up_again
from tieline.lane.own_charges import OwnCharge, add_charge


def look(bench: Bench) -> EndState:
    def flow(run: Run, key: str, systems: Any) -> None:
        engagement_close(run, key, Systems(run.db, {}, (), FIRM))

    bench.flows["engagement_close"] = flow
    return bench.look("engagement_close", "eng_1")


@pytest.fixture
def asked(active: Bench) -> Bench:
    with active.database.transaction() as db:
        assert ask_to_close(db, "eng_1", "dana", "delivered")
        assert not ask_to_close(db, "eng_1", "dana", "twice")
    return active


def charge(bench: Bench, amount: str) -> None:
    project = plan_projects(contract(), "Bluepeak", "006", "001")[0]
    one = OwnCharge(
        connection="tieline",
        kind="milestone",
        source="m",
        version=1,
        project=project,
        day=date(2026, 4, 1),
        amount=Decimal(amount),
        text="m",
        rule="",
    )
    with bench.database.transaction() as db:
        add_charge(db, one)


def state(bench: Bench) -> str:
    with bench.database.connection() as db:
        found = read_closing(db, "eng_1")
    assert found is not None
    return found.state


def is_closed(bench: Bench) -> bool:
    with bench.database.connection() as db:
        return Systems(db, {}, (), FIRM).is_closed("eng_1")


def test_nobody_asked_so_nothing_happens(active: Bench) -> None:
    assert look(active) == "standing_by"


def test_with_nothing_open_it_is_closed_and_can_be_taken_up_again(asked: Bench) -> None:
    assert look(asked) == "done"
    assert (state(asked), is_closed(asked)) == ("closed", True)
    assert look(asked) == "done"
    told = asked.rows("select count(*) as n from audit_event where action = 'engagement.closed'")
    assert told == [{"n": 1}]
    with asked.database.transaction() as db:
        assert take_up_again(db, "eng_1", "dana", "more to do")
        assert not take_up_again(db, "eng_1", "dana", "twice")
    assert (look(asked), is_closed(asked)) == ("standing_by", False)


def test_what_is_open_is_one_exception_and_clears_by_itself(asked: Bench) -> None:
    charge(asked, "1200")
    assert look(asked) == "blocked"
    (told,) = asked.rows("select message, owner from exception_item where closed_at is null")
    assert told == {
        "message": "'Bluepeak rollout' cannot be closed yet: USD 1,200.00 is not billed",
        "owner": "finance",
    }
    asked.rows("update project_transaction set state = 'void', live = false returning id")
    assert look(asked) == "done"
    assert asked.rows("select id from exception_item where closed_at is null") == []


def test_corrections_no_invoice_can_take_are_a_question_to_finance(asked: Bench) -> None:
    charge(asked, "-75")
    assert look(asked) == "waiting"
    assert state(asked) == "asked"
    (question,) = asked.rows("select id, label, content, amount from approval where state = 'asked'")
    assert (question["amount"], question["content"]["corrections"]) == (Decimal(75), ["USD 75.00"])
    decide_approval(asked.database, question["id"], approve=True, by="finance@haldenmarsh.example")
    assert look(asked) == "done"
    assert state(asked) == "closed"


def test_a_status_closes_and_takes_up_again_but_what_a_person_said_stays_until_it_changes(active: Bench) -> None:
    def status(*, done: bool, role: str = "psa") -> str | None:
        with active.database.transaction() as db:
            follow_status(db, "eng_1", role, done=done, by="Kantata", reason="it is 'Complete' in Kantata")
            found = read_closing(db, "eng_1")
        return found.state if found else None

    def person(what: Callable[..., bool]) -> None:
        with active.database.transaction() as db:
            assert what(db, "eng_1", "dana", "because")

    assert [status(done=False), status(done=True), status(done=True)] == [None, "asked", "asked"]
    assert status(done=False, role="crm") == "asked"  # another system's status asked for it
    assert look(active) == "done"
    assert [state(active), status(done=False)] == ["closed", "withdrawn"]

    status(done=True)
    person(take_up_again)
    assert [status(done=True), status(done=False), status(done=True)] == ["withdrawn", "withdrawn", "asked"]
    person(take_up_again)
    person(ask_to_close)
    assert status(done=False) == "asked"

    active.rows("update engagement_close set state = 'withdrawn' returning state")
    active.rows("update engagement set closed_at = now() returning id")
    assert status(done=True) == "withdrawn"
