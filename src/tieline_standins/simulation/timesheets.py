"""How the consultants of the simulated firm book time: what a week holds, when it is handed in, and what befalls it."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from tieline_standins.simulation.chance import chance_of
from tieline_standins.simulation.pipeline import Deal
from tieline_standins.simulation.roster import Consultant


@dataclass(slots=True)
class Entry:
    """One time entry."""

    day: date
    minutes: int
    note: str
    id: int = 0


@dataclass(slots=True)
class Sheet:
    """A week of one consultant on one project."""

    deal: Deal
    consultant: Consultant
    typed_on: date
    approved_on: date
    entries: list[Entry]
    rejected_first: bool = False
    """The project manager sends it back once; a day is put right, and it is handed in again."""
    corrected_on: date | None = None
    """A day is changed after the approval."""
    is_approved: bool = field(default=False)
    submission: int = 0


_NOTES = ("Workshops", "Build", "Data loads", "Review with the customer", "Tests", "Documentation")


def week_of(deal: Deal, one: Consultant, monday: date, seed: int) -> Sheet | None:
    """What somebody books in a week; None for a week off."""
    chance = chance_of(seed, one.email, monday)
    if chance.random() < 0.07:
        return None
    entries: list[Entry] = []
    for number in range(5):
        day = monday + timedelta(days=number)
        if deal.starts_on <= day <= deal.ends_on and chance.random() >= 0.03:
            entries += _day(day, chance)
    if not entries:
        return None
    typed_on = _typed_on(deal, one, monday, chance)
    rejected_first = chance.random() < 0.03
    approved_on = _weekday(typed_on + timedelta(days=chance.randint(1, 4) + (3 if rejected_first else 0)))
    corrected = chance.random() < 0.015
    return Sheet(
        deal=deal,
        consultant=one,
        typed_on=typed_on,
        approved_on=approved_on,
        entries=entries,
        rejected_first=rejected_first,
        corrected_on=_weekday(approved_on + timedelta(days=chance.randint(3, 30))) if corrected else None,
    )


def _day(day: date, chance: random.Random) -> list[Entry]:
    """Six to nine hours, now and then in two parts."""
    minutes = 15 * chance.randint(26, 34)
    part = 15 * chance.randint(4, 12) if chance.random() < 0.1 else 0
    found = [Entry(day, minutes - part, chance.choice(_NOTES))]
    if part:
        found.append(Entry(day, part, chance.choice(_NOTES)))
    return found


def _typed_on(deal: Deal, one: Consultant, monday: date, chance: random.Random) -> date:
    friday = monday + timedelta(days=4)
    if one.habit == "forgetful" or (one.habit == "late" and "late time" in deal.troubles):
        following = (friday.replace(day=1) + timedelta(days=32)).replace(day=1)
        return max(friday, _weekday(following + timedelta(days=chance.randint(0, 2))))
    if one.habit == "late" or "late time" in deal.troubles:
        return _weekday(friday + timedelta(days=chance.randint(4, 11)))
    return friday


def _weekday(day: date) -> date:
    """This day, or the Monday after."""
    return day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)
