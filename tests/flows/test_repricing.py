"""Credit and rebill: one decision on the list, whatever it is."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.engine.conftest import Bench
from tests.flows.deals import FIRM, contract
from tieline.engine.approvals import decide_approval
from tieline.engine.routing import Systems
from tieline.engine.run import EndState, Run
from tieline.flows.repricing import repricing

PROPOSAL = {
    "currency": "USD",
    "net": "50.00",
    "credited": "525.00",
    "billed_again": "575.00",
    "contract_version": 2,
    "entries": 2,
    "invoices": 1,
    "by_invoice": ["INV-7: Consultant, 2.50 h at 230 instead of 210, +50.00"],
}


def look(bench: Bench) -> EndState:
    def flow(run: Run, key: str, systems: Any) -> None:
        repricing(run, key, Systems(run.db, {}, (), FIRM))

    bench.flows["repricing"] = flow
    return bench.look("repricing", contract().id)


def states(bench: Bench) -> list[str]:
    return [row["state"] for row in bench.rows("select state from repricing")]


@pytest.fixture
def proposed(active: Bench) -> Bench:
    """Something was invoiced at a price that has changed since."""
    active.rows(
        "insert into repricing (contract_id, engagement_id, state, proposal) values (%s, 'eng_1', 'proposed', %s)"
        " returning state",
        contract().id,
        Jsonb(PROPOSAL),
    )
    return active


def test_without_a_proposal_nothing_is_asked(active: Bench) -> None:
    assert look(active) == "standing_by"
    assert active.rows("select id from approval") == []


def test_the_question_names_what_is_credited_and_the_net_and_shows_the_list(proposed: Bench) -> None:
    assert look(proposed) == "waiting"
    (asked,) = proposed.rows("select label, content, amount, legal_entity from approval where state = 'asked'")
    assert asked == {"label": "Credit and rebill", "content": PROPOSAL, "amount": 525, "legal_entity": "US"}
    (told,) = proposed.rows("select message from exception_item where closed_at is null")
    assert told["message"] == (
        "Credit and rebill: version 2 of 'Bluepeak rollout' changes the price of 2 invoiced entries on 1 invoice:"
        " USD 525.00 credited, net USD 50.00"
    )


@pytest.mark.parametrize(("approve", "left"), [(True, ["approved"]), (False, [])])
def test_a_decision_ends_the_question(proposed: Bench, approve: bool, left: list[str]) -> None:
    look(proposed)
    (asked,) = proposed.rows("select id from approval")
    decide_approval(proposed.database, asked["id"], approve=approve, by="finance@haldenmarsh.example", reason="agreed")
    assert look(proposed) == "done"
    assert states(proposed) == left
    assert proposed.rows("select id from exception_item where closed_at is null") == []
