"""A won deal that changes or dies: an edit waits for a change order, a lost deal for a decision."""

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.flows.deals import FIRM, contract, deal, line
from tieline.engine.approvals import decide_approval
from tieline.engine.routing import Systems
from tieline.engine.run import EndState, Run
from tieline.flows.commercial_change import guard_commercial_terms
from tieline.model.opportunity import Opportunity, OpportunityLine


def judge(bench: Bench, opportunity: Opportunity) -> EndState:
    def flow(run: Run, key: str, systems: Any) -> None:
        guard_commercial_terms(run, opportunity, contract(), Systems(run.db, {}, (), FIRM))

    bench.flows["guard"] = flow
    return bench.look("guard", opportunity.id)


def exceptions(bench: Bench) -> list[dict[str, Any]]:
    return bench.rows(
        "select i.message, i.owner, l.amount, l.currency from exception_item i"
        " join exception_line l on l.exception_id = i.id where i.closed_at is null order by i.id"
    )


def test_a_deal_that_agrees_with_its_contract_writes_nothing(active: Bench) -> None:
    assert judge(active, deal()) == "done"
    assert active.rows("select id from run") == []


def test_whatever_is_told_of_a_won_deal_its_customer_is_looked_at_again(active: Bench) -> None:
    judge(active, deal())
    assert active.rows("select key from agenda where flow = 'contract_to_project' and behind") == [
        {"key": contract().id}
    ]


def test_an_edit_without_change_order_is_an_exception_with_its_money_and_goes_when_it_is_taken_back(
    active: Bench,
) -> None:
    assert judge(active, deal(line(1, quantity=12), amount="1980")) == "blocked"
    (found,) = exceptions(active)
    assert found["message"] == (
        "Commercial change without change order on 'Bluepeak rollout':"
        " the value USD 1,650.00 is now USD 1,980.00 (a difference of USD 330.00)"
    )
    assert (found["owner"], found["amount"], found["currency"]) == ("sales", Decimal(330), "USD")
    assert judge(active, deal()) == "done"
    assert exceptions(active) == []


@pytest.mark.parametrize(
    ("lines", "changed", "told"),
    [
        ([line(1, quantity=-3)], {}, "'Build' has the quantity -3; it must be more than zero"),
        ([], {"currency": None}, "the currency is missing"),
        ([], {"customer_id": "cus_2"}, "the deal belongs to another customer now"),
        ([], {"name": "O'Brien 🚀", "end_date": "2026-12-31"}, "end 2026-08-31 is now 2026-12-31"),
    ],
)
def test_whatever_sales_does_to_a_won_deal_is_told(
    active: Bench, lines: list[OpportunityLine], changed: dict[str, Any], told: str
) -> None:
    assert judge(active, deal(*lines, **changed)) == "blocked"
    assert told in exceptions(active)[0]["message"]


@pytest.mark.parametrize("amount", ["1e15", "-1e300", "0.00000001"])
def test_an_absurd_amount_of_a_deal_is_told_as_it_is(active: Bench, amount: str) -> None:
    assert judge(active, deal(line(1, quantity=12), amount=amount)) == "blocked"
    assert exceptions(active)[0]["amount"] == Decimal(amount) - 1650


@pytest.mark.parametrize(
    ("changed", "how"), [({}, "re-opened"), ({"is_lost": True}, "lost"), ({"is_deleted": True}, "deleted")]
)
def test_a_deal_that_dies_before_anything_was_posted_is_withdrawn_by_a_decision(
    active: Bench, changed: dict[str, Any], how: str
) -> None:
    dead = deal(is_committed=False, **changed)
    assert judge(active, dead) == "waiting"
    (asked,) = active.rows("select id, content from approval where state = 'asked'")
    assert asked["content"]["deal"] == how
    assert f"was {how}" in exceptions(active)[0]["message"]
    decide_approval(active.database, asked["id"], approve=True, by="dana")
    assert judge(active, dead) == "done"
    assert active.rows("select id from engagement where closed_at is not null")
    assert exceptions(active) == []


def test_a_declined_withdrawal_changes_nothing_and_stays_visible(active: Bench) -> None:
    dead = deal(is_committed=False, is_lost=True)
    judge(active, dead)
    (asked,) = active.rows("select id from approval")
    decide_approval(active.database, asked["id"], approve=False, by="dana", reason="we talk to them")
    assert judge(active, dead) == "waiting"
    assert active.rows("select id from engagement where closed_at is not null") == []
    assert len(active.rows("select id from approval")) == 1


def test_a_withdrawn_engagement_is_taken_up_again_when_the_deal_is_won_again(active: Bench) -> None:
    judge(active, deal(is_committed=False))
    (asked,) = active.rows("select id from approval")
    decide_approval(active.database, asked["id"], approve=True, by="dana")
    judge(active, deal(is_committed=False))
    assert judge(active, deal()) == "done"
    assert active.rows("select id from engagement where closed_at is not null") == []
    assert active.rows("select flow from agenda where flow = 'contract_to_project' and behind")


def test_a_deal_that_dies_after_money_was_posted_goes_to_finance(active: Bench) -> None:
    active.rows(
        "insert into invoice (id, engagement_id, project_id, connection, schema_version, body, external_id)"
        " select 'inv_1', 'eng_1', id, 'erp', 1, '{}', '77' from project returning id"
    )
    assert judge(active, deal(is_committed=False, is_lost=True)) == "blocked"
    (found,) = exceptions(active)
    assert found["owner"] == "finance"
    assert "was lost, but 0 time entries (USD 0.00) and 1 invoices was posted already" in found["message"]
    assert active.rows("select id from approval") == []


def test_an_add_on_deal_that_is_not_won_leaves_its_engagement_alone(active: Bench) -> None:
    add_on = deal(id="opp_2", is_committed=False, parent_engagement="eng_1")
    assert judge(active, add_on) == "standing_by"
    assert judge(active, add_on.model_copy(update={"is_lost": True})) == "standing_by"
    assert active.rows("select id from approval") == []


def test_an_add_on_deal_that_is_won_asks_for_a_change_order_with_its_money(active: Bench) -> None:
    assert judge(active, deal(id="opp_2", name="More", amount="500", parent_engagement="eng_1")) == "blocked"
    (found,) = exceptions(active)
    assert found["message"] == "The add-on deal 'More' was won for 'Bluepeak rollout', which does not hold it yet"
    assert found["amount"] == 500
