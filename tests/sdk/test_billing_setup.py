"""What an ERP would bill otherwise than agreed: rates of an order by item, amounts of an invoice plan in any order."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.sdk.billing_setup import RatedLine, SetupDifference, differing_plan, differing_rates

LINES = st.lists(
    st.builds(RatedLine, st.sampled_from("ABC"), st.just("Role"), st.decimals(1, 400, places=2)), max_size=6
)
AMOUNTS = st.lists(st.decimals(1, 100_000, places=2), max_size=6)


@given(LINES, st.randoms())
def test_the_same_lines_in_any_order_are_no_difference(lines: list[RatedLine], chance: st.DataObject) -> None:
    shuffled = sorted(lines, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert differing_rates(lines, shuffled, "Order 1") == []
    assert differing_rates(lines, [*shuffled, RatedLine("Z", "", Decimal(1))], "Order 1") == [], "finance's own line"


@given(AMOUNTS, AMOUNTS)
def test_a_plan_agrees_exactly_when_its_amounts_are_the_same(agreed: list[Decimal], held: list[Decimal]) -> None:
    found = differing_plan(agreed, [f"{one:f}" for one in held], "Plan 1")
    assert (found == []) == (sorted(agreed) == sorted(held))


def test_a_rate_that_was_changed_and_a_line_that_is_gone_are_told_with_both_sides() -> None:
    agreed = [RatedLine("7", "Consultant", Decimal(165)), RatedLine("8", "Architect", Decimal("210.1234"))]
    held = [RatedLine("7", "", Decimal(170)), RatedLine("7", "", Decimal(165))]
    first, second = differing_rates(agreed, held, "Order 1")
    assert str(first) == "Rate of Consultant: 165.00 is agreed, Order 1 has 165.00, 170.00"
    assert str(second) == "Rate of Architect: 210.1234 is agreed, Order 1 has no such line"


@pytest.mark.parametrize(
    ("held", "words"), [(["50%", "6000"], "50%, 6,000.00"), ([], "nothing"), (["6000.00"] * 7, "and 2 more")]
)
def test_a_plan_is_told_as_the_erp_holds_it(held: list[str], words: str) -> None:
    (found,) = differing_plan([Decimal(6000), Decimal(6000)], held, "Plan 1")
    assert isinstance(found, SetupDifference)
    assert words in found.held
