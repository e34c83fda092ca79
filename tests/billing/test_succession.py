"""What goes over to a successor contract: the open balance at a rate, and the rest of a retainer."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lane.world import a_contract
from tieline.billing.closing import Remainder
from tieline.billing.fx import Conversion, FxRates
from tieline.billing.succession import carried_over, conversion, period_of, top_up, with_top_up
from tieline.model.billing_terms import BillingTerms, ExpenseTerms, Retainer, TopUp
from tieline.model.contract import ContractVersion
from tieline.model.firm import FxRate
from tieline.model.money import Money, rounded

DAY = date(2026, 5, 20)
CENTS = st.decimals(Decimal(0), Decimal(10) ** 9, places=2)
HALF = Conversion(Decimal("0.5"), "the bank")


def usd(amount: str | Decimal) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def successor(currency: str = "EUR", retainer: Retainer | None = None, **more: Any) -> ContractVersion:
    expenses = ExpenseTerms(**more.pop("expenses", {}))
    terms = BillingTerms(id="b", currency=currency, retainer=retainer, expenses=expenses)
    return a_contract(id="con_2", currency=currency, value=Money(amount=Decimal(1), currency=currency),
                      billing_terms=terms, **more)  # fmt: skip


def retainer(**terms: Any) -> Retainer:
    return Retainer(id="r", **({"fee": Decimal(3000), "hours": Decimal(20)} | terms))


def rest(value: str = "1500", minutes: str | None = "600", **terms: Any) -> Remainder:
    return Remainder(retainer(remainder="successor", **terms), usd(value), Decimal(minutes) if minutes else None)


@given(CENTS, CENTS, st.decimals(Decimal("0.001"), Decimal(1000), places=6), st.sampled_from(["EUR", "JPY", "BHD"]))
def test_what_was_billed_and_what_goes_over_make_the_value(
    value: Decimal, billed: Decimal, rate: Decimal, currency: str
) -> None:
    found = carried_over(
        a_contract(value=usd(value)), usd(billed), None, successor(currency), Conversion(rate, "x"), DAY
    )
    assert found.open_balance + found.billed == usd(value)
    assert found.converted.amount == rounded((value - billed) * rate, currency)


def test_the_rate_is_the_one_the_successor_fixes_else_the_days_else_none() -> None:
    known = FxRates([FxRate(id="1", day=DAY, base="USD", quote="EUR", rate=Decimal("0.9"), source="ECB")])
    old = a_contract()
    fixed = successor(expenses={"fx_rates": {"USD": Decimal("0.85")}})
    assert conversion(old, fixed, known, DAY) == Conversion(Decimal("0.85"), "fixed by the contract")
    assert conversion(old, successor(), known, DAY) == Conversion(Decimal("0.9"), "ECB 2026-05-20")
    assert conversion(old, successor(expenses={"fx": "stop"}), known, DAY) is None
    assert conversion(old, successor(), FxRates(), DAY) is None
    same = conversion(old, successor("USD"), FxRates(), DAY)
    assert same is not None
    assert carried_over(old, usd("0"), None, successor("USD"), same, DAY).rate is None


@pytest.mark.parametrize(
    ("left", "wanted", "included"),
    [
        (rest(), {}, "10.00"),
        (rest(), {"hours": None, "amount": Decimal(5000)}, "750.00"),
        (rest(minutes=None, hours=None, amount=Decimal(5000)), {"hours": None, "amount": Decimal(9)}, "750.00"),
        (rest(minutes=None, hours=None, amount=Decimal(5000)), {}, "5.00"),
        (rest(minutes=None, hours=None, amount=Decimal(5000)), {"fee": Decimal(0)}, None),
        (Remainder(retainer(), usd("1500"), Decimal(600)), {}, None),
    ],
)
def test_hours_stay_hours_and_all_else_is_what_it_was_bought_for(
    left: Remainder, wanted: dict[str, Any], included: str | None
) -> None:
    found = top_up(left, successor(retainer=retainer(**wanted)), HALF, DAY)
    assert (str(found.included) if found else None) == included
    assert found is None or (found.on, found.fee) == (DAY, Decimal(0))


def test_it_goes_into_a_period_that_no_later_version_begins_in() -> None:
    later = successor(retainer=retainer(), effective_from=date(2026, 6, 10))
    found = top_up(rest(), later, HALF, DAY)
    assert found is not None
    assert found.on == date(2026, 7, 1)
    assert period_of(successor(retainer=retainer(end_date=date(2026, 4, 30))), DAY) is None
    assert top_up(rest(), successor(), HALF, DAY) is None


def test_a_further_close_puts_its_top_up_in_the_place_of_the_one_before() -> None:
    own = TopUp(id="more", on=DAY, included=Decimal(5), fee=Decimal(900))
    first, second = (TopUp(id="carried-over", on=DAY, included=Decimal(n), fee=Decimal(0)) for n in (4, 3))
    terms = with_top_up(with_top_up(retainer(top_ups=(own,)), first), second)
    assert terms.top_ups == (own, second)
