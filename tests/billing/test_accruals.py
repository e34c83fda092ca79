"""Accruals: laws that hold for any terms and work, and worked examples of each way to earn."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.billing.test_derived import DAYS, END, LATER, START, works
from tests.model.billing import TERMS
from tests.scenarios.scenario import PROJECT, Scenario, contract, project_of
from tieline.billing.accruals import Accrual, Delivered, Issued, RevenueFacts, accruals
from tieline.billing.derived import derived_charges
from tieline.billing.facts import Reading, Timeline, Work
from tieline.model.billing_terms import BillingTerms
from tieline.model.contract import BillingScheduleItem, ContractVersion
from tieline.model.money import Money
from tieline.model.project import Milestone

METHODS = ("as_billed", "on_milestone", "percent_complete", "straight_line")
HALF_YEAR = date(2026, 6, 30)


def version(method: str = "as_billed", milestones: Sequence[tuple[str, str]] = (), **agreed: Any) -> ContractVersion:
    """A contract of 2026 with milestones (id, amount)."""
    found = contract(1, {"start": START, "end": END, "method": "fixed_price", **agreed})
    items = tuple(
        BillingScheduleItem(id=name, name=name, amount=Money(amount=Decimal(amount), currency="EUR"), milestone_id=name)
        for name, amount in milestones
    )
    schedule = found.billing_schedule.model_copy(update={"items": items})
    return found.model_copy(update={"revenue_method": method, "billing_schedule": schedule})


def facts(*versions: tuple[date, ContractVersion], **known: Any) -> RevenueFacts:
    """What is known of the one project of a contract."""
    newest = versions[-1][1]
    project = project_of(Scenario("any", versions, (), (), core=False))
    milestones = tuple(
        Milestone(id=str(item.milestone_id), project_id=PROJECT, name=item.name, due_on=END, amount=item.amount)
        for item in newest.billing_schedule.items
    )
    project = project.model_copy(update={"milestones": milestones})
    usual: dict[str, Any] = {"delivered": (), "issued": (), "passed": {}}
    return RevenueFacts(timeline=Timeline(versions, PROJECT), projects=(project,), **(usual | known))


def delivered(day: date, amount: str = "0", hours: str = "0", **more: Any) -> Delivered:
    usual = {"kind": "time", "disposition": "billable"}
    return Delivered(
        **{"project_id": PROJECT, "day": day, "amount": Decimal(amount), "minutes": Decimal(hours) * 60} | usual | more  # type: ignore[arg-type]
    )


def issued(day: date, amount: str, kind: str = "time", part: str = "") -> Issued:
    return Issued(project_id=PROJECT, kind=kind, part=part, day=day, amount=Decimal(amount))  # type: ignore[arg-type]


def amounts(*found: Decimal) -> list[int]:
    return [int(one) if one == int(one) else -1 for one in found]


def only(known: RevenueFacts, until: date = HALF_YEAR, since: date = date(2026, 5, 31)) -> Accrual:
    (found,) = (one for one in accruals(known, since, until) if one.earned_to_date or one.billed_to_date)
    return found


@given(TERMS, works(), works("fixed_price"), works("retainer"), st.sampled_from(METHODS), st.lists(DAYS, max_size=3))
@settings(max_examples=30)
def test_months_add_up_and_all_that_is_billed_in_the_end_was_earned(
    terms: BillingTerms, billable: list[Work], covered: list[Work], drawn: list[Work], method: str, days: list[date]
) -> None:
    """Progress apart, whose price is earned by another measure than it is billed where the method is straight line."""
    if method == "straight_line":
        terms = terms.model_copy(update={"progress": ()})
    agreed = version(method, billing=terms.model_dump())
    work = [
        Work(**{name: getattr(one, name) for name in Work.__slots__} | {"project_id": PROJECT, "source": f"{n}"})
        for n, one in enumerate([*billable, *covered, *drawn])
    ]
    readings = tuple(Reading(one.meter, END, Decimal(number)) for number, one in enumerate(terms.usage))
    charges = derived_charges(Timeline(((START, agreed),), PROJECT), work, readings, until=LATER, today=LATER)
    bills = [
        issued(one.day, str(one.amount), one.kind, one.key.split(":")[2] if one.kind == "subscription" else "")
        for one in charges
    ]
    bills += [issued(one.day, str(one.amount), one.kind) for one in work if one.disposition == "billable"]
    lines = tuple(
        delivered(one.day, str(one.amount), kind=one.kind, disposition=one.disposition, minutes=one.minutes)
        for one in work
    )
    known = facts((START, agreed), delivered=lines, issued=tuple(bills), work=tuple(work), readings=readings)
    assert {one.place: one.closing for one in accruals(known, END, LATER) if one.closing} == {}
    steps = [START - timedelta(days=1), *sorted(days), LATER]
    sums: dict[object, list[Decimal]] = {}
    for since, until in pairwise(steps):
        for one in accruals(known, since, until):
            before = sums.setdefault(one.place, [Decimal(0), Decimal(0), Decimal(0)])
            assert one.opening == before[0]
            sums[one.place] = [one.closing, before[1] + one.earned, before[2] + one.billed]
            assert one.accrued - one.deferred == one.opening + one.earned - one.billed
            assert not (one.accrued and one.deferred)
            assert (one.earned_to_date, one.billed_to_date) == tuple(sums[one.place][1:])


def test_work_is_accrued_from_the_day_it_was_done_until_its_invoice_is_out() -> None:
    agreed = version(method="as_billed").model_copy(update={"billing_method": "time_and_materials"})
    lines = (delivered(date(2026, 5, 4), "1000"), delivered(HALF_YEAR, "400"), delivered(date(2026, 7, 1), "5"))
    found = only(facts((START, agreed), delivered=lines, issued=(issued(date(2026, 6, 2), "1000"),)))
    assert amounts(found.opening, found.earned, found.billed) == [1000, 400, 1000]
    assert amounts(found.accrued, found.deferred) == [400, 0]
    assert found.method == "as_delivered"


@pytest.mark.parametrize(
    ("method", "earned"),
    [("on_milestone", "4000"), ("as_billed", "4000"), ("percent_complete", "3000"), ("straight_line", "4958.90")],
)
def test_a_fixed_price_is_earned_as_the_contract_says(method: str, earned: str) -> None:
    """10,000 in two milestones over a year; one was accepted, 30 of 100 hours were worked, 5,000 were billed."""
    lines = [{"workstream": "Design", "hours": 100}]
    agreed = version(method, [("a", "4000"), ("b", "6000")], lines=lines)
    known = facts(
        (START, agreed),
        delivered=(
            delivered(date(2026, 6, 9), "4000", kind="milestone", source="a"),
            delivered(HALF_YEAR, "3600", "30", disposition="fixed_price"),
        ),
        issued=(issued(date(2026, 6, 10), "5000", "milestone"),),
    )
    found = only(known)
    assert (found.earned_to_date, found.method) == (Decimal(earned), method)
    assert found.deferred == 5000 - Decimal(earned)


def test_all_of_the_price_is_earned_when_the_last_milestone_is_accepted_whatever_the_hours() -> None:
    prices = [("a", "4000"), ("b", "6000")]
    agreed = version("percent_complete", prices, lines=[{"workstream": "Design", "hours": 100}])
    done = [delivered(HALF_YEAR, amount, kind="milestone", source=name) for name, amount in prices]
    known = facts((START, agreed), delivered=(delivered(START, "9", "1", disposition="fixed_price"), *done))
    assert only(known).accrued == 10000


def test_fees_billed_in_advance_are_deferred_and_earned_day_by_day() -> None:
    plan = {"id": "care", "name": "Care", "price": 3650, "period": "year", "in_advance": True}
    agreed = version(billing={"subscriptions": [plan], "retainer": {"id": "r", "fee": 300, "hours": 3}})
    bills = (issued(START, "3650", "subscription", "care"), issued(date(2026, 6, 1), "1500", "retainer"))
    care, retainer = sorted(
        accruals(facts((START, agreed), issued=bills), date(2026, 6, 15), HALF_YEAR), key=lambda one: -one.deferred
    )
    assert care.place.part == "care"
    assert amounts(care.opening, care.earned, care.deferred) == [-1990, 150, 1840]
    assert amounts(retainer.opening, retainer.earned, retainer.accrued) == [150, 150, 300]


@pytest.mark.parametrize(("remainder", "left"), [("forfeit", 0), ("refund", -1600)])
def test_after_the_close_all_that_was_billed_is_earned_but_what_is_given_back(remainder: str, left: int) -> None:
    """A fee of a year, paid ahead and left after 205 days; and a price of which half was billed and more earned."""
    retainer = {"id": "r", "fee": 3650, "hours": 3, "period": "year", "remainder": remainder}
    agreed = version("straight_line", [("a", "1000")], billing={"retainer": retainer})
    bills = (issued(START, "3650", "retainer"), issued(HALF_YEAR, "500", "milestone"))
    close = date(2026, 7, 24)
    known = facts((START, agreed), issued=bills, over_since=close, finished=True)
    price, fee = accruals(known, START, close - timedelta(days=1))
    assert price.place.obligation == "fixed_price"
    assert (price.closing, fee.closing) == (Decimal("58.90"), Decimal("-1610.00"))
    price, fee = accruals(known, close, date(2026, 8, 31))
    assert amounts(price.closing, fee.closing) == [0, left]


def test_a_change_order_moves_what_was_earned_from_its_day_on() -> None:
    first = version("straight_line", [("a", "3650")])
    second = version("straight_line", [("a", "7300")]).model_copy(update={"version": 2})
    known = facts((START, first), (date(2026, 7, 1), second))
    (before,) = accruals(known, START, HALF_YEAR)
    (after,) = accruals(known, HALF_YEAR, date(2026, 7, 1))
    assert amounts(before.earned_to_date, after.earned_to_date) == [1810, 3640]


def test_adjustments_count_with_what_their_project_mainly_does() -> None:
    agreed = version("on_milestone", [("a", "100")])
    lines = (
        delivered(HALF_YEAR, "100", kind="milestone", source="a"),
        delivered(HALF_YEAR, "-40", kind="adjustment"),
    )
    found = only(facts((START, agreed), delivered=lines, issued=(issued(HALF_YEAR, "60", "adjustment"),)))
    assert found.place.obligation == "fixed_price"
    assert found.closing == 0
