"""A won deal that changes or dies: an edit waits for a change order, a lost deal for a decision."""

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.conftest import Bench
from tests.flows.deals import FIRM, START, contract, deal, line
from tests.flows.orders import delta, order
from tests.flows.test_packages import firm as catalogue
from tests.flows.test_packages import package, sold
from tieline.engine.approvals import decide_approval
from tieline.engine.routing import Systems
from tieline.engine.run import EndState, Run
from tieline.flows.commercial_change import guard_commercial_terms
from tieline.model.change_order import ChangeOrder
from tieline.model.contract import ContractVersion
from tieline.model.firm import Firm
from tieline.model.opportunity import Opportunity, OpportunityLine
from tieline.store.canonical import contract_of_engagement

LIMITED = FIRM.model_copy(
    update={
        "service_lines": tuple(
            one.model_copy(update={"largest_change": {"USD": Decimal(10000)}}) for one in FIRM.service_lines
        )
    }
)


def judge(
    bench: Bench, opportunity: Opportunity, *orders: ChangeOrder, engagement: str = "eng_1", of: Firm = LIMITED
) -> EndState:
    def flow(run: Run, key: str, systems: Any) -> None:
        newest = contract_of_engagement(run.db, "eng_1")
        assert newest is not None
        guard_commercial_terms(run, opportunity, newest, Systems(run.db, {}, (), of), orders)

    bench.flows["guard"] = flow
    return bench.look("guard", opportunity.id, engagement=engagement)


def newest_contract_of(bench: Bench) -> ContractVersion:
    with bench.database.connection() as db:
        newest = contract_of_engagement(db, "eng_1")
    assert newest is not None
    return newest


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


def test_an_add_on_deal_that_is_won_adds_its_lines_to_the_contract_once(active: Bench) -> None:
    more = deal(line(9, workstream="Run"), id="opp_2", name="More", parent_engagement="eng_1")
    assert judge(active, more) == "done"
    newest = newest_contract_of(active)
    assert (newest.version, newest.effective_from, newest.value.amount) == (2, START, Decimal(3300))
    assert newest.change is not None
    assert newest.change.order.number == "More"
    assert judge(active, more) == "done"
    assert newest_contract_of(active).version == 2


def test_an_add_on_deal_of_service_packages_is_no_change_order_by_itself(active: Bench) -> None:
    more = deal(sold(), id="opp_2", name="More", parent_engagement="eng_1")
    assert judge(active, more, of=catalogue(package())) == "blocked"
    (found,) = exceptions(active)
    assert found["message"].startswith("The add-on deal 'More' sells service packages (CLOUD), which")
    assert newest_contract_of(active).version == 1


def test_an_add_on_deal_waits_for_the_lock_of_its_engagement(active: Bench) -> None:
    more = deal(line(9, workstream="Run"), id="opp_2", parent_engagement="eng_1")
    assert judge(active, more, engagement="opp_2") == "standing_by"
    assert newest_contract_of(active).version == 1
    assert active.rows("select engagement from agenda where flow = 'guard' and behind") == [{"engagement": "eng_1"}]
    assert active.rows("select engagement_id from engagement_opportunity where opportunity_id = 'opp_2'")


def test_an_add_on_deal_that_is_lost_after_its_lines_were_added_needs_a_person(active: Bench) -> None:
    more = deal(line(9, workstream="Run"), id="opp_2", name="More", parent_engagement="eng_1")
    judge(active, more)
    assert judge(active, more.model_copy(update={"is_committed": False})) == "blocked"
    (found,) = exceptions(active)
    assert "'More' is not approved any more after it became version 2" in found["message"]
    assert newest_contract_of(active).version == 2


def test_an_approved_order_becomes_the_next_version_once_and_the_deal_may_stay_as_signed(active: Bench) -> None:
    more = order(delta(role="Consultant", workstream="Build", hours=2))
    assert judge(active, deal(), more) == "done"
    assert judge(active, deal(), more) == "done"
    newest = newest_contract_of(active)
    assert (newest.version, newest.value.amount) == (2, Decimal(1980))
    assert judge(active, deal(line(1, quantity=12), amount="1980"), more) == "done", "or be brought up to date"
    assert active.rows("select contract_id, state from repricing") == [{"contract_id": newest.id, "state": "new"}]


def test_orders_that_are_not_approved_write_nothing(active: Bench) -> None:
    orders = [
        order(delta(role="Consultant", hours=number), number=number, status=status)
        for number, status in enumerate(("draft", "proposed", "rejected", "cancelled"), 1)
    ]
    assert judge(active, deal(), *orders) == "done"
    assert newest_contract_of(active).version == 1
    assert active.rows("select id from run") == []


def test_two_orders_between_two_looks_are_two_versions_in_the_order_of_their_approval(active: Bench) -> None:
    first, second = order(delta(role="Consultant", hours=2)), order(delta(role="Consultant", hours=3), number=2)
    assert judge(active, deal(), second, first) == "done"
    rows = active.rows("select version, change_order_id as by from contract_version order by version")
    assert [(row["version"], row["by"]) for row in rows] == [(1, None), (2, first.id), (3, second.id)]
    assert newest_contract_of(active).budget.hours == 15


def test_an_order_that_changes_the_currency_is_refused_and_the_next_one_goes_on(active: Bench) -> None:
    refused = order(delta(role="Consultant", hours=2), currency="EUR")
    assert judge(active, deal(), refused, order(delta(role="Consultant", hours=3), number=2)) == "blocked"
    (found,) = exceptions(active)
    assert found["message"] == (
        "Change order 'CO-1' cannot become version 2 of 'Bluepeak rollout': the currency never changes by an amendment:"
        " close the contract and open a successor"
    )
    assert found["owner"] == "sales"
    assert newest_contract_of(active).budget.hours == 13
    corrected = [order(delta(role="Consultant", hours=2)), order(delta(role="Consultant", hours=3), number=2)]
    assert judge(active, deal(), *corrected) == "done"
    assert (newest_contract_of(active).version, newest_contract_of(active).budget.hours) == (3, Decimal(15))


def test_an_order_edited_or_taken_back_after_it_became_a_version_needs_another_order(active: Bench) -> None:
    judge(active, deal(), order(delta(role="Consultant", hours=2)))
    assert judge(active, deal(), order(delta(role="Consultant", hours=4))) == "blocked"
    assert "'CO-1' was edited after it became version 2" in exceptions(active)[0]["message"]
    assert judge(active, deal(), order(delta(role="Consultant", hours=2), status="cancelled")) == "blocked"
    assert "'CO-1' is not approved any more after it became version 2" in exceptions(active)[0]["message"]
    assert judge(active, deal(), order(delta(role="Consultant", hours=2), reason="Filed")) == "done"
    assert newest_contract_of(active).version == 2


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (order(kind="term", payment_terms="NET60"), "payment terms NET60 instead of NET30 or NET14"),
        (order(delta(role="Consultant", rate="100")), "Consultant at 100 instead of 165"),
        (order(delta(role="Consultant", hours=100)), "it changes the value by USD 16,500.00, more than USD 10,000"),
    ],
)
def test_what_the_sites_rules_name_is_asked_before_it_is_a_version(
    active: Bench, changed: ChangeOrder, told: str
) -> None:
    assert judge(active, deal(), changed) == "waiting"
    assert exceptions(active)[0]["message"] == f"Change order CO-1: {told}"
    assert newest_contract_of(active).version == 1
    (asked,) = active.rows("select id, content from approval where state = 'asked'")
    assert asked["content"]["change"]["order"]["number"] == "CO-1"
    decide_approval(active.database, asked["id"], approve=True, by="finance@haldenmarsh.example")
    assert judge(active, deal(), changed) == "done"
    assert newest_contract_of(active).version == 2
