"""The rehearsed firm, drawn from a seed: consultants, engagements, the month's time, and what was planted wrong."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

TEAM = 10
"""Consultants of one project."""
EM, SENIOR, CONSULTANT, ENGINEER, ARCHITECT = (
    "Engagement Manager",
    "Senior Consultant",
    "Consultant",
    "Data Engineer",
    "Sr. Architect",
)
SEATS = (EM, SENIOR, SENIOR, SENIOR, CONSULTANT, CONSULTANT, CONSULTANT, CONSULTANT, ENGINEER, ENGINEER)
ARCHITECT_EVERY, NEWCOMER_EVERY, EDITED_EVERY = 4, 64, 100
"""Of so many projects one has an architect, whose role has no item in the ERP; one a newcomer the ERP does not know;
and one a deal that is edited after it was won."""
ENTITIES = ("US", "UK", "US", "DE")
CURRENCIES = {"US": "USD", "UK": "GBP", "DE": "EUR"}
COUNTRIES = {"US": ("United States", "US-CA"), "UK": ("United Kingdom", "GB"), "DE": ("Germany", "DE")}
RATES: Mapping[tuple[str, str], Decimal] = {
    (role, currency): Decimal(rate)
    for role, rates in {
        EM: (260, 240, 215),
        SENIOR: (210, 190, 175),
        CONSULTANT: (165, 150, 135),
        ENGINEER: (180, 170, 160),
        ARCHITECT: (295, 270, 245),
    }.items()
    for currency, rate in zip(("USD", "EUR", "GBP"), rates, strict=True)
}
"""The firm's standard rates per hour; deals are sold at them."""

_FIRST = (
    "Ada Ben Cleo Dev Eva Finn Gia Hugo Ines Jack Kira Liam Mona Noor Omar Pia Quin Rosa Sven Tara Uma Vito Wren Yara"
)
_LAST = (
    "Adler Blake Costa Duarte Evans Frost Garcia Haas Ito Jensen Khan Lund Moreau Novak Olsen Petit Quist Rossi Stone"
)
_TRADES = (
    "Energy Foods Rail Glass Mills Ports Steel Paper Water Optics Labs Motors Health Textiles Cement Bank Insurance"
)
_NAMES = (
    "Alder Birch Cedar Dogwood Elm Fir Ginkgo Hazel Ironwood Juniper Larch Maple Oak Pine Rowan Spruce Teak Willow Yew"
)


@dataclass(frozen=True, slots=True)
class Consultant:
    """Somebody who books time on one project."""

    email: str
    name: str
    role: str
    entity: str
    project: int
    cost_rate: Decimal
    known_in_erp: bool


@dataclass(frozen=True, slots=True)
class Engagement:
    """A deal to be won, delivered by one team."""

    number: int
    name: str
    customer: str
    entity: str
    edited: bool
    """Sales changes it after it was won, without a change order."""

    @property
    def currency(self) -> str:
        """What it is sold in."""
        return CURRENCIES[self.entity]


@dataclass(frozen=True, slots=True)
class Day:
    """One time entry."""

    on: date
    minutes: int


@dataclass(frozen=True)
class Firm:
    """All of it."""

    month: date
    """The first day of the rehearsed month."""
    consultants: tuple[Consultant, ...]
    engagements: tuple[Engagement, ...]

    def team(self, number: int) -> tuple[Consultant, ...]:
        """Who works on a project."""
        return self.consultants[number * TEAM : (number + 1) * TEAM]


def draw(consultants: int, seed: int, today: date) -> Firm:
    """The firm of a seed; the month is the last one that is over."""
    chance = random.Random(seed)  # noqa: S311 - made-up data, nothing secret
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    engagements = tuple(_engagement(number) for number in range(-(-consultants // TEAM)))
    people = tuple(_consultant(number, engagements[number // TEAM], chance) for number in range(consultants))
    return Firm(month, people, engagements)


def weeks(month: date) -> list[list[date]]:
    """The working days of a month, by calendar week: what one timesheet holds."""
    days = [day for day in (month + timedelta(days=n) for n in range(31)) if day.month == month.month]
    found: dict[int, list[date]] = {}
    for day in days:
        if day.weekday() < 5:
            found.setdefault(day.isocalendar().week, []).append(day)
    return list(found.values())


def timesheet(consultant: Consultant, days: list[date], seed: int) -> Iterator[Day]:
    """What one consultant books in a week: a day of six to ten hours, now and then in two parts."""
    chance = random.Random(f"{seed}:{consultant.email}:{days[0]}")  # noqa: S311 - made-up data, nothing secret
    for day in days:
        if chance.random() < 0.04:
            continue  # a day off
        minutes = 15 * chance.randint(24, 40)
        part = 15 * chance.randint(4, 12) if chance.random() < 0.1 else 0
        yield Day(day, minutes - part)
        if part:
            yield Day(day, part)


def _engagement(number: int) -> Engagement:
    names, trades = _NAMES.split(), _TRADES.split()
    tree, trade = names[number % len(names)], trades[number // len(names) % len(trades)]
    again = number // (len(names) * len(trades))
    customer = f"{tree} {trade}" + (f" {again + 1}" if again else "")
    return Engagement(
        number=number,
        name=f"{customer} platform",
        customer=customer,
        entity=ENTITIES[number % len(ENTITIES)],
        edited=number % EDITED_EVERY == 0,
    )


def _consultant(number: int, engagement: Engagement, chance: random.Random) -> Consultant:
    project, seat = divmod(number, TEAM)
    first, last = chance.choice(_FIRST.split()), chance.choice(_LAST.split())
    is_architect = seat == TEAM - 1 and project % ARCHITECT_EVERY == 0
    return Consultant(
        email=f"{first}.{last}.{number}@haldenmarsh.example".lower(),
        name=f"{first} {last} {number}",
        role=ARCHITECT if is_architect else SEATS[seat],
        entity=engagement.entity,
        project=project,
        cost_rate=Decimal(chance.randint(55, 130)),
        known_in_erp=not (seat == TEAM - 2 and project % NEWCOMER_EVERY == 1),
    )
