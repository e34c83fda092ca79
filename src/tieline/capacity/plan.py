"""Capacity by role and week: what people could work beside what is wanted, who is free, and whom the firm lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.capacity.calendars import Calendars, target_of
from tieline.capacity.demand import NO_ROLE, Work, weighted
from tieline.capacity.simulation import DealHours, Interval, intervals
from tieline.capacity.weeks import ZERO, Weeks, spread
from tieline.model.firm import Firm, Person

ONE = Decimal(1)
HALF = Decimal("0.5")
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One role in one week, in hours."""

    supply: Decimal
    """What the calendar leaves, by the target of utilization where there is one."""
    confirmed: Decimal
    unstaffed: Decimal
    weighted: Decimal
    """Of the pipeline, each deal by its probability."""
    low: Decimal
    high: Decimal
    """Of the pipeline: four drawn futures of five lie between."""

    @property
    def hard(self) -> Decimal:
        """What projects want."""
        return self.confirmed + self.unstaffed

    @property
    def gap(self) -> Decimal:
        """What is left of the supply; below zero people are lacking."""
        return self.supply - self.hard - self.weighted

    @property
    def fill(self) -> Decimal | None:
        """Demand as a share of supply."""
        return (self.hard + self.weighted) / self.supply if self.supply else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePlan:
    """A role over the weeks. `role` None: all together."""

    role: str | None
    people: int
    cells: tuple[Cell, ...]
    hire: int
    """People lacking in so many weeks in a row that hiring pays."""
    subcontract: tuple[Decimal, ...]
    """Hours by week that lack beyond those."""

    @property
    def subcontract_hours(self) -> Decimal:
        """Of all weeks."""
        return sum(self.subcontract, ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPlan:
    """Somebody's hours by week."""

    person: Person
    role: str
    region: str
    available: tuple[Decimal, ...]
    assigned: tuple[Decimal, ...]

    @property
    def free(self) -> tuple[Decimal, ...]:
        """Hours nobody has confirmed anything for; never below zero."""
        return tuple(max(ZERO, one - taken) for one, taken in zip(self.available, self.assigned, strict=True))

    @property
    def benched_from(self) -> int | None:
        """The first week with at least half of the hours free."""
        weeks = zip(self.free, self.available, strict=True)
        return next((number for number, (free, all_) in enumerate(weeks) if all_ and free >= all_ * HALF), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPlan:
    """The whole."""

    weeks: tuple[date, ...]
    total: RolePlan
    roles: tuple[RolePlan, ...]
    """The one that lacks most first."""
    people: tuple[PersonPlan, ...]
    """Who is free longest first."""
    work: tuple[Work, ...]


def region_of(person: Person, firm: Firm) -> str:
    """The region somebody's legal entity belongs to, else the entity."""
    return entity_region(person.legal_entity, firm)


def entity_region(entity: str | None, firm: Firm) -> str:
    """The region of a legal entity, else its id."""
    found = firm.legal_entity(entity)
    return (found.region if found else None) or entity or "no entity"


def people_plans(
    firm: Firm, calendars: Calendars, roles: Mapping[str, str | None], work: Sequence[Work], weeks: Weeks
) -> list[PersonPlan]:
    """Everybody's hours and confirmed work; who has left before is not there."""
    spans = [weeks.days(number) for number in range(weeks.count)]
    taken: dict[str, list[Decimal]] = {}
    for one in work:
        if one.person:
            own = taken.setdefault(one.person, [ZERO] * weeks.count)
            for number, hours in enumerate(spread(one.hours, one.start, one.end, spans)):
                own[number] += hours
    return [
        PersonPlan(
            person=person,
            role=roles.get(person.id) or NO_ROLE,
            region=region_of(person, firm),
            available=tuple(calendars.available(person, first, last) for first, last in spans),
            assigned=tuple(taken.get(person.id, [ZERO] * weeks.count)),
        )
        for person in firm.people
        if person.left is None or person.left >= weeks.today
    ]


def capacity_plan(
    firm: Firm, people: Sequence[PersonPlan], work: Sequence[Work], weeks: Weeks, hire_after: int
) -> CapacityPlan:
    """Each role beside the others and all together."""
    names = sorted({one.role for one in people} | {one.role for one in work})
    spans = [weeks.days(number) for number in range(weeks.count)]
    width = weeks.count
    hard: dict[tuple[str, str], list[Decimal]] = {}
    deals: dict[str, tuple[Decimal, dict[int, Decimal]]] = {}
    for one in work:
        hours = spread(one.hours, one.start, one.end, spans)
        if one.kind == "pipeline":
            _, cells = deals.setdefault(one.source, (one.probability, {}))
            for number, part in enumerate(hours):
                for row in (names.index(one.role), len(names)):
                    cells[row * width + number] = cells.get(row * width + number, ZERO) + part
            hours = spread(weighted(one).hours, one.start, one.end, spans)
        row_hours = hard.setdefault((one.kind, one.role), [ZERO] * width)
        hard[one.kind, one.role] = [before + part for before, part in zip(row_hours, hours, strict=True)]
    drawn = intervals(
        [DealHours(id=name, probability=chance, hours=cells) for name, (chance, cells) in sorted(deals.items())],
        (len(names) + 1) * width,
    )
    rows = [
        _role(firm, name, [one for one in people if one.role == name], hard, drawn[place * width :][:width], hire_after)
        for place, name in enumerate(names)
    ]
    total = RolePlan(
        role=None,
        people=len(people),
        cells=tuple(
            _sum([row.cells[number] for row in rows], drawn[len(names) * width + number]) for number in range(width)
        ),
        hire=sum(row.hire for row in rows),
        subcontract=tuple(sum((row.subcontract[number] for row in rows), ZERO) for number in range(width)),
    )
    return CapacityPlan(
        weeks=weeks.mondays,
        total=total,
        roles=tuple(
            sorted(rows, key=lambda row: (min((cell.gap for cell in row.cells), default=ZERO), row.role or ""))
        ),
        people=tuple(sorted(people, key=lambda one: (-sum(one.free, ZERO), one.person.name))),
        work=tuple(work),
    )


def _role(
    firm: Firm,
    name: str,
    people: Sequence[PersonPlan],
    hard: Mapping[tuple[str, str], Sequence[Decimal]],
    drawn: Sequence[Interval],
    hire_after: int,
) -> RolePlan:
    nothing = [ZERO] * len(drawn)
    confirmed, unstaffed, expected = (
        hard.get((kind, name), nothing) for kind in ("confirmed", "unstaffed", "pipeline")
    )
    targets = [target_of(one.person.model_copy(update={"role": one.role}), firm) for one in people]
    cells = tuple(
        Cell(
            supply=sum(
                (
                    one.available[number] * (ONE if share is None else share)
                    for one, share in zip(people, targets, strict=True)
                ),
                ZERO,
            ),
            confirmed=confirmed[number],
            unstaffed=unstaffed[number],
            weighted=expected[number],
            low=drawn[number].low,
            high=drawn[number].high,
        )
        for number in range(len(drawn))
    )
    week = sum(firm.working_time.hours, ZERO) * next((share for share in targets if share), ONE)
    hire, subcontract = need(cells, week, hire_after)
    return RolePlan(role=name, people=len(people), cells=cells, hire=hire, subcontract=subcontract)


def need(cells: Sequence[Cell], week: Decimal, hire_after: int) -> tuple[int, tuple[Decimal, ...]]:
    """Whole people lacking in `hire_after` weeks in a row, and the hours by week that lack beyond them.

    `week` are the hours a new colleague brings in a week; less is lacking than one person: nobody is hired.
    """
    lacking = [max(ZERO, -cell.gap) for cell in cells]
    span = min(hire_after, len(lacking))
    steady = max((min(lacking[at : at + span]) for at in range(len(lacking) - span + 1)), default=ZERO)
    hire = int(steady / week) if week else 0
    return hire, tuple(max(ZERO, hours - hire * week) for hours in lacking)


def _sum(cells: Sequence[Cell], drawn: Interval) -> Cell:
    def of(name: str) -> Decimal:
        return sum((getattr(cell, name) for cell in cells), ZERO)

    return Cell(
        supply=of("supply"),
        confirmed=of("confirmed"),
        unstaffed=of("unstaffed"),
        weighted=of("weighted"),
        low=drawn.low,
        high=drawn.high,
    )
