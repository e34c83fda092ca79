"""Outlook: health from weighted signals, early warnings, and chances; all pure and deterministic."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.billing.health import WORST, judged, measured, worst
from tieline.billing.renewal import chances, follow_up, outcomes
from tieline.billing.warnings import early_warnings
from tieline.model.money import Money
from tieline.model.outlook import (
    SIGNALS,
    Colour,
    EngagementFacts,
    HealthRules,
    MilestoneFacts,
    ProjectFacts,
    RenewalRules,
    SignalName,
    SignalRule,
    WarningRules,
)

START, END, TODAY = date(2026, 1, 1), date(2026, 12, 31), date(2026, 6, 30)
RULES = HealthRules()
LEVEL: dict[Colour, int] = {"unknown": 0, "green": 0, "amber": 1, "red": 2}


def milestone(name: str, due_on: date, completed_on: date | None = None, amount: str = "1000") -> MilestoneFacts:
    money = Money(amount=Decimal(amount), currency="USD")
    return MilestoneFacts(id=f"mst_{name}", name=name, due_on=due_on, amount=money, completed_on=completed_on)


def project(**known: Any) -> ProjectFacts:
    usual = {"id": "prj_1", "code": "HM-1", "currency": "USD", "start_date": START, "end_date": END, "value": "10000"}
    return ProjectFacts.model_validate(usual | known)


def engagement(*projects: ProjectFacts, **known: Any) -> EngagementFacts:
    usual = {"id": "eng_1", "name": "Grid", "customer_id": "cus_1", "customer": "Bluepeak", "contract_id": "con_1"}
    return EngagementFacts.model_validate(usual | {"end_date": END, "projects": projects or (project(),)} | known)


def colour_of(facts: EngagementFacts, rules: HealthRules = RULES) -> Colour:
    return judged(measured(facts, TODAY), rules)[0]


@pytest.mark.parametrize(
    ("known", "signal", "value"),
    [
        ({"hours": 90, "hours_budgeted": 100, "worked": 1}, "burn", "40.7"),
        ({"hours": 90, "hours_budgeted": 100, "milestones": (milestone("a", TODAY, TODAY),)}, "burn", "0"),
        ({"milestones": (milestone("a", TODAY - timedelta(9)), milestone("b", END))}, "milestones", "9"),
        ({"milestones": (milestone("a", TODAY - timedelta(9), TODAY),)}, "milestones", "0"),
        ({"hours": 1, "unbilled_since": TODAY - timedelta(50)}, "unbilled", "50"),
        ({"approval_days": "8.5"}, "late_time", "8.5"),
        ({"invoices": 1, "overdue_since": TODAY - timedelta(31)}, "overdue", "31"),
        ({"worked": 1000, "cost": 800, "planned_cost": 6000}, "margin", "20"),
        ({"held": 600}, "exceptions", "6"),
    ],
)
def test_each_signal_is_measured_from_what_is_known(known: dict[str, Any], signal: SignalName, value: str) -> None:
    found = measured(engagement(project(**known)), TODAY)[signal]
    assert found is not None
    assert found.quantize(Decimal(value)) == Decimal(value)


def test_what_is_not_known_is_said_to_be_missing_and_not_to_be_green() -> None:
    found = measured(engagement(project(value=0)), TODAY)
    assert set(found.values()) == {None}
    colour, score, signals = judged(found, RULES)
    assert colour == "unknown"
    assert score == 0
    assert all(one.value is None and one.words and one.reason is None for one in signals)


def test_the_worst_project_counts_and_a_signal_of_no_weight_does_not() -> None:
    facts = engagement(project(invoices=1), project(id="prj_2", invoices=1, overdue_since=TODAY - timedelta(40)))
    assert colour_of(facts) == "red"
    ignored = HealthRules(overdue=SignalRule(amber=Decimal(1), red=Decimal(30), weight=Decimal(0)))
    assert colour_of(facts, ignored) == "green"


def test_reasons_stay_the_same_while_a_value_stays_over_its_threshold() -> None:
    told = [
        [one.reason for one in judged({"overdue": Decimal(days)}, RULES)[2] if one.reason] for days in (2, 29, 30, 400)
    ]
    assert told[0] == told[1] == ["An invoice is 1 day or more late"]
    assert told[2] == told[3] == ["An invoice is 30 days or more late"]


values = st.dictionaries(st.sampled_from(SIGNALS), st.none() | st.decimals(0, 1000, places=1))


@given(values, st.sampled_from(SIGNALS), st.decimals(0, 1000, places=1))
def test_more_bad_never_improves(known: dict[SignalName, Decimal | None], signal: SignalName, more: Decimal) -> None:
    before = judged(known, RULES)
    worse = judged({**known, signal: (known.get(signal) or Decimal(0)) + more}, RULES)
    assert worse[1] >= before[1]
    assert LEVEL[worse[0]] >= LEVEL[before[0]]
    assert judged(known, RULES) == before


@given(st.lists(st.sampled_from(WORST)))
def test_a_customer_is_as_its_worst_engagement(colours: list[Colour]) -> None:
    assert LEVEL[worst(colours)] == max((LEVEL[one] for one in colours), default=0)
    assert worst(colours) == worst(reversed(colours))


def test_a_late_milestone_and_one_whose_work_is_behind_are_warned_of_once_each() -> None:
    rules = WarningRules()
    late, soon = milestone("late", TODAY - timedelta(1)), milestone("soon", TODAY + timedelta(14))
    far, done = milestone("far", TODAY + timedelta(15)), milestone("done", START, START)
    facts = engagement(project(hours=10, hours_budgeted=100, milestones=(late, soon, far, done)))
    found = early_warnings(facts, rules, TODAY)
    assert [one.id for one in found] == ["late:mst_late:2026-06-29", "behind:mst_soon:2026-07-14"]
    assert early_warnings(facts, rules, TODAY + timedelta(1))[0].id == found[0].id
    on_course = engagement(project(hours=40, hours_budgeted=100, milestones=(soon,)))
    assert early_warnings(on_course, rules, TODAY) == ()


@pytest.mark.parametrize(
    ("known", "today", "expected"),
    [
        ({"unbilled_since": date(2026, 4, 30)}, date(2026, 5, 10), []),
        ({"unbilled_since": date(2026, 4, 30)}, date(2026, 5, 11), ["invoice:prj_1:2026-04"]),
        ({"draft_of": date(2026, 4, 30), "unbilled_since": date(2026, 5, 1)}, TODAY, ["invoice:prj_1:2026-04"]),
        ({}, TODAY, []),
    ],
)
def test_a_month_whose_invoice_is_not_out_in_time_is_told(
    known: dict[str, Any], today: date, expected: list[str]
) -> None:
    facts = engagement(project(**known))
    assert [one.id for one in early_warnings(facts, WarningRules(), today)] == expected
    at_once = early_warnings(facts.model_copy(update={"monthly": False}), WarningRules(), today + timedelta(20))
    assert len(at_once) == bool(known), "work billed as it is approved has days, not a month"


@pytest.mark.parametrize(
    ("known", "today", "titles"),
    [
        ({}, END - timedelta(61), []),
        ({}, END - timedelta(60), ["The contract is ending"]),
        ({"hours": 80, "hours_budgeted": 100}, TODAY, ["The contract is nearly consumed"]),
        ({"worked": "8000"}, TODAY, ["The contract is nearly consumed"]),
        ({"worked": "7999.99"}, TODAY, []),
        ({"milestones": (milestone("a", TODAY, TODAY),)}, TODAY, ["Everything is delivered"]),
        ({"milestones": (milestone("a", TODAY, TODAY), milestone("b", TODAY))}, TODAY, []),
        ({"hours_before": 40, "hours_recent": 50}, TODAY, ["More and more hours are worked"]),
        ({"hours_before": 4, "hours_recent": 50}, TODAY, []),
    ],
)
def test_what_makes_a_chance(known: dict[str, Any], today: date, titles: list[str]) -> None:
    assert [one.title for one in chances(engagement(project(**known)), RenewalRules(), today)] == titles


def test_an_occasion_keeps_its_id_until_what_it_is_about_changes() -> None:
    used = engagement(project(hours=80, hours_budgeted=100))
    (first,) = chances(used, RenewalRules(), TODAY)
    (later,) = chances(engagement(project(hours=99, hours_budgeted=100)), RenewalRules(), TODAY + timedelta(30))
    (topped_up,) = chances(engagement(project(hours=199, hours_budgeted=200)), RenewalRules(), TODAY)
    assert first.id == later.id != topped_up.id


def test_several_reasons_of_one_kind_are_one_deal_and_several_tasks() -> None:
    facts = engagement(project(milestones=(milestone("Design", TODAY, TODAY),), hours=5, hours_budgeted=100))
    today = END - timedelta(1)
    found = chances(facts, RenewalRules(), today)
    assert [one.kind for one in found] == ["renewal", "renewal"]
    text = outcomes(facts, "green")
    assert "1 of 1 milestones delivered (Design), 1 in time" in text
    for as_deal, number in ((True, 1), (False, 2)):
        made = [follow_up(one, facts, text, ("001", "006"), today, as_deal=as_deal) for one in found]
        assert len({one.id for one in made}) == number
        assert all(one.due_on >= today and "Delivered so far" in one.text for one in made)
