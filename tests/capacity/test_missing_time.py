"""Missing time: the clock of the cut-off, whose week lacks what, and whose turn it is."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.capacity.test_calendars import firm, person
from tieline.capacity.calendars import Calendars
from tieline.capacity.missing_time import MissingWeek, closed_weeks, cut_off_of, missing_weeks
from tieline.model.firm import Firm
from tieline.model.working_time import CutOff, MissingTimeRules

WEEK = date(2026, 10, 19)
"""A Monday; the clocks of Europe go back on the Sunday after it."""
RULES = MissingTimeRules(
    cut_off=(
        CutOff(legal_entity="DE", weekday="Tuesday", at=time(10), timezone="Europe/Berlin"),
        CutOff(legal_entity="US", timezone="America/New_York"),
    )
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def of(
    found: Firm, now: datetime, recorded: dict[tuple[str, date], Decimal] | None = None, **more: Any
) -> list[MissingWeek]:
    rules = found.model_copy(update={"missing_time": RULES.model_copy(update=more)})
    bookers = {one.id for one in found.people}
    return missing_weeks(rules, Calendars(found), recorded or {}, bookers, WEEK, now)


@pytest.mark.parametrize(
    ("entity", "due"),
    [("DE", "2026-10-27T09:00"), ("US", "2026-10-26T16:00"), ("UK", "2026-10-26T12:00")],
)
def test_the_cut_off_is_by_the_clock_of_the_entity(entity: str, due: str) -> None:
    assert cut_off_of(WEEK, entity, RULES) == at(due)


def test_a_week_is_looked_at_from_its_cut_off_on_and_not_before_anything_is_known() -> None:
    assert closed_weeks(at("2026-10-27T08:59"), "DE", RULES, WEEK) == []
    assert closed_weeks(at("2026-10-27T09:00"), "DE", RULES, WEEK) == [WEEK]
    later = closed_weeks(at("2027-03-01T09:00"), "DE", RULES, WEEK)
    assert (len(later), later[0]) == (4, date(2027, 2, 15))
    since = RULES.model_copy(update={"since": date(2026, 11, 1)})
    assert closed_weeks(at("2026-11-12T09:00"), "DE", since, WEEK) == [date(2026, 11, 2)]


def test_the_person_acts_first_and_who_leads_some_hours_later() -> None:
    found = firm(person("lena", "DE"))
    (first,) = of(found, at("2026-10-27T09:00"))
    assert (first.step, str(first.missing), first.monday) == ("remind", "40.00", WEEK)
    (later,) = of(found, at("2026-10-28T09:00"))
    assert later.step == "escalate"


@pytest.mark.parametrize(("hours", "people"), [("40", 0), ("39", 0), ("38.5", 1), ("0", 1), ("60", 0)])
def test_a_little_may_be_missing_and_more_than_enough_is_fine(hours: str, people: int) -> None:
    found = firm(person("lena", "DE"))
    recorded = {("lena@x.example", WEEK): Decimal(hours)}
    assert len(of(found, at("2026-10-27T09:00"), recorded)) == people


def test_nothing_is_expected_of_who_is_away_has_left_or_may_not_book() -> None:
    gone, booker = person("jonas", "DE", left=WEEK - timedelta(days=1)), person("lena", "DE")
    found = firm(gone, booker, day=[{"day": WEEK + timedelta(days=number)} for number in range(5)])
    assert of(found, at("2026-10-27T09:00")) == []
    assert missing_weeks(firm(booker), Calendars(firm(booker)), {}, (), WEEK, at("2026-11-10T09:00")) == []


@pytest.mark.parametrize(
    ("approved", "submitted", "step", "missing"),
    [
        ("16", "24", "approve", "0"),
        ("16", "23.5", "approve", "0.5"),
        ("16", "8", "remind", "16"),
        ("0", "50", "approve", "0"),
    ],
)
def test_what_was_handed_in_is_not_missing_but_is_for_others_to_approve(
    approved: str, submitted: str, step: str, missing: str
) -> None:
    found, key = firm(person("lena", "DE")), ("lena@x.example", WEEK)
    rules = found.model_copy(update={"missing_time": RULES})
    (one,) = missing_weeks(
        rules, Calendars(found), {key: Decimal(approved)}, {"lena@x.example"}, WEEK, at("2026-10-27T09:00"),
        {key: Decimal(submitted)},
    )  # fmt: skip
    assert (one.step, one.missing) == (step, Decimal(missing))
    assert one.unapproved == 40 - Decimal(approved)


@given(
    recorded=st.dictionaries(
        st.tuples(
            st.just("lena@x.example"), st.sampled_from([WEEK + timedelta(days=7 * number) for number in range(5)])
        ),
        st.decimals(0, 60, places=2),
    ),
    hours=st.integers(0, 1500),
    more=st.decimals(0, 60, places=2),
)
def test_more_time_never_makes_more_missing_and_what_is_missing_is_what_the_calendar_leaves(
    recorded: dict[tuple[str, date], Decimal], hours: int, more: Decimal
) -> None:
    found, now = firm(person("lena", "DE")), at("2026-10-20T00:00") + timedelta(hours=hours)
    before = of(found, now, recorded)
    after = of(found, now, {key: value + more for key, value in recorded.items()})
    assert {one.monday for one in after} <= {one.monday for one in before}
    for one in before:
        assert one.missing == Decimal(40) - recorded.get(("lena@x.example", one.monday), Decimal(0))
        assert one.missing > 1
        assert one.cut_off <= now
