"""Amendment: what a change order makes of a contract, and what no change order may do."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flows.deals import END, FIRM, START, contract, fixed, line
from tests.flows.orders import FROM, delta, order
from tests.flows.test_packages import drafted, offer, sold
from tieline.billing.rate_card import Place, RateCard, rate_of
from tieline.flows.amendment import apply_change_order, order_problems
from tieline.model.change_order import ChangeOrder, ChangeOrderLine
from tieline.model.contract import ContractVersion
from tieline.model.money import Money, total

LINES = (
    line(1),
    line(2, role="Senior Consultant", unit_price="210", quantity=20),
    fixed(3, "5000"),
    fixed(4, "800"),
)
BASE = contract(*LINES)


ROLES_FREE = FIRM.model_copy(update={"standard_rates": ()})


def amended(*orders: ChangeOrder, start: ContractVersion = BASE) -> ContractVersion:
    for one in orders:
        assert order_problems(start, one, ROLES_FREE) == []
        start = apply_change_order(start, one, ROLES_FREE)
    return start


def rate(version: ContractVersion, role: str, day: date) -> Decimal | None:
    card = RateCard(map(rate_of, version.rate_card), Place(version.id, "prj", version.currency, "cus_1", "", None))
    found = card.find(role, None, day)
    return found.amount if found else None


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def test_a_new_role_brings_its_line_rate_value_and_budget() -> None:
    architect = delta("add", role="Architect", workstream="Design", hours=40, rate="250")
    found = amended(order(architect))
    assert found.version == 2
    assert found.effective_from == FROM
    assert found.value == BASE.value + usd("10000")
    assert found.budget.hours == BASE.budget.hours + 40
    assert rate(found, "Architect", FROM) == 250
    assert rate(found, "Architect", FROM - timedelta(days=1)) is None
    assert found.change is not None
    assert found.change.changed == (
        "Architect costs USD 250.00 an hour from 2026-05-01",
        "new: Design, Architect, 40 h, USD 10,000.00",
    )
    assert found.change.difference == usd("10000")
    assert found.change.order.approved_by == "cora@bluepeak.example"


def test_a_new_rate_counts_from_its_day_and_the_old_one_until_then() -> None:
    found = amended(order(delta(role="Consultant", rate="180"), kind="rate"))
    assert rate(found, "Consultant", FROM - timedelta(days=1)) == 165
    assert rate(found, "Consultant", FROM) == 180
    assert [one.amount for one in found.lines if one.role == "Consultant"] == [usd("1800.00")]
    (old, new) = [row for row in found.rate_card if row.role == "Consultant"]
    assert (old.valid_to, new.valid_from, new.valid_to) == (FROM, FROM, None)


def test_a_rate_agreed_for_an_earlier_day_ends_where_one_agreed_before_begins() -> None:
    later = order(delta(role="Consultant", rate="180"), number=1, effective_from=date(2026, 7, 1))
    earlier = order(delta(role="Consultant", rate="170"), number=2, effective_from=date(2026, 6, 1))
    one, other = amended(later, earlier), amended(earlier, later)
    assert one.rate_card == other.rate_card
    assert [rate(one, "Consultant", date(2026, month, 1)) for month in (5, 6, 7)] == [165, 170, 180]


def test_one_entitys_rate_changes_and_the_others_stays() -> None:
    both = contract(line(1), line(2, delivering_entity="DE"))
    found = amended(order(delta(role="Consultant", delivering_entity="DE", rate="150")), start=both)
    assert {one.delivering_entity: one.rate for one in found.lines} == {"US": Decimal(165), "DE": Decimal(150)}
    again = amended(order(delta(role="Consultant", rate="190"), number=2), start=found)
    assert {one.rate for one in again.lines} == {Decimal(190)}


def test_milestones_move_grow_come_and_go_with_the_schedule() -> None:
    found = amended(
        order(
            delta(number=1, description="Deliverable 3", amount="1000", due_on="2026-08-01"),
            delta("add", number=2, description="Training", amount="2500"),
            delta("remove", number=3, description="Deliverable 4"),
            kind="milestone",
        )
    )
    items = {item.name: (item.amount, item.due_on) for item in found.billing_schedule.items}
    assert items == {"Deliverable 3": (usd("6000.00"), date(2026, 8, 1)), "Training": (usd("2500.00"), END)}
    assert found.value == BASE.value + usd("2700")


def test_a_fixed_price_is_due_on_completion_with_all_that_was_added() -> None:
    start = contract(line(1), billing_method="fixed_price")
    found = amended(order(delta(workstream="Build", role="Consultant", hours=10), end_date="2026-10-31"), start=start)
    (item,) = found.billing_schedule.items
    assert (item.amount, item.due_on) == (usd("3300.00"), date(2026, 10, 31))
    assert item.milestone_id == start.billing_schedule.items[0].milestone_id


def test_terms_change_and_the_unusual_ones_are_named() -> None:
    found = amended(order(kind="term", payment_terms="NET60", po_number="PO-9", end_date="2026-09-30"))
    assert (found.payment_terms, found.po_number, found.end_date) == ("NET60", "PO-9", date(2026, 9, 30))
    assert found.deviations == ("payment terms NET60 instead of NET30 or NET14",)
    assert found.change is not None
    assert found.change.changed == (
        "end 2026-08-31 becomes 2026-09-30",
        "payment terms NET30 becomes NET60",
        "PO number none becomes PO-9",
    )


@pytest.mark.parametrize(
    ("lines", "given", "told"),
    [
        ([], {"currency": "EUR"}, "the currency never changes by an amendment: close the contract and open a success"),
        ([], {"legal_entity": "UK"}, "the legal entity never changes by an amendment"),
        ([], {"customer_id": "cus_2"}, "the customer never changes by an amendment"),
        ([], {"effective_from": None}, "it does not say from when it takes effect"),
        ([], {"effective_from": START - timedelta(days=1)}, "before the contract starts"),
        ([], {"effective_from": END + timedelta(days=1)}, "after the contract ends on 2026-08-31"),
        ([], {"end_date": START - timedelta(days=1), "effective_from": START}, "the end date lies before the start"),
        ([], {}, "it changes nothing"),
        ([delta(workstream="Build", role="Consultant")], {}, "is to change, and nothing says how"),
        ([delta(workstream="Run", role="Consultant", hours=1)], {}, "'Run, Consultant' is no line of the contract"),
        ([delta(amount=1)], {}, "'a line' fits 2 lines of the contract"),
        ([delta(role="Consultant", hours=-11)], {}, "would come to less than nothing"),
        ([delta(description="Deliverable 3", hours=3)], {}, "a role's line changes by hours, a fixed one by an amount"),
        ([delta(description="Deliverable 3", rate=3)], {}, "has a new rate, and no role"),
        ([delta(role="Consultant", rate=-3)], {}, "has a negative rate"),
        ([delta("add", description="Gift")], {}, "'Gift' has neither a role nor an amount"),
        ([delta("add", role="Consultant")], {}, "'Consultant' has no hours"),
        ([delta("add", role="Consultant", hours=1, rate=1)], {}, "has several prices (165, 1)"),
        ([delta("add", role="Architect", hours=1)], {}, "role 'Architect' has no standard rate in USD"),
        ([delta("add", role="Consultant", hours=1, delivering_entity="FR")], {}, "which is not one of the firm's"),
        ([delta("remove", workstream="Nowhere")], {}, "'Nowhere' is no line of the contract"),
        ([delta("add", description="All", amount=10**13 * 9), delta("add", 2, description="More", amount=10**13)], {},
         "more than it can hold"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_words(lines: list[ChangeOrderLine], given: dict[str, Any], told: str) -> None:
    assert told in "; ".join(order_problems(BASE, order(*lines, **given), FIRM))


def test_an_entity_that_would_have_nothing_left_to_deliver_is_not_taken_away() -> None:
    both = contract(line(1), line(2, delivering_entity="DE"))
    gone = order(delta("remove", role="Consultant", delivering_entity="DE"))
    assert order_problems(both, gone, FIRM) == ["it takes away all that DE delivers: close that project instead"]


HOURS = st.integers(min_value=1, max_value=500)
PRICES = st.decimals(min_value=1, max_value=900, places=2)
DAYS = st.dates(min_value=START, max_value=END)


@st.composite
def independent(draw: st.DrawFn) -> list[ChangeOrder]:
    """Orders that touch different things, or the same by what they add."""
    deltas = [
        [delta(number=1, workstream="Build", role="Consultant", hours=draw(HOURS))],
        [delta(number=2, workstream="Build", role="Consultant", hours=draw(HOURS))],
        [delta(number=3, role="Senior Consultant", rate=draw(PRICES))],
        [delta("add", number=4, role="Architect", workstream="Design", hours=draw(HOURS), rate=draw(PRICES))],
        [delta(number=5, description="Deliverable 3", amount=draw(PRICES))],
        [delta("remove", number=6, description="Deliverable 4")],
        [delta("add", number=7, description="Training", amount=draw(PRICES), due_on="2026-08-01")],
    ]
    days = st.sampled_from([FROM, date(2026, 6, 1), date(2026, 7, 15)])
    orders = [order(*lines, number=place, effective_from=draw(days)) for place, lines in enumerate(deltas, 1)]
    return draw(st.permutations(orders))


def _essence(version: ContractVersion) -> tuple[Any, ...]:
    return (
        sorted(version.lines, key=lambda one: one.id),
        sorted(version.rate_card, key=lambda one: one.id),
        sorted(version.billing_schedule.items, key=lambda one: one.id),
        version.value,
        version.budget,
    )


@settings(max_examples=40)
@given(independent())
def test_independent_orders_come_to_the_same_in_any_order(orders: list[ChangeOrder]) -> None:
    usual = amended(*sorted(orders, key=lambda one: one.id))
    assert _essence(amended(*orders)) == _essence(usual)
    assert usual.version == 1 + len(orders)


@pytest.mark.parametrize("method", ["time_and_materials", "fixed_price", "milestone"])
@settings(max_examples=40)
@given(orders=independent())
def test_the_value_is_always_the_sum_of_its_lines_and_the_parties_stay(method: str, orders: list[ChangeOrder]) -> None:
    start = contract(*LINES, billing_method=method)
    for one in orders:
        before, start = start, apply_change_order(start, one, ROLES_FREE)
        assert start.value == total((each.amount for each in start.lines), start.currency)
        assert start.budget.revenue == start.value
        assert start.change is not None
        assert start.change.difference == start.value - before.value
        assert [(getattr(start, name)) for name in ("id", "currency", "legal_entity", "customer_id", "start_date")] == [
            getattr(BASE, name) for name in ("id", "currency", "legal_entity", "customer_id", "start_date")
        ]
        billed = total((item.amount for item in start.billing_schedule.items), start.currency)
        planned = [each.amount for each in start.lines if method != "time_and_materials" or not each.role]
        assert billed == total(planned, start.currency)


@settings(max_examples=40)
@given(independent(), DAYS, st.sampled_from(["Consultant", "Senior Consultant"]))
def test_work_before_the_first_order_takes_effect_keeps_its_rate(
    orders: list[ChangeOrder], day: date, role: str
) -> None:
    if day < min(one.effective_from or END for one in orders):
        assert rate(amended(*orders), role, day) == rate(BASE, role, day)


def test_the_invoice_plan_of_a_package_stays_and_what_is_added_is_billed_beside_it() -> None:
    start = drafted(offer(sold()))
    plan = {item.id: item.amount for item in start.billing_schedule.items}
    more = order(
        delta("add", description="Training", amount="2500"), delta("add", 2, role="Consultant", hours=10, rate=165)
    )
    found = amended(more, start=start)
    assert plan.items() <= {item.id: item.amount for item in found.billing_schedule.items}.items()
    assert [line for line in found.lines if line.package] == list(start.lines)
    billed = total((item.amount for item in found.billing_schedule.items), found.currency)
    assert billed - total(plan.values(), start.currency) == found.value - start.value


def test_an_order_that_makes_a_contract_too_long_is_told() -> None:
    added = [delta("add", number, role="Consultant", workstream=f"Stream {number}", hours=1) for number in range(1000)]
    assert order_problems(BASE, order(*added), ROLES_FREE) == [
        "the contract would have 1,004 lines, and holds at most 1,000"
    ]
