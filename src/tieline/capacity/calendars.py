"""What a person could work on a day: weekday hours, part-time, public holidays, the site's own days, time off."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from tieline.model.firm import Firm, Person
from tieline.model.working_time import ANY, TimeOff, WorkingTime

ZERO = Decimal(0)
CENT_HOURS = Decimal("0.01")
Away = Mapping[tuple[str, date], Decimal]
"""Person and day -> hours off."""


@lru_cache(maxsize=1000)
def public_holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    """Public holidays of a year, with their names; none of a country the library does not know."""
    import holidays  # large, and not needed by most commands

    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision, years=year, language="en_US"))
    except NotImplementedError:
        return {}


def holidays_problem(country: str, subdivision: str | None) -> str | None:
    """Why there are no holidays of a country or a part of it; None when there are."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        return f"nobody knows the public holidays of '{country}'; it is a country code such as DE"
    if subdivision and subdivision not in known[country]:
        there = ", ".join(sorted(set(known[country]))) or "none"
        return f"'{subdivision}' is no part of {country} with holidays of its own; there are {there}"
    return None


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Working hours of everybody who works full time at a place."""

    hours: tuple[Decimal, ...]
    """Monday to Sunday."""
    country: str | None = None
    """None: public holidays are worked."""
    subdivision: str | None = None
    days: Mapping[date, Decimal] = field(default_factory=dict)
    """The site's own days; they stand above everything else."""

    @property
    def week(self) -> Decimal:
        """Hours of a week without any holiday."""
        return sum(self.hours, ZERO)

    def holiday(self, day: date) -> str | None:
        """The name of the public holiday a day is."""
        return public_holidays(self.country, self.subdivision, day.year).get(day) if self.country else None

    def hours_on(self, day: date) -> Decimal:
        """The hours of a day."""
        if day in self.days:
            return self.days[day]
        return ZERO if self.holiday(day) else self.hours[day.weekday()]


def calendar_of(person: Person, firm: Firm) -> Calendar:
    """The calendar somebody works by: the first of the site's that fits, else the firm's hours."""
    return _calendar(firm.working_time, person.legal_entity, person.location, _country(firm, person.legal_entity))


def _country(firm: Firm, entity: str) -> str | None:
    found = firm.legal_entity(entity)
    return found.country if found else None


def _calendar(rules: WorkingTime, entity: str, location: str | None, country: str | None) -> Calendar:
    own = next((one for one in rules.calendar if _fits(one.legal_entity, one.location, entity, location)), None)
    return Calendar(
        hours=(own.hours if own else None) or rules.hours,
        country=((own.country if own else None) or country) if rules.holidays else None,
        subdivision=own.subdivision if own else None,
        days={one.day: one.hours for one in rules.day[::-1] if _fits(one.legal_entity, one.location, entity, location)},
    )


def _fits(wanted_entity: str, wanted_location: str, entity: str, location: str | None) -> bool:
    return wanted_entity in (ANY, entity) and wanted_location in (ANY, location)


def part_time(person: Person, calendar: Calendar) -> Decimal:
    """The share of a full week somebody works."""
    if person.hours_per_week is None or not calendar.week:
        return Decimal(1)
    return person.hours_per_week / calendar.week


class Calendars:
    """The calendars of all people of a firm, worked out once."""

    def __init__(self, firm: Firm, away: Away | None = None) -> None:
        places: dict[tuple[str, str | None], Calendar] = {}
        for one in firm.people:
            places.setdefault((one.legal_entity, one.location), calendar_of(one, firm))
        self._of = {one.id: places[one.legal_entity, one.location] for one in firm.people}
        self._away = away or {}
        self._known: dict[tuple[int, date], Decimal] = {}

    def of(self, person: Person) -> Calendar:
        """The calendar somebody works by."""
        return self._of[person.id]

    def hours(self, person: Person, day: date) -> Decimal:
        """The hours somebody could work on a day, unrounded: never below zero, none before joining or after leaving."""
        if (person.joined and day < person.joined) or (person.left and day > person.left):
            return ZERO
        calendar = self._of[person.id]
        full = self._known.get((id(calendar), day))
        if full is None:
            full = self._known[id(calendar), day] = calendar.hours_on(day)
        if not full:
            return ZERO
        own = full * part_time(person, calendar)
        return max(ZERO, own - self._away.get((person.id, day), ZERO))

    def available(self, person: Person, first: date, last: date) -> Decimal:
        """The hours somebody could work from one day to another, both included."""
        return sum((self.hours(person, day) for day in days_of(first, last)), ZERO).quantize(CENT_HOURS)


def days_of(first: date, last: date) -> Iterator[date]:
    """Each day from one to another, both included."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def away_of(entries: Sequence[TimeOff]) -> dict[tuple[str, date], Decimal]:
    """Hours off by person and day."""
    found: dict[tuple[str, date], Decimal] = {}
    for one in entries:
        found[one.person, one.day] = found.get((one.person, one.day), ZERO) + one.hours
    return found


def target_of(person: Person, firm: Firm) -> Decimal | None:
    """The share of somebody's available hours that should be billable."""
    for one in firm.working_time.target:
        wanted = (one.person, one.role, one.practice, one.legal_entity)
        has = (person.id, person.role, person.practice, person.legal_entity)
        if all(name in (ANY, value) for name, value in zip(wanted, has, strict=True)):
            return one.share
    return None
