"""Derived charges: laws that hold for any terms, any work and any order of arrival."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.model.billing import CAPS, RETAINERS, SUBSCRIPTIONS, TERMS, USAGE
from tests.scenarios.books import Books
from tests.scenarios.scenario import PROJECT, Scenario, contract
from tieline.billing.derived import derived_charges
from tieline.billing.facts import DerivedCharge, Reading, Timeline, Work, spans
from tieline.billing.limits import counts
from tieline.billing.proration import prorated
from tieline.billing.retainer import statements
from tieline.billing.usage import worth
from tieline.model.billing_terms import BillingTerms, Cap, Retainer, Subscription, Usage
from tieline.model.contract import ContractVersion
from tieline.model.money import Money, rounded

START, END = date(2026, 1, 1), date(2026, 12, 31)
LATER = date(2027, 2, 1)
DAYS = st.integers(0, 364).map(lambda day: START + timedelta(days=day))
CENTS = st.integers(1, 400_000).map(lambda cents: Decimal(cents) / 100)


def version(number: int = 1, **terms: Any) -> ContractVersion:
    """A contract of a year with these terms."""
    agreed = {"start": START, "end": END, "method": "time_and_materials", "billing": {"currency": "EUR"} | terms}
    return contract(number, agreed)


def timeline(*versions: tuple[date, ContractVersion]) -> Timeline:
    return Timeline(versions, "p1")


@st.composite
def works(draw: st.DrawFn, disposition: str = "billable") -> list[Work]:
    """Time and expenses of two projects and two workstreams."""
    count = draw(st.integers(0, 14))
    return [
        Work(
            source=f"{number:03}",
            kind=draw(st.sampled_from(["time", "time", "expense"])),
            project_id=draw(st.sampled_from(["p1", "p2"])),
            workstream=draw(st.sampled_from(["Design", "Build", None])),
            day=draw(DAYS),
            minutes=Decimal(draw(st.integers(1, 1440))),
            amount=draw(CENTS),
            cost=draw(CENTS),
            disposition=disposition,
        )
        for number in range(count)
    ]


def charges(
    agreed: Timeline, work: Sequence[Work], until: date = LATER, readings: Sequence[Reading] = ()
) -> list[DerivedCharge]:
    return derived_charges(agreed, work, readings, until=until, today=until)


def total(found: Sequence[DerivedCharge]) -> Decimal:
    return sum((one.amount for one in found), Decimal(0))


@given(CAPS, st.none() | CAPS, works(), DAYS)
def test_a_cap_is_never_exceeded_and_nothing_below_it_is_taken_off(
    cap: Cap, other: Cap | None, work: list[Work], changed: date
) -> None:
    first = version(caps=[cap.model_copy(update={"id": "c"}).model_dump()])
    newest = first if other is None else version(2, caps=[other.model_copy(update={"id": "c"}).model_dump()])
    agreed = timeline((START, first), (changed, newest))
    covers = cap.model_copy(update={"workstream": cap.workstream})
    covered = [line for line in work if counts(covers, line)]
    limit = newest.billing_terms.caps[0]
    found = charges(agreed, work)
    billed = sum((line.amount for line in covered), Decimal(0)) + total(found)
    if limit.amount is not None:
        assert billed == min(limit.amount, sum((line.amount for line in covered), Decimal(0)))
    for project in ("p1", "p2"):
        own = sum((line.amount for line in covered if line.project_id == project), Decimal(0))
        off = total([one for one in found if one.project_id == project])
        assert -own <= off <= 0
    if limit.hours is not None and sum(line.minutes for line in covered) <= limit.hours * 60:
        assert billed == sum(line.amount for line in covered)


@given(RETAINERS, works("retainer"))
def test_a_retainer_is_below_zero_only_where_that_is_allowed_and_all_units_are_accounted_for(
    retainer: Retainer, work: list[Work]
) -> None:
    agreed = timeline((START, version(retainer=retainer.model_dump())))
    found = statements(agreed, work, LATER)
    for before, after in pairwise(found):
        assert after.brought == before.balance
    for one in found:
        assert one.expired >= 0
        assert one.balance >= 0 or retainer.may_go_negative
    if found:
        granted = sum(one.granted for one in found)
        above = sum(portion.units for one in found for portion in one.above)
        assert granted + above == sum(one.used for one in found) + sum(one.expired for one in found) + found[-1].balance
        assert found[-1].balance >= 0


@given(TERMS, works(), st.randoms(use_true_random=False), DAYS)
def test_the_order_of_arrival_changes_no_charge(
    terms: BillingTerms, work: list[Work], chance: Random, until: date
) -> None:
    agreed = timeline((START, version(**terms.model_dump())))
    readings = [Reading(one.meter, until, Decimal(number)) for number, one in enumerate(terms.usage)]
    shuffled = chance.sample(work, len(work))
    found = charges(agreed, work, until, readings)
    assert charges(agreed, shuffled, until, readings[::-1]) == found
    assert len({one.key for one in found}) == len(found)


EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "on": DAYS,
            "back": st.integers(0, 60),
            "hours": st.integers(1, 96).map(lambda n: Decimal(n) / 4),
            "id": st.integers(1, 6).map(lambda n: f"{n:03}"),
        }
    ),
    max_size=12,
)


@given(TERMS, EVENTS, st.sampled_from(["time_and_materials", "retainer", "fixed_price"]), st.lists(DAYS, max_size=5))
def test_however_often_invoices_are_written_their_sum_is_that_of_a_single_one(
    terms: BillingTerms, events: list[dict[str, object]], method: str, days: list[date]
) -> None:
    agreed = {"start": START, "end": END, "method": method, "rates": {"Consultant": 100}}
    signed = contract(1, agreed | {"billing": terms.model_dump()})
    scenario = Scenario("any", ((START, signed),), (), (), core=False)
    often, once = Books(scenario), Books(scenario)
    waiting = sorted(events, key=lambda event: (str(event["on"]), str(event["id"])))
    billed = Decimal(0)
    for day in [*sorted(days), LATER]:
        while waiting and str(waiting[0]["on"]) <= str(day):
            for books in (often, once):
                books.take(_on_its_day(waiting[0]))
            waiting.pop(0)
        invoice = often.bill(day)
        billed += invoice.net.amount if invoice else 0
    whole = once.bill(LATER)
    assert billed == (whole.net.amount if whole else 0)
    assert {line.project_id for line in charges(scenario.timeline, [])} <= {PROJECT}


def _on_its_day(event: dict[str, object]) -> dict[str, object]:
    on, back = event["on"], event["back"]
    assert isinstance(on, date)
    assert isinstance(back, int)
    return event | {"day": max(START, on - timedelta(days=back))}


@given(
    st.sampled_from(["EUR", "JPY", "BHD"]),
    st.decimals(0, 100_000, places=3),
    st.lists(st.integers(1, 20), min_size=1, max_size=6),
)
def test_parts_of_a_period_cost_the_period(currency: str, price: Decimal, parts: list[int]) -> None:
    whole = Money(amount=price, currency=currency).rounded()
    assert sum(prorated(whole, parts, sum(parts))) == whole.amount


@given(SUBSCRIPTIONS, DAYS)
def test_a_subscription_costs_its_price_however_the_contract_is_versioned(plan: Subscription, cut: date) -> None:
    plan = plan.model_copy(update={"id": "s", "start_date": None, "end_date": None})
    terms: dict[str, Any] = {"subscriptions": [plan.model_dump()]}
    found = charges(timeline((START, version(**terms)), (cut, version(2, **terms))), [])
    price = rounded(plan.price * plan.quantity, "EUR")
    assert [one.amount for one in found] == [price] * (len(spans(START, END, plan.period)) if price else 0)


@given(USAGE, st.decimals(0, 9000, places=2), st.decimals(0, 9000, places=2))
def test_more_use_never_costs_less_where_each_part_has_its_price(usage: Usage, one: Decimal, other: Decimal) -> None:
    graduated = usage.model_copy(update={"mode": "graduated"})
    less, more = sorted((one, other))
    assert usage.minimum <= worth(graduated, less) <= worth(graduated, more)


@given(st.lists(st.tuples(DAYS, st.integers(0, 130)), max_size=8), DAYS)
def test_percent_complete_never_bills_more_than_the_price(entered: list[tuple[date, int]], until: date) -> None:
    agreed = timeline((START, version(progress=[{"id": "p", "amount": "3333.33", "basis": "entered"}])))
    readings = [Reading("p", day, Decimal(percent)) for day, percent in dict(entered).items()]
    assert 0 <= total(charges(agreed, [], until, readings)) <= Decimal("3333.33")
    assert total(charges(agreed, [], LATER, [*readings, Reading("p", END, Decimal(100))])) == Decimal("3333.33")
