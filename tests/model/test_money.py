"""Money: exact sums, rounding once and away from zero, and parts that add up to the cent."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tieline.model.money import Money, digits, rounded, total

CURRENCIES = st.sampled_from(["USD", "EUR", "GBP", "JPY", "BHD", "KWD", "VND"])
AMOUNTS = st.decimals(min_value=-(10**13), max_value=10**13, places=4)
WEIGHTS = st.one_of(
    st.integers(min_value=0, max_value=10**12),
    st.decimals(min_value=0, max_value=10**9, allow_nan=False, allow_infinity=False),
)


def money(amount: str | int | Decimal, currency: str = "USD") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


@given(amount=AMOUNTS, currency=CURRENCIES, weights=st.lists(WEIGHTS, min_size=1, max_size=12).filter(any))
def test_the_parts_of_a_split_add_up_and_none_is_a_cent_off(
    amount: Decimal, currency: str, weights: list[Decimal | int]
) -> None:
    whole = money(amount, currency)
    parts = whole.split(weights)
    assert total(parts, currency) == whole.rounded()
    cent = Decimal(1).scaleb(-digits(currency))
    for part, weight in zip(parts, weights, strict=True):
        assert part == part.rounded()
        share = whole.rounded().amount * Decimal(weight) / sum(weights, Decimal(0))
        assert abs(part.amount - share) <= cent
        if weight == 0:
            assert part.amount == 0


@given(amount=AMOUNTS, currency=CURRENCIES, weights=st.lists(WEIGHTS, min_size=1, max_size=6).filter(any))
def test_a_reversal_splits_as_the_mirror_of_its_charge(
    amount: Decimal, currency: str, weights: list[Decimal | int]
) -> None:
    whole = money(amount, currency)
    assert (-whole).split(weights) == tuple(-part for part in whole.split(weights))


@given(amount=AMOUNTS, currency=CURRENCIES)
def test_rounding_is_within_half_a_cent_and_rounding_again_changes_nothing(amount: Decimal, currency: str) -> None:
    once = money(amount, currency).rounded()
    assert abs(once.amount - amount) <= Decimal(5).scaleb(-digits(currency) - 1)
    assert once.rounded() == once
    assert (-money(amount, currency)).rounded() == -once


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "USD", "0.01"),
        ("-0.005", "USD", "-0.01"),
        ("2.675", "EUR", "2.68"),
        ("0.0049", "USD", "0.00"),
        ("0.5", "JPY", "1"),
        ("-2.5", "JPY", "-3"),
        ("0.0005", "KWD", "0.001"),
    ],
)
def test_half_a_cent_goes_away_from_zero_in_the_digits_of_the_currency(
    amount: str, currency: str, expected: str
) -> None:
    assert str(rounded(Decimal(amount), currency)) == expected


def test_left_over_cents_go_to_the_largest_remainders_first() -> None:
    assert [str(part.amount) for part in money("100.00").split([1, 1, 1])] == ["33.34", "33.33", "33.33"]
    assert [str(part.amount) for part in money("0.05").split([3, 7])] == ["0.02", "0.03"]
    assert [str(part.amount) for part in money("-0.01").split([1, 1])] == ["-0.01", "0.00"]


def test_weights_that_differ_by_thirty_digits_still_add_up() -> None:
    weights = [Decimal(10) ** 20, Decimal(1).scaleb(-20), Decimal(10) ** 20]
    assert total(money("999999.99").split(weights), "USD") == money("999999.99")


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_a_split_without_a_positive_weight_or_with_a_negative_one_is_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights of zero or more"):
        money("10").split(weights)


@given(one=AMOUNTS, other=AMOUNTS, currency=CURRENCIES)
def test_sums_and_differences_are_exact(one: Decimal, other: Decimal, currency: str) -> None:
    assert money(one, currency) + money(other, currency) - money(other, currency) == money(one, currency)
    assert (money(one, currency) < money(other, currency)) is (one < other)


def test_currencies_are_never_put_together() -> None:
    for put in (Money.__add__, Money.__sub__, Money.__lt__):
        with pytest.raises(ValueError, match="USD and EUR cannot be put together without a rate"):
            put(money(1), money(1, "EUR"))
    with pytest.raises(ValueError, match="cannot be put together"):
        total([money(1, "EUR")], "USD")


@pytest.mark.parametrize("amount", [0.1, "NaN", "Infinity", "-Infinity", None, "ten", True, "1e400", 10**14, -(10**14)])
def test_an_amount_is_an_exact_finite_number_of_human_size(amount: Any) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": "USD"})


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDT", "U$D", "ÜSD", "US1", "12A", "   "])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValidationError, match="no ISO 4217 currency code"):
        Money(amount=Decimal(1), currency=currency)


def test_an_amount_is_shown_with_its_currency_and_digits() -> None:
    assert str(money("1234567.5")) == "USD 1,234,567.50"
    assert str(money("1234567.5", "JPY")) == "JPY 1,234,568"
    assert str(-money("0.125", "BHD")) == "BHD -0.125"
