"""Capacity: hours spread over weeks, what remains of plans, drawn futures of the pipeline, and whom the firm lacks."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.capacity.test_calendars import firm, person
from tieline.capacity.calendars import Calendars
from tieline.capacity.demand import Assigned, Wanted, Work, confirmed_work, unstaffed_work
from tieline.capacity.plan import CapacityPlan, Cell, capacity_plan, need, people_plans
from tieline.capacity.simulation import DealHours, intervals
from tieline.capacity.weeks import Weeks, monday_of, spread, weekdays
from tieline.model.firm import Firm

TODAY = date(2026, 11, 25)  # a Wednesday
MONDAY = date(2026, 11, 30)
TWELVE = Weeks(TODAY, 12)
ZERO = Decimal(0)
DATES = st.dates(date(2025, 1, 1), date(2028, 12, 31))
HOURS = st.decimals(0, 5000, places=2)


def work(hours: str, **more: Any) -> Work:
    usual: dict[str, Any] = {
        "kind": "unstaffed", "source": "prj_1", "name": "Rollout", "role": "Consultant", "region": "DE",
        "start": MONDAY, "end": MONDAY + timedelta(days=4), "hours": Decimal(hours),
    }  # fmt: skip
    return Work(**usual | more)


def planned(found: Firm, *items: Work, weeks: Weeks = TWELVE, hire_after: int = 8) -> CapacityPlan:
    roles = {one.id: one.role for one in found.people}
    people = people_plans(found, Calendars(found), roles, items, weeks)
    return capacity_plan(found, people, items, weeks, hire_after)


def role_of(plan: CapacityPlan, name: str = "Consultant") -> Any:
    return next(row for row in plan.roles if row.role == name)


@given(first=DATES, days=st.integers(-1, 40))
def test_weekdays_are_counted_as_one_would_on_a_calendar(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    counted = sum((first + timedelta(days=number)).weekday() < 5 for number in range(days + 1))
    assert weekdays(first, last) == counted


@given(hours=HOURS, start=DATES, days=st.integers(0, 400))
def test_all_hours_of_work_lie_in_the_weeks_it_touches(hours: Decimal, start: date, days: int) -> None:
    end = start + timedelta(days=days)
    first = monday_of(start)
    every = [
        (first + timedelta(days=7 * number), first + timedelta(days=7 * number + 6)) for number in range(days // 7 + 2)
    ]
    parts = spread(hours, start, end, every)
    assert abs(sum(parts) - hours) < Decimal("0.000001")
    assert all(part >= 0 for part in parts)


def test_the_first_week_is_what_is_left_of_this_one() -> None:
    assert TWELVE.days(0) == (TODAY, date(2026, 11, 29))
    assert TWELVE.mondays[:2] == (date(2026, 11, 23), MONDAY)
    saturday = Weeks(date(2026, 11, 28), 2)
    assert (saturday.mondays[0], saturday.days(0)[0], saturday.last) == (MONDAY, MONDAY, date(2026, 12, 13))
    found = role_of(planned(firm(person(role="Consultant"))))
    assert [cell.supply for cell in found.cells[:2]] == [24, 40]


def test_supply_is_what_the_calendar_leaves_by_the_target_of_utilization() -> None:
    found = firm(person(role="Consultant"), target=[{"share": "0.75", "role": "Consultant"}])
    assert role_of(planned(found)).cells[1].supply == 30
    assert planned(found).people[0].free[1] == 40, "somebody who is free is free for all hours"


def assigned(hours: str, **more: Any) -> Assigned:
    usual: dict[str, Any] = {
        "project": "prj_1", "name": "Rollout", "customer": None, "engagement_id": "eng_1", "person": "lena@x.example",
        "role": "Consultant", "region": "DE", "start": MONDAY, "end": MONDAY + timedelta(days=4),
        "hours": Decimal(hours),
    }  # fmt: skip
    return Assigned(**usual | more)


def wanted(hours: str, **more: Any) -> Wanted:
    usual: dict[str, Any] = {
        "project": "prj_1", "name": "Rollout", "customer": None, "engagement_id": "eng_1", "role": "Consultant",
        "region": "DE", "start": MONDAY, "end": MONDAY + timedelta(days=4), "hours": Decimal(hours),
    }  # fmt: skip
    return Wanted(**usual | more)


def test_a_confirmed_assignment_takes_hours_of_the_person_s_own_role_and_region() -> None:
    (found,) = confirmed_work([assigned("16")], {"lena@x.example": "Architect"}, {"lena@x.example": "EMEA"}, TODAY)
    assert (found.role, found.region, str(found.hours)) == ("Architect", "EMEA", "16")
    assert confirmed_work([assigned("16", start=TODAY - timedelta(9), end=TODAY - timedelta(2))], {}, {}, TODAY) == []


def test_of_an_assignment_under_way_only_the_days_ahead_count() -> None:
    begun = assigned("40", start=date(2026, 11, 23), end=date(2026, 11, 27))
    (found,) = confirmed_work([begun], {}, {}, TODAY)
    assert [found.hours, found.start] == [24, TODAY]


def test_what_remains_of_a_plan_is_less_what_was_recorded_and_confirmed() -> None:
    requests = [wanted("30"), wanted("70", end=MONDAY + timedelta(days=11))]
    found = unstaffed_work(requests, [assigned("20")], {("prj_1", "Consultant"): Decimal(10)}, TODAY)
    assert [one.hours for one in found] == [21, 49]


@pytest.mark.parametrize("recorded", ["100", "150"])
def test_a_plan_that_was_worked_off_wants_nobody(recorded: str) -> None:
    assert unstaffed_work([wanted("100")], [], {("prj_1", "Consultant"): Decimal(recorded)}, TODAY) == []


def test_a_plan_whose_dates_are_over_wants_nobody() -> None:
    assert unstaffed_work([wanted("100", start=date(2026, 1, 1), end=date(2026, 2, 1))], [], {}, TODAY) == []


@given(
    requests=st.lists(st.tuples(HOURS, st.integers(-60, 60), st.integers(0, 60)), max_size=5),
    recorded=HOURS,
    confirmed=st.lists(st.tuples(HOURS, st.integers(-60, 60), st.integers(0, 60)), max_size=3),
)
def test_no_more_is_wanted_than_is_planned_and_nothing_below_zero(
    requests: list[tuple[Decimal, int, int]], recorded: Decimal, confirmed: list[tuple[Decimal, int, int]]
) -> None:
    def dates(start: int, days: int) -> dict[str, date]:
        first = TODAY + timedelta(days=start)
        return {"start": first, "end": first + timedelta(days=days)}

    plan = [wanted(f"{hours}", **dates(start, days)) for hours, start, days in requests]
    people = [assigned(f"{hours}", **dates(start, days)) for hours, start, days in confirmed]
    found = unstaffed_work(plan, people, {("prj_1", "Consultant"): recorded}, TODAY)
    whole = sum((one.hours for one in found), ZERO)
    assert all(one.hours > 0 for one in found)
    assert whole <= max(ZERO, sum((one.hours for one in plan), ZERO) - recorded) + Decimal("0.000001")


def deal(name: str, hours: str, chance: str, **more: Any) -> Work:
    return work(hours, kind="pipeline", source=name, probability=Decimal(chance), **more)


def test_the_pipeline_counts_by_its_probability_and_lies_within_its_futures() -> None:
    found = firm(person(role="Consultant"))
    cell = role_of(planned(found, deal("a", "40", "0.5"), deal("b", "20", "0.25"))).cells[1]
    assert (cell.weighted, cell.gap) == (25, 15)
    assert (cell.low, cell.high) == (0, 60)
    certain = role_of(planned(found, deal("a", "40", "1"))).cells[1]
    assert (certain.weighted, certain.low, certain.high) == (40, 40, 40)
    never = role_of(planned(found, deal("a", "40", "0"))).cells[1]
    assert (never.weighted, never.low, never.high) == (0, 0, 0)


def test_a_deal_is_won_with_all_its_roles_or_with_none() -> None:
    found = planned(firm(), deal("a", "40", "0.5"), deal("a", "40", "0.5", role="Architect"))
    assert [found.total.cells[1].low, found.total.cells[1].high] == [0, 80]


DEALS = st.lists(
    st.builds(
        DealHours,
        id=st.text("abcdef", min_size=1, max_size=4),
        probability=st.decimals(0, 1, places=2),
        hours=st.dictionaries(st.integers(0, 3), HOURS, max_size=4),
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(deals=DEALS)
def test_an_interval_lies_between_nothing_and_everything_and_is_the_same_on_every_look(deals: list[DealHours]) -> None:
    found = intervals(deals, 4, draws=100)
    assert found == intervals(deals[::-1], 4, draws=100)
    for cell, one in enumerate(found):
        assert 0 <= one.low <= one.high <= sum((deal.hours.get(cell, ZERO) for deal in deals), ZERO)


@given(deals=DEALS, more=st.decimals(0, 1, places=2))
def test_one_deal_more_or_a_likelier_one_never_lowers_what_is_to_be_expected(
    deals: list[DealHours], more: Decimal
) -> None:
    before = intervals(deals, 4, draws=100)
    added = [*deals, DealHours(id="one more", probability=more, hours={0: Decimal(8), 3: Decimal(8)})]
    likelier = [replace(one, probability=min(Decimal(1), one.probability + more)) for one in deals]
    for other in (intervals(added, 4, draws=100), intervals(likelier, 4, draws=100)):
        assert all(now.low >= then.low and now.high >= then.high for now, then in zip(other, before, strict=True))


@given(
    count=st.integers(1, 200),
    chance=st.sampled_from(["0.1", "0.3", "0.5", "0.9"]),
)
def test_most_futures_lie_around_the_weighted_hours(count: int, chance: str) -> None:
    deals = [DealHours(id=f"{number}", probability=Decimal(chance), hours={0: Decimal(10)}) for number in range(count)]
    (found,) = intervals(deals, 1)
    expected = count * 10 * Decimal(chance)
    assert found.low <= expected + 10
    assert found.high >= expected - 10


def cells(*gaps: int) -> list[Cell]:
    return [
        Cell(supply=Decimal(100), confirmed=Decimal(100 - gap), unstaffed=ZERO, weighted=ZERO, low=ZERO, high=ZERO)
        for gap in gaps
    ]


@pytest.mark.parametrize(
    ("gaps", "weeks", "hire", "beyond"),
    [
        ([10, 0, 5], 2, 0, [0, 0, 0]),
        ([-40, -40, -40], 2, 1, [0, 0, 0]),
        ([-90, -50, 10], 2, 1, [50, 10, 0]),
        ([-90, 10, -90], 2, 0, [90, 0, 90]),
        ([-39, -39, -39], 3, 0, [39, 39, 39]),
        ([-80, -80], 8, 2, [0, 0]),
    ],
)
def test_who_lacks_long_enough_is_hired_and_the_rest_is_for_subcontractors(
    gaps: list[int], weeks: int, hire: int, beyond: list[int]
) -> None:
    hired, lacking = need(cells(*gaps), Decimal(40), weeks)
    assert [hired, *lacking] == [hire, *beyond]


@given(gaps=st.lists(st.integers(-500, 100), min_size=1, max_size=20), weeks=st.integers(1, 10))
def test_hired_and_subcontracted_hours_cover_every_week(gaps: list[int], weeks: int) -> None:
    hire, beyond = need(cells(*gaps), Decimal(40), weeks)
    assert all(hire * 40 + more >= -gap for gap, more in zip(gaps, beyond, strict=True))


def test_who_is_free_first_stands_first_on_the_bench() -> None:
    found = firm(person("lena", role="Consultant"), person("jonas", role="Consultant"))
    busy = work("400", kind="confirmed", person="lena@x.example", end=MONDAY + timedelta(days=7 * 10 - 3))
    first, second = planned(found, busy).people
    assert (first.person.name, first.benched_from) == ("jonas", 0)
    assert [second.person.name, second.free[1], second.benched_from] == ["lena", 0, 0]
    assert second.free[0] == 24
    assert planned(found, replace(busy, start=TODAY, hours=Decimal(424))).people[1].benched_from == 11


def test_who_has_left_is_not_there() -> None:
    assert planned(firm(person(left=TODAY - timedelta(days=1)))).people == ()


@given(
    items=st.lists(
        st.builds(
            work,
            st.decimals(0, 2000, places=1).map(str),
            kind=st.sampled_from(["confirmed", "unstaffed", "pipeline"]),
            role=st.sampled_from(["Consultant", "Architect"]),
            source=st.sampled_from(["a", "b"]),
            start=st.dates(TODAY, TODAY + timedelta(days=100)),
            end=st.just(TODAY + timedelta(days=150)),
            probability=st.just(Decimal("0.5")),
        ),
        max_size=6,
    )
)
def test_roles_add_up_to_the_whole(items: list[Work]) -> None:
    plan = planned(firm(person(role="Consultant"), person("ada", role="Architect")), *items, weeks=Weeks(TODAY, 4))
    for number, cell in enumerate(plan.total.cells):
        own = [row.cells[number] for row in plan.roles]
        assert abs(cell.gap - sum((one.gap for one in own), ZERO)) < Decimal("0.000001")
        assert max((one.high for one in own), default=ZERO) <= cell.high
