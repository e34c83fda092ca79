"""What people could work: weekdays, holidays of the country, the site's own days, part-time, time off."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.capacity.calendars import Calendars, away_of, holidays_problem, target_of
from tieline.model.firm import Firm, LegalEntity, Person
from tieline.model.working_time import TimeOff, WorkingTime

MONDAY = date(2026, 11, 23)
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
HOURS = st.decimals(0, 24, places=2)


def person(name: str = "lena", entity: str = "DE", **more: Any) -> Person:
    return Person(id=f"{name}@x.example", name=name, legal_entity=entity, **more)


def firm(*people: Person, **rules: Any) -> Firm:
    entities = tuple(
        LegalEntity(id=name, name=name, country=country, currency="EUR")
        for name, country in (("DE", "DE"), ("US", "US"))
    )
    rules = {"working_time": WorkingTime.model_validate(rules)}
    return Firm(id="firm", name="Firm", legal_entities=entities, service_lines=(), people=people, **rules)


def week(who: Person, found: Firm, monday: date = MONDAY, off: tuple[TimeOff, ...] = ()) -> Decimal:
    return Calendars(found, away_of(off)).available(who, monday, monday + timedelta(days=6))


def test_a_usual_week_has_the_hours_of_its_weekdays() -> None:
    assert week(person(), firm(person())) == 40


def test_a_public_holiday_of_the_country_of_the_entity_is_free_and_not_that_of_another() -> None:
    both = firm(person("lena", "DE"), person("tom", "US"))
    assert week(both.people[0], both) == 40
    assert week(both.people[1], both) == 32, "Thanksgiving"
    new_year = date(2026, 12, 28)
    assert [week(one, both, new_year) for one in both.people] == [32, 32]


def test_holidays_of_a_part_of_the_country_count_where_the_site_names_it() -> None:
    munich, berlin = person("lena", location="Munich"), person("jonas", location="Berlin")
    there = firm(munich, berlin, calendar=[{"location": "Munich", "country": "DE", "subdivision": "BY"}])
    epiphany = date(2026, 1, 5)
    assert [week(one, there, epiphany) for one in there.people] == [32, 40]


def test_holidays_are_worked_where_the_site_says_so() -> None:
    found = firm(person("tom", "US"), holidays=False)
    assert week(found.people[0], found) == 40


def test_the_site_s_own_days_stand_above_weekdays_and_holidays() -> None:
    days = [
        {"day": "2026-11-26", "hours": 4},
        {"day": "2026-11-28", "hours": 8},
        {"day": "2026-11-27", "legal_entity": "DE"},
    ]
    both = firm(person("lena", "DE"), person("tom", "US"), day=days)
    assert [week(one, both) for one in both.people] == [8 * 3 + 4 + 8, 8 * 4 + 4 + 8]


def test_the_first_calendar_that_fits_counts() -> None:
    rules = [{"legal_entity": "DE", "hours": [7, 7, 7, 7, 7, 0, 0]}, {"hours": [9, 9, 9, 9, 0, 0, 0]}]
    both = firm(person("lena", "DE"), person("tom", "US"), calendar=rules)
    assert [week(one, both, date(2026, 11, 2)) for one in both.people] == [35, 36]


def test_who_works_part_time_works_a_share_of_each_day_and_a_holiday_costs_that_share() -> None:
    half = person("tom", "US", hours_per_week=Decimal(20))
    assert week(half, firm(half)) == 16


def test_nobody_works_before_joining_or_after_leaving() -> None:
    wednesday, thursday = MONDAY + timedelta(days=2), MONDAY + timedelta(days=3)
    new, old = person(joined=wednesday), person(left=thursday)
    assert [week(one, firm(one)) for one in (new, old)] == [24, 32]


def test_time_off_takes_its_hours_and_never_more_than_there_are() -> None:
    entries = tuple(
        TimeOff(id=str(number), person="lena@x.example", day=MONDAY + timedelta(days=day), hours=Decimal(hours))
        for number, (day, hours) in enumerate([(0, 4), (0, 2), (1, 20), (5, 8)])
    )
    assert week(person(), firm(person()), off=entries) == 40 - 6 - 8


@given(first=DAYS, days=st.integers(0, 60), cut=st.integers(0, 60), hours=st.lists(HOURS, min_size=7, max_size=7))
def test_the_hours_of_two_parts_of_a_time_add_up_to_those_of_the_whole(
    first: date, days: int, cut: int, hours: list[Decimal]
) -> None:
    found = firm(person(), hours=hours)
    calendars, who = Calendars(found), found.people[0]
    last, middle = first + timedelta(days=days), first + timedelta(days=min(cut, days))
    whole = calendars.available(who, first, last)
    assert whole == calendars.available(who, first, middle) + calendars.available(who, middle + timedelta(days=1), last)
    assert 0 <= whole <= sum(hours) * (days // 7 + 1)


@given(day=DAYS, off=HOURS, share=st.decimals(1, 40, places=2))
def test_hours_are_never_negative_and_time_off_never_adds_any(day: date, off: Decimal, share: Decimal) -> None:
    who = person(hours_per_week=share)
    entry = TimeOff(id="1", person=who.id, day=day, hours=off)
    with_it, without = (Calendars(firm(who), away).hours(who, day) for away in (away_of([entry]), None))
    assert 0 <= with_it <= without


def test_the_first_target_that_fits_counts() -> None:
    rules = [
        {"share": "0.5", "person": "lena@x.example"},
        {"share": "0.8", "role": "Consultant"},
        {"share": "0.6", "practice": "Data"},
    ]
    people = (
        person("lena", role="Consultant"),
        person("jonas", role="Consultant"),
        person("ada", practice="Data"),
        person("bo"),
    )
    found = firm(*people, target=rules)
    assert [target_of(one, found) for one in people] == [Decimal("0.5"), Decimal("0.8"), Decimal("0.6"), None]


@pytest.mark.parametrize(
    ("country", "part", "told"),
    [("DE", "BY", None), ("US", None, None), ("XX", None, "nobody knows"), ("DE", "ZZ", "is no part of DE")],
)
def test_a_country_without_known_holidays_is_told(country: str, part: str | None, told: str | None) -> None:
    found = holidays_problem(country, part)
    assert (found is None) if told is None else (found is not None and told in found)
