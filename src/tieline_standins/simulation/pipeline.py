"""What the simulated firm sells: deals with their stages, terms, prices, payers and troubles, drawn from the seed."""

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from tieline_standins.simulation.chance import chance_of
from tieline_standins.simulation.roster import CURRENCIES, RATES, Consultant, Team

Method = Literal["time_and_materials", "milestone"]
Payer = Literal["on time", "slow", "disputes", "stops"]
"""How a customer pays: when due, weeks late, only after a dispute, or from some day on not at all."""
Trouble = Literal["overrun", "late milestones", "late time", "missing terms", "unusual terms"]
STAGES = ("Qualification", "Proposal/Price Quote", "Negotiation/Review")
HOURS_A_WEEK = 37.5
USUAL, UNUSUAL = "NET30", "NET60"
"""Payment terms; who offers the other ones has to be allowed to."""

_TREES = (
    "Alder Aspen Birch Cedar Cypress Dogwood Elm Fir Ginkgo Hazel Hickory Ironwood Juniper Larch Linden Maple Oak"
    " Olive Pine Rowan Spruce Sumac Teak Walnut Willow Yew"
)
_TRADES = (
    "Energy Foods Rail Glass Mills Ports Steel Paper Water Optics Labs Motors Health Textiles Cement Bank Insurance"
)
_SUBJECTS = (
    "data platform",
    "grid analytics",
    "ERP roll-out",
    "claims portal",
    "planning model",
    "warehouse move",
    "customer portal",
    "forecasting",
    "quality lab",
    "billing renewal",
)
_MILESTONES = ("Blueprint accepted", "Build accepted", "Go-live")
_PAYERS: tuple[tuple[Payer, float], ...] = (("on time", 0.66), ("slow", 0.2), ("disputes", 0.1), ("stops", 0.04))


@dataclass(frozen=True, slots=True)
class Account:
    """A customer."""

    name: str
    entity: str
    payer: Payer


@dataclass(frozen=True, slots=True)
class Milestone:
    """A fixed amount, due on one day and reached on another."""

    name: str
    amount: int
    due_on: date
    reached_on: date


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity from its first day, and the work that follows when it is won."""

    number: int
    name: str
    account: Account
    method: Method
    team: Team
    moves: tuple[tuple[date, str], ...]
    """When it enters which stage; won and lost ones end with `Closed …`."""
    starts_on: date
    ends_on: date
    rates: dict[str, int]
    """What an hour of each role is sold for."""
    planned_hours: dict[str, int]
    payment_terms: str
    troubles: frozenset[Trouble]
    milestones: tuple[Milestone, ...] = ()
    mended_on: date | None = None
    """When sales adds the terms that were missing; None: not yet, or nothing is missing."""
    extended_on: date | None = None
    """When the customer agrees to more hours, for what is worked from this day on."""

    @property
    def currency(self) -> str:
        """What it is sold in."""
        return CURRENCIES[self.account.entity]

    @property
    def won_on(self) -> date | None:
        """The day of the win."""
        return next((day for day, stage in self.moves if stage == "Closed Won"), None)

    @property
    def extra_hours(self) -> dict[str, int]:
        """By role, what a change order adds."""
        return {role: hours // 2 for role, hours in self.planned_hours.items()}

    @property
    def becomes_work(self) -> bool:
        """Whether anybody will ever deliver it: it is won, and nothing keeps it from becoming a contract."""
        stuck = "unusual terms" in self.troubles or ("missing terms" in self.troubles and self.mended_on is None)
        return self.won_on is not None and not stuck

    def rate(self, role: str) -> int:
        """What an hour is worth to the customer."""
        return self.rates[role]


def draw_deals(teams: Sequence[Team], first: date, last: date, seed: int) -> list[Deal]:
    """All deals of the year: what each team does one after another, and what was lost or is still open."""
    deals: list[Deal] = []
    for number, team in enumerate(teams):
        for drawn in _of_team(team, number, first, last, seed):
            deals.append(replace(drawn, number=len(deals)))
    return deals


def _of_team(team: Team, number: int, first: date, last: date, seed: int) -> Iterator[Deal]:
    chance = chance_of("deals", seed, number)
    start = first + timedelta(weeks=chance.randint(1, 4))
    count = 0
    while start <= last + timedelta(weeks=10):
        weeks = min(chance.randint(6, 18), max(3, (last - first).days // 14))
        account = _account(number, count // 2, team[0].entity, seed)
        yield _deal(team, account, count, first, last, start, weeks, chance)
        if chance.random() < 0.8:
            yield _lost(team, account, count, first, last, start, chance)
        count += 1
        start = _monday(start + timedelta(weeks=weeks + chance.choice((1, 1, 2, 3))))


def _account(team: int, index: int, entity: str, seed: int) -> Account:
    """A customer of this team only; it comes back for a second project."""
    trees, trades = _TREES.split(), _TRADES.split()
    again, place = divmod(team * 7 + index, len(trees) * len(trades))
    tree, trade = trees[place % len(trees)], trades[place // len(trees)]
    payers, weights = zip(*_PAYERS, strict=True)
    payer = chance_of("payer", seed, tree, trade, again).choices(payers, weights)[0]
    return Account(f"{tree} {trade}" + (f" {again + 1}" if again else ""), entity, payer)


def _deal(
    team: Team,
    account: Account,
    count: int,
    first: date,
    last: date,
    start: date,
    weeks: int,
    chance: random.Random,
) -> Deal:
    end = start + timedelta(weeks=weeks, days=-3)
    won_on = max(first, _workday(start - timedelta(days=chance.randint(8, 24))))
    method: Method = "milestone" if chance.random() < 0.25 else "time_and_materials"
    is_new = won_on > last - timedelta(weeks=3)
    troubles = set(_troubles(method, is_new, chance))
    mended = _workday(won_on + timedelta(days=chance.randint(2, 5)))
    hours = {role: _planned(team, role, weeks, "overrun" in troubles) for role in _roles(team)}
    discount = 0.9 if chance.random() < 0.15 else 1.0
    rates = {role: int(RATES[role][CURRENCIES[account.entity]] * discount) for role in _roles(team)}
    deal = Deal(
        number=0,
        name=f"{account.name} {_SUBJECTS[(len(account.name) + count * 3) % len(_SUBJECTS)]} {count + 1}",
        account=account,
        method=method,
        team=team,
        moves=_moves(first, won_on, "Closed Won", chance),
        starts_on=start,
        ends_on=end,
        rates=rates,
        planned_hours=hours,
        payment_terms=UNUSUAL if "unusual terms" in troubles else USUAL,
        troubles=frozenset(troubles),
        mended_on=mended if "missing terms" in troubles and not is_new else None,
        extended_on=_extended_on(method, troubles, start, end, last, chance),
    )
    if method == "milestone":
        worth = sum(hours[role] * rates[role] for role in hours)
        deal = replace(deal, milestones=_milestones(start, end, worth, "late milestones" in troubles, chance))
    return replace(deal, moves=tuple(move for move in deal.moves if move[0] <= last))


def _lost(
    team: Team, account: Account, count: int, first: date, last: date, start: date, chance: random.Random
) -> Deal:
    lost_on = max(first, _workday(start - timedelta(days=chance.randint(5, 40))))
    end = start + timedelta(weeks=10, days=-3)
    moves = _moves(first, lost_on, "Closed Lost", chance)
    return Deal(
        number=0,
        name=f"{account.name} {_SUBJECTS[(len(account.name) + count * 3 + 5) % len(_SUBJECTS)]} study {count + 1}",
        account=account,
        method="time_and_materials",
        team=team,
        moves=tuple(move for move in moves if move[0] <= last),
        starts_on=start,
        ends_on=end,
        rates={role: RATES[role][CURRENCIES[account.entity]] for role in _roles(team)},
        planned_hours={role: _planned(team, role, 10, False) for role in _roles(team)},
        payment_terms=USUAL,
        troubles=frozenset(),
    )


def _moves(first: date, closed_on: date, closing: str, chance: random.Random) -> tuple[tuple[date, str], ...]:
    """Some weeks in each stage, the firm's first day at the earliest."""
    days = [closed_on]
    for _ in STAGES:
        days.insert(0, _workday(days[0] - timedelta(days=chance.randint(5, 21))))
    return tuple((max(first, day), stage) for day, stage in zip(days, (*STAGES, closing), strict=True))


def _troubles(method: Method, is_new: bool, chance: random.Random) -> Iterator[Trouble]:
    """Of new deals more are unfinished; with older ones somebody has long decided about unusual terms."""
    if chance.random() < 0.12:
        yield "overrun"
    if method == "milestone" and chance.random() < 0.4:
        yield "late milestones"
    if chance.random() < 0.1:
        yield "late time"
    if chance.random() < (0.3 if is_new else 0.12):
        yield "missing terms"
    if chance.random() < 0.3 and is_new:
        yield "unusual terms"


def _extended_on(
    method: Method, troubles: Collection[Trouble], start: date, end: date, last: date, chance: random.Random
) -> date | None:
    """Of three deals that were sold too short two get more hours in the middle of the work."""
    middle = _workday(start + (end - start) / 2)
    wanted = "overrun" in troubles and method == "time_and_materials" and chance.random() < 0.67
    return middle if wanted and middle <= last else None


def _milestones(start: date, end: date, worth: int, late: bool, chance: random.Random) -> tuple[Milestone, ...]:
    span, found = (end - start).days, []
    for number, (name, share) in enumerate(zip(_MILESTONES, (0.3, 0.4, 0.3), strict=True), start=1):
        due = _workday(start + timedelta(days=span * number // len(_MILESTONES)))
        slip = chance.randint(12, 35) if late else chance.choice((-2, 0, 0, 1, 3))
        amount = int(worth * share) // 100 * 100
        found.append(Milestone(name, amount, due, _workday(due + timedelta(days=slip))))
    return tuple(found)


def _planned(team: Team, role: str, weeks: int, short: bool) -> int:
    """Hours sold for a role; an overrun was sold too short."""
    people = sum(one.role == role for one in team)
    return max(8, int(people * weeks * HOURS_A_WEEK * (0.65 if short else 1.05)))


def _roles(team: Sequence[Consultant]) -> list[str]:
    return list(dict.fromkeys(one.role for one in team))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _workday(day: date) -> date:
    """This day, or the Friday before."""
    return day - timedelta(days=max(0, day.weekday() - 4))
