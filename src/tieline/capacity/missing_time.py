"""Whose approved time of a closed week is below what the calendar leaves, and whose turn it is to act.

What was handed in is not missing: then those who approve are to act, and not the person.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, get_args

from tieline.capacity.calendars import Calendars
from tieline.capacity.weeks import WEEK, ZERO, monday_of
from tieline.model.firm import Firm, Person
from tieline.model.working_time import ANY, CutOff, MissingTimeRules, Weekday

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Step = Literal["remind", "escalate", "approve"]
Recorded = Mapping[tuple[str, date], Decimal]
"""Person and Monday -> hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingWeek:
    """A week of somebody with too little time."""

    person: Person
    monday: date
    expected: Decimal
    recorded: Decimal
    """Approved."""
    submitted: Decimal
    """Handed in and not approved yet."""
    cut_off: datetime
    step: Step

    @property
    def missing(self) -> Decimal:
        """Hours that were not even handed in."""
        return max(self.expected - self.recorded - self.submitted, ZERO)

    @property
    def unapproved(self) -> Decimal:
        """Hours that cannot be billed yet, whoever is to act."""
        return self.expected - self.recorded


def cut_off_of(monday: date, entity: str, rules: MissingTimeRules) -> datetime:
    """When the time of a week must be in, by the clock of the entity."""
    rule = next((one for one in rules.cut_off if one.legal_entity in (ANY, entity)), CutOff())
    day = monday + WEEK + timedelta(days=WEEKDAYS.index(rule.weekday))
    return datetime.combine(day, rule.at, rule.zone).astimezone(UTC)


def closed_weeks(now: datetime, entity: str, rules: MissingTimeRules, known_since: date) -> list[date]:
    """Mondays of the weeks past their cut-off that are looked at, the newest first; none before anything is known."""
    since = max(known_since, rules.since or known_since)
    this = monday_of(now.date()) + WEEK
    candidates = (this - WEEK * number for number in range(rules.weeks + 3))
    closed = [one for one in candidates if one >= since and cut_off_of(one, entity, rules) <= now]
    return closed[: rules.weeks]


def missing_weeks(
    firm: Firm,
    calendars: Calendars,
    recorded: Recorded,
    bookers: Collection[str],
    known_since: date,
    now: datetime,
    submitted: Recorded = MappingProxyType({}),
) -> list[MissingWeek]:
    """Everybody's closed weeks with too little approved time, the oldest first; only of those who may book time."""
    rules, found = firm.missing_time, []
    weeks = {one.id: closed_weeks(now, one.id, rules, known_since) for one in firm.legal_entities}
    for person in firm.people:
        if person.id not in bookers:
            continue
        for monday in weeks[person.legal_entity]:
            expected = calendars.available(person, monday, monday + WEEK - timedelta(days=1))
            have = recorded.get((person.id, monday), ZERO)
            if expected - have > rules.tolerance_hours:
                waiting = submitted.get((person.id, monday), ZERO)
                found.append(_missing(person, monday, expected, have, waiting, rules, now))
    return sorted(found, key=lambda one: (one.monday, one.person.name, one.person.id))


def _missing(
    person: Person,
    monday: date,
    expected: Decimal,
    recorded: Decimal,
    submitted: Decimal,
    rules: MissingTimeRules,
    now: datetime,
) -> MissingWeek:
    cut_off = cut_off_of(monday, person.legal_entity, rules)
    late = now >= cut_off + timedelta(hours=rules.escalate_after_hours)
    step: Step = "escalate" if late else "remind"
    if expected - recorded - submitted <= rules.tolerance_hours:
        step = "approve"
    return MissingWeek(
        person=person,
        monday=monday,
        expected=expected,
        recorded=recorded,
        submitted=submitted,
        cut_off=cut_off,
        step=step,
    )
