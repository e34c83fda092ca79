"""Who works for the simulated firm: consultants in teams, with rates and habits."""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from tieline_standins.simulation.chance import chance_of

TEAM = 4
"""Consultants who go from project to project together."""
EM, SENIOR, CONSULTANT, ENGINEER, ARCHITECT = (
    "Engagement Manager",
    "Senior Consultant",
    "Consultant",
    "Data Engineer",
    "Sr. Architect",
)
CURRENCIES = {"US": "USD", "UK": "GBP", "DE": "EUR"}
RATES: dict[str, dict[str, int]] = {
    EM: {"USD": 260, "EUR": 240, "GBP": 215},
    SENIOR: {"USD": 210, "EUR": 190, "GBP": 175},
    CONSULTANT: {"USD": 165, "EUR": 150, "GBP": 135},
    ENGINEER: {"USD": 180, "EUR": 170, "GBP": 160},
    ARCHITECT: {"USD": 295, "EUR": 270, "GBP": 245},
}
"""Standard rates per hour."""
_SEATS = ((EM, SENIOR, CONSULTANT, ENGINEER), (SENIOR, CONSULTANT, CONSULTANT, ENGINEER))
_ENTITIES = ("US", "UK", "US", "DE")
_COSTS = {EM: 115, SENIOR: 92, CONSULTANT: 68, ENGINEER: 80, ARCHITECT: 138}
_HABITS: tuple[tuple["Habit", float], ...] = (("punctual", 0.72), ("late", 0.2), ("forgetful", 0.08))
_FIRST = (
    "Ada Ben Cleo Dev Eva Finn Gia Hugo Ines Jack Kira Liam Mona Noor Omar Pia Quin Rosa Sven Tara Uma Vito Wren Yara"
)
_LAST = (
    "Adler Blake Costa Duarte Evans Frost Garcia Haas Ito Jensen Khan Lund Moreau Novak Olsen Petit Quist Rossi Stone"
)

Habit = Literal["punctual", "late", "forgetful"]
"""When somebody hands in a week: on its Friday, in the middle of the next one, or when reminded at the month's end."""


@dataclass(frozen=True, slots=True)
class Consultant:
    """Somebody who books time."""

    name: str
    email: str
    role: str
    entity: str
    cost_rate: int
    habit: Habit
    known_in_erp: bool
    """False: nobody told finance of this person."""


Team = tuple[Consultant, ...]


def draw_teams(consultants: int, seed: int) -> list[Team]:
    """The firm of a seed; the last team may be smaller. In larger firms somebody is not known in the ERP."""
    chance = chance_of("roster", seed)
    people = [_consultant(number, chance, consultants) for number in range(consultants)]
    return [tuple(people[first : first + TEAM]) for first in range(0, consultants, TEAM)]


def _consultant(number: int, chance: random.Random, consultants: int) -> Consultant:
    team, seat = divmod(number, TEAM)
    first, last = chance.choice(_FIRST.split()), chance.choice(_LAST.split())
    role = _SEATS[team % len(_SEATS)][seat]
    habits, weights = zip(*_HABITS, strict=True)
    return Consultant(
        name=f"{first} {last} {number}",
        email=f"{first}.{last}.{number}@haldenmarsh.example".lower(),
        role=role,
        entity=_ENTITIES[team % len(_ENTITIES)],
        cost_rate=_COSTS[role] + chance.randint(-8, 8),
        habit=chance.choices(habits, weights)[0],
        known_in_erp=number != consultants - 2 or consultants < 40,
    )


def write_roster(folder: Path, teams: Sequence[Team], since: date) -> None:
    """`people.csv` and `rates.csv`: what HR and the practices hand to whoever sets up a system."""
    folder.mkdir(parents=True, exist_ok=True)
    people = [[one.email, one.name, one.role, one.entity, f"{one.cost_rate}.00"] for team in teams for one in team]
    _write(folder / "people.csv", ["email", "name", "role", "legal_entity", "cost_rate"], people)
    rates = [
        [role, currency, f"{rate}.00", since.replace(month=1, day=1).isoformat(), ""]
        for role, by_currency in RATES.items()
        for currency, rate in by_currency.items()
    ]
    _write(folder / "rates.csv", ["role", "currency", "rate", "valid_from", "valid_to"], rates)


def _write(path: Path, heading: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *rows])
