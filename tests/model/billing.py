"""Hypothesis strategies of billing terms, which are valid only as a whole."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tieline.model.billing_terms import (
    BillingTerms,
    Cap,
    Dated,
    ExpenseTerms,
    Factor,
    Progress,
    Retainer,
    Subscription,
    Tier,
    TopUp,
    Usage,
)

AMOUNTS = st.decimals(0, 200_000, places=2)
HOURS = st.decimals(0, 400, places=2)
POSITIVE = st.decimals("0.01", 5000, places=2)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
PERIODS = st.sampled_from(["month", "quarter", "year"])
_SPAN = st.lists(st.none() | DAYS, min_size=2, max_size=2).map(
    lambda days: sorted(days, key=lambda day: day or date.min) if None not in days else days
)


def _dated(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda span, rest: {"start_date": span[0], "end_date": span[1]} | rest, _SPAN, st.fixed_dictionaries(fields)
    )


def _either(one: str, values: st.SearchStrategy[Decimal], other: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda value, name: {name: value}, values, st.sampled_from([one, other]))


CAPS = st.builds(
    lambda measure, rest: Cap(**(measure | rest | ({} if "amount" in measure else {"covers": "work"}))),
    _either("amount", AMOUNTS, "hours"),
    st.fixed_dictionaries(
        {
            "id": NAMES,
            "workstream": st.none(),
            "covers": st.sampled_from(["work", "expenses", "all"]),
            "above": st.sampled_from(["not_billed", "held"]),
        }
    ),
)
TOP_UPS = st.builds(TopUp, id=NAMES, on=DAYS, included=POSITIVE, fee=AMOUNTS)
RETAINERS = st.builds(
    lambda measure, rest, rate: Retainer(**(measure | rest | ({"overage_rate": rate} if "hours" in measure else {}))),
    _either("hours", HOURS, "amount"),
    _dated(
        id=NAMES,
        fee=AMOUNTS,
        period=PERIODS,
        in_advance=st.booleans(),
        roll_over=st.integers(0, 3) | st.just("term"),
        may_go_negative=st.booleans(),
        proration=st.sampled_from(["days", "none"]),
        top_ups=st.lists(TOP_UPS, max_size=2, unique_by=lambda one: one.id).map(tuple),
    ),
    st.none() | AMOUNTS,
)
SUBSCRIPTIONS = _dated(
    id=NAMES,
    name=NAMES,
    price=AMOUNTS,
    quantity=POSITIVE,
    period=PERIODS,
    in_advance=st.booleans(),
    proration=st.sampled_from(["days", "none"]),
).map(lambda values: Subscription(**values))
TIERS = st.builds(Tier, id=NAMES, up_to=st.none() | POSITIVE, unit_price=AMOUNTS, flat_fee=AMOUNTS)


def _tiers(ends: list[Decimal]) -> st.SearchStrategy[tuple[Tier, ...]]:
    steps = [*sorted(ends), None]
    return st.tuples(
        *(st.builds(Tier, id=st.just(str(n)), up_to=st.just(end), unit_price=AMOUNTS) for n, end in enumerate(steps))
    )


USAGE = _dated(
    id=NAMES,
    name=NAMES,
    meter=NAMES,
    period=PERIODS,
    included=HOURS,
    tiers=st.lists(POSITIVE, max_size=3, unique=True).flatmap(_tiers),
    mode=st.sampled_from(["graduated", "volume"]),
    minimum=AMOUNTS,
).map(lambda values: Usage(**values))
PROGRESS = _dated(
    id=NAMES, amount=AMOUNTS, basis=st.sampled_from(["hours", "cost", "entered"]), total=POSITIVE, period=PERIODS
).map(lambda values: Progress(**values))
EXPENSES = st.builds(
    ExpenseTerms,
    markup=st.decimals(0, 1, places=3),
    markups=st.dictionaries(NAMES, st.decimals(0, 1, places=2), max_size=2),
    fx_rates=st.dictionaries(st.just("EUR"), POSITIVE),
    fx=st.sampled_from(["site", "stop"]),
)
FACTORS = st.builds(
    Factor, id=NAMES, when=st.sampled_from(["weekend", "weekday", "overtime"]), factor=st.decimals("0.5", 3, places=2)
)


def _some(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=2).map(tuple)


def _numbered(values: dict[str, Any]) -> BillingTerms:
    """Each with an id of its own."""
    kinds = ("caps", "subscriptions", "usage", "progress")
    named = {
        kind: tuple(one.model_copy(update={"id": f"{kind}{n}"}) for n, one in enumerate(values[kind])) for kind in kinds
    }
    return BillingTerms(**(values | named))


TERMS = st.fixed_dictionaries(
    {
        "currency": st.just("EUR"),
        "blended_rate": st.none() | AMOUNTS,
        "factors": st.lists(FACTORS, max_size=2, unique_by=lambda one: one.when).map(tuple),
        "caps": _some(CAPS),
        "retainer": st.none() | RETAINERS,
        "subscriptions": _some(SUBSCRIPTIONS),
        "usage": _some(USAGE),
        "progress": _some(PROGRESS),
        "expenses": EXPENSES,
    }
).map(_numbered)
BILLING: dict[type[Any], st.SearchStrategy[Any]] = {
    BillingTerms: TERMS,
    Cap: CAPS,
    Dated: _dated(id=NAMES).map(lambda values: Dated(**values)),
    ExpenseTerms: EXPENSES,
    Factor: FACTORS,
    Progress: PROGRESS,
    Retainer: RETAINERS,
    Subscription: SUBSCRIPTIONS,
    Tier: TIERS,
    TopUp: TOP_UPS,
    Usage: USAGE,
}
"""Record -> its instances."""
