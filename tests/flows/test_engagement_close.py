"""Engagement close: what is open stops it, what no invoice can credit is a question, and then it is closed for all."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.flows.deals import CUSTOMER, FIRM, contract
from tieline.app.succession import read_lineage
from tieline.billing.facts import timeline_of
from tieline.billing.retainer import retainer_charges, statements
from tieline.engine.approvals import decide_approval
from tieline.engine.routing import Systems
from tieline.engine.run import EndState, Run
from tieline.flows.engagement_close import engagement_close
from tieline.flows.plan import plan_projects
from tieline.flows.succession import follow_on
from tieline.lane.closing import ask_to_close, follow_status, read_closing, take_up_again
from tieline.lane.own_charges import OwnCharge, add_charge
from tieline.model.billing_terms import BillingTerms, Retainer
from tieline.model.contract import ContractVersion
from tieline.store.canonical import (
    add_contract_version,
    contract_of_engagement,
    contract_versions,
    open_engagement,
    put_project,
)
from tieline.store.succession import add_succession


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


SUCCESSOR = "eng_2"


def _retainer(contract_id: str, **changed: Any) -> ContractVersion:
    retainer = Retainer(id="r", fee=Decimal(3000), hours=Decimal(20), roll_over="term", remainder="successor")
    terms = BillingTerms(id="b", currency="USD", retainer=retainer)
    return contract().model_copy(update={"id": contract_id, "billing_terms": terms, **changed})


@pytest.fixture
def followed(bench: Bench) -> Bench:
    """A contract with a retainer that another one of the same kind follows."""
    old, new = _retainer("con_1"), _retainer("con_2", engagement_id=SUCCESSOR, opportunity_id="opp_2", name="Next")
    with bench.database.transaction() as db:
        for number, one in enumerate((old, new), 1):
            open_engagement(db, f"eng_{number}", f"opp_{number}", one.name, CUSTOMER.id, CUSTOMER.name)
            add_contract_version(db, one)
            put_project(db, plan_projects(one, "Bluepeak", "006", "001")[0])
        add_succession(
            db, opportunity_id="opp_2", engagement_id="eng_1", successor_id=SUCCESSOR, by="dana", reason="moves"
        )
    return bench


def test_the_rest_of_a_retainer_goes_over_as_a_version_of_the_successor_and_is_billed_no_more(followed: Bench) -> None:
    def flow(run: Run, key: str, systems: Any) -> None:
        newest = contract_of_engagement(run.db, SUCCESSOR)
        assert newest is not None
        follow_on(run, newest)

    followed.flows["opportunity_to_contract"] = flow
    assert followed.look("opportunity_to_contract", "opp_2", engagement=SUCCESSOR) == "done"
    assert state(followed) == "asked"
    followed.engine = replace(followed.engine, today=lambda: date(2026, 5, 20))
    assert look(followed) == "done"
    assert state(followed) == "closed"
    assert followed.look("opportunity_to_contract", "opp_2", engagement=SUCCESSOR) == "done"
    assert followed.look("opportunity_to_contract", "opp_2", engagement=SUCCESSOR) == "done"
    with followed.database.connection() as db:
        versions = contract_versions(db, "con_2")
        carried = read_lineage(db, "eng_1").successor
    assert carried is not None
    assert [str(carried.open_balance), str(carried.retainer)] == ["USD 1,650.00", "USD 9,000.00"]
    assert [(one.version, one.effective_from) for one in versions] == [(1, None), (2, date(2026, 5, 1))]
    assert versions[1].change is not None
    assert versions[1].change.changed == ("retainer: 60 hours from 2026-05-20, paid for before (USD 9,000.00)",)
    timeline = timeline_of(versions, plan_projects(versions[1], "Bluepeak", "006", "001"))
    assert [one.balance for one in statements(timeline, (), date(2026, 5, 31))] == [1200, 2400, 7200]
    fees = [one.amount for one in retainer_charges(timeline, (), date(2026, 5, 31), date(2026, 5, 31)) if one.amount]
    assert fees == [3000, 3000, 3000]


def test_without_a_rate_the_close_waits_and_without_a_contract_of_the_successor_too(followed: Bench) -> None:
    with followed.database.transaction() as db:
        ask_to_close(db, "eng_1", "dana", "moves")
        add_contract_version(db, _retainer("con_2", version=2, engagement_id=SUCCESSOR, currency="EUR"))
    assert look(followed) == "blocked"
    followed.rows("update succession set successor_id = 'eng_3' returning successor_id")
    assert look(followed) == "blocked"
    rows = followed.rows("select message from exception_item order by id")
    assert ["there is no rate from USD to EUR" in row["message"] for row in rows] == [True, False]
    assert "the deal that follows it is not a contract yet" in rows[1]["message"]
