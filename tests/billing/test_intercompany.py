"""Intercompany figures: priced by the site's rule, nothing lost between pairs, and the two sides net to zero."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.effort import examples
from tieline.billing.fx import FxRates
from tieline.billing.intercompany import Delivered, figures, positions
from tieline.model.firm import FxRate
from tieline.model.intercompany import TransferRule
from tieline.model.money import Money

UNTIL = date(2026, 10, 31)
HOME = {"US": "USD", "UK": "GBP", "DE": "EUR", "JP": "JPY"}


def fx(base: str, quote: str, rate: str, day: date = UNTIL) -> FxRate:
    return FxRate(id="fx", day=day, base=base, quote=quote, rate=Decimal(rate), source="ECB")


FX = FxRates([fx("GBP", "USD", "1.30"), fx("GBP", "USD", "1.20", date(2026, 10, 5)), fx("EUR", "USD", "1.10")])


def work(**changed: Any) -> Delivered:
    """Ten hours of a British consultant on an American project: GBP 80 an hour, sold for USD 200."""
    usual: dict[str, Any] = {
        "deliverer": "UK",
        "seller": "US",
        "project_id": "prj_1",
        "code": "P-1",
        "engagement_id": "eng_1",
        "engagement": "Grid",
        "role": "Consultant",
        "day": date(2026, 10, 5),
        "minutes": Decimal(600),
        "cost": Decimal(800),
        "cost_currency": "GBP",
        "worth": Decimal(2000),
        "currency": "USD",
    }
    return Delivered(**usual | changed)


def rule(price: str = "cost_plus", percent: str = "0", **changed: Any) -> TransferRule:
    return TransferRule.model_validate({"price": price, "percent": percent, **changed})


@pytest.mark.parametrize(
    ("transfer", "amount", "words"),
    [
        (rule(percent="8"), "GBP 864.00", "cost + 8 %"),
        (rule(percent="8", currency="USD"), "USD 1,123.20", "cost + 8 %, GBP x 1.30 (ECB 2026-10-31)"),
        (rule(currency="USD", fx="work_day"), "USD 960.00", "cost + 0 %, GBP x 1.20 (ECB 2026-10-05)"),
        (rule("bill_share", "70", currency="USD"), "USD 1,400.00", "70 % of the bill rate"),
        (rule("rate_card", rates={"Consultant": "95.50", "*": "80"}), "GBP 955.00", "rate card"),
        (rule("rate_card", rates={"*": "80"}, currency="EUR"), "EUR 800.00", "rate card"),
    ],
)
def test_the_sites_rule_prices_the_work(transfer: TransferRule, amount: str, words: str) -> None:
    [pair] = figures([work()], [transfer], HOME, FX, UNTIL).pairs
    assert (str(pair.amount), list(pair.rules), pair.minutes) == (amount, [words], Decimal(600))


def test_the_newest_rule_of_the_pair_decides_and_of_several_the_first() -> None:
    rules = [
        rule(percent="5", seller="DE"),
        rule(percent="10", deliverer="UK"),
        rule(percent="20"),
        rule(percent="15", valid_from="2026-10-06"),
    ]
    found = figures([work(), work(day=date(2026, 10, 6))], rules, HOME, FX, UNTIL)
    assert found.pairs[0].rules == ("cost + 10 %", "cost + 15 %")
    assert found.pairs[0].amount == Money(amount=Decimal(880 + 920), currency="GBP")


@pytest.mark.parametrize(
    ("line", "rules", "reason"),
    [
        ({}, [], "the site has no price for this pair"),
        ({}, [rule(seller="DE")], "the site has no price for this pair"),
        ({"cost": None}, [rule()], "what an hour of these people costs is not known"),
        ({}, [rule("rate_card", rates={"Partner": "300"})], "the rate card of the pair has no Consultant"),
        ({}, [rule("bill_share", "70")], "no rate of USD into GBP is known for 2026-10-31"),
    ],
)
def test_hours_without_a_price_are_told_with_the_reason(line: Any, rules: list[TransferRule], reason: str) -> None:
    found = figures([work(**line)], rules, HOME, FX, UNTIL)
    assert found.pairs == ()
    assert [(gap.reason, gap.minutes) for gap in found.gaps] == [(reason, Decimal(600))]


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "rate_card"},
        {"price": "rate_card", "rates": {"*": "80"}, "percent": "5"},
        {"price": "bill_share"},
        {"price": "cost_plus", "rates": {"*": "80"}},
        {"price": "cost_plus", "percent": "-1"},
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError, match=r"rate|percent"):
        TransferRule.model_validate(wrong)


entities = st.sampled_from(["US", "UK", "DE", "JP"])
amounts = st.decimals(min_value=0, max_value=99999, places=4)
lines = st.builds(
    work,
    deliverer=entities,
    seller=entities,
    project_id=st.sampled_from(["prj_1", "prj_2", "prj_3"]),
    minutes=st.integers(1, 1440).map(Decimal),
    cost=st.none() | amounts,
    worth=amounts,
)
rules = st.builds(
    TransferRule,
    deliverer=st.just("*") | entities,
    price=st.sampled_from(["cost_plus", "bill_share"]),
    percent=st.decimals(min_value="0.5", max_value=200, places=1),
    currency=st.none() | st.sampled_from(["USD", "GBP", "JPY"]),
)


@settings(max_examples=examples(100))
@given(st.lists(lines, max_size=12), st.lists(rules, max_size=4))
def test_pairs_net_to_zero_parts_add_up_and_no_hour_is_lost(some: list[Delivered], agreed: list[TransferRule]) -> None:
    found = figures(some, agreed, HOME, FX, UNTIL)
    net: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (_, currency), money in positions(found.pairs).items():
        net[currency] += money.amount
    assert not any(net.values())
    for pair in found.pairs:
        assert pair.deliverer != pair.seller
        assert sum(one.amount.amount for one in pair.projects) == pair.amount.amount == pair.amount.rounded().amount
        assert sum(one.minutes for one in pair.projects) == pair.minutes
    crossed = sum(one.minutes for one in some if one.deliverer != one.seller)
    assert sum(one.minutes for one in found.pairs) + sum(one.minutes for one in found.gaps) == crossed
