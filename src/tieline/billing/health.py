"""Health of an engagement: named, weighted signals against the site's thresholds, with its reasons in plain words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from tieline.model.outlook import SIGNALS, Colour, EngagementFacts, HealthRules, ProjectFacts, Signal, SignalName

HUNDRED = Decimal(100)
TENTH = Decimal("0.1")
WORST: Sequence[Colour] = ("red", "amber", "green", "unknown")
WORDS: Mapping[SignalName, tuple[str, str, str, str]] = {
    # name -> (at zero, with its value, over a threshold, without data)
    "burn": (
        "the burn is not ahead of progress",
        "the burn is {} points ahead of progress",
        "The burn is {} points or more ahead of progress",
        "no hours are budgeted",
    ),
    "milestones": (
        "no open milestone is past its date",
        "an open milestone is {} days past its date",
        "An open milestone is {} days or more past its date",
        "it has no milestones",
    ),
    "unbilled": (
        "no older work waits to be billed",
        "the oldest unbilled work is {} days old",
        "Work of {} days ago or more is not billed",
        "nothing was approved yet",
    ),
    "late_time": (
        "time is approved on the day of the work",
        "time is approved {} days after the work",
        "Time is approved {} days or more after the work",
        "no time was approved in the last six weeks",
    ),
    "overdue": (
        "no invoice is late",
        "an invoice is {} days late",
        "An invoice is {} days or more late",
        "nothing is invoiced yet",
    ),
    "margin": (
        "the margin is as planned or better",
        "the margin is {} points below plan",
        "The margin is {} points or more below plan",
        "cost or plan is not known",
    ),
    "exceptions": (
        "no exception holds back money",
        "exceptions hold back {} % of the contract's value",
        "Exceptions hold back {} % or more of the contract's value",
        "the contract has no value",
    ),
    "satisfaction": (
        "the customer is fully satisfied",
        "the customer is {} points below full satisfaction",
        "The customer is {} points or more below full satisfaction",
        "nobody asked the customer",
    ),
}


def measured(facts: EngagementFacts, today: date) -> dict[SignalName, Decimal | None]:
    """Each signal's value, the higher the worse; of several projects the worst. None: nothing is known."""
    found: dict[SignalName, Decimal | None] = dict.fromkeys(SIGNALS)
    for project in facts.projects:
        for name, value in _of_project(project, today).items():
            found[name] = _worse(found[name], value)
    if facts.satisfaction is not None:
        found["satisfaction"] = HUNDRED - facts.satisfaction
    return found


def _of_project(project: ProjectFacts, today: date) -> dict[SignalName, Decimal | None]:
    late = [(today - one.due_on).days for one in project.milestones if one.completed_on is None]
    return {
        "burn": _ahead(project, today),
        "milestones": Decimal(max(0, *late, 0)) if project.milestones else None,
        "unbilled": _days(project.unbilled_since, today) if project.hours or project.worked else None,
        "late_time": project.approval_days,
        "overdue": _days(project.overdue_since, today) if project.invoices else None,
        "margin": _margin_gap(project),
        "exceptions": project.held / project.value * HUNDRED if project.value > 0 else None,
    }


def burn(project: ProjectFacts) -> Decimal | None:
    """Percent of the budgeted hours that were worked."""
    return project.hours / project.hours_budgeted * HUNDRED if project.hours_budgeted > 0 else None


def progress(project: ProjectFacts, today: date) -> Decimal:
    """Percent done: by the value of completed milestones, or else by the calendar."""
    planned = sum((one.amount.amount for one in project.milestones), Decimal(0))
    if planned > 0:
        done = sum((one.amount.amount for one in project.milestones if one.completed_on), Decimal(0))
        return done / planned * HUNDRED
    return elapsed(project, today)


def elapsed(project: ProjectFacts, today: date) -> Decimal:
    """Percent of the project's time that has passed."""
    length = (project.end_date - project.start_date).days + 1
    return min(HUNDRED, Decimal(max(0, (today - project.start_date).days)) / Decimal(max(1, length)) * HUNDRED)


def cost_burn(project: ProjectFacts) -> Decimal | None:
    """Percent of the planned cost that is spent, where suppliers work: their hours are in no timesheet."""
    if project.external_cost is None or project.cost is None or not project.planned_cost:
        return None
    return project.cost / project.planned_cost * HUNDRED


def _ahead(project: ProjectFacts, today: date) -> Decimal | None:
    burnt = _worse(burn(project), cost_burn(project))
    return None if burnt is None else max(Decimal(0), burnt - progress(project, today))


def _margin_gap(project: ProjectFacts) -> Decimal | None:
    if project.planned_cost is None or project.cost is None or project.value <= 0 or project.worked <= 0:
        return None
    planned = (project.value - project.planned_cost) / project.value * HUNDRED
    return max(Decimal(0), planned - (project.worked - project.cost) / project.worked * HUNDRED)


def _days(since: date | None, today: date) -> Decimal:
    return Decimal(max(0, (today - since).days)) if since else Decimal(0)


def _worse(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    known = [value for value in (one, other) if value is not None]
    return max(known) if known else None


def judged(
    values: Mapping[SignalName, Decimal | None], rules: HealthRules
) -> tuple[Colour, Decimal, tuple[Signal, ...]]:
    """Colour, score and signals. A signal without data counts for nothing and says so; none at all is `unknown`."""
    signals = tuple(_signal(name, values.get(name), rules) for name in SIGNALS if rules.of(name).weight)
    score = sum((one.points * one.weight for one in signals), Decimal(0))
    if all(one.value is None for one in signals):
        return "unknown", score, signals
    colour: Colour = "red" if score >= rules.red_score else "amber" if score >= rules.amber_score else "green"
    return colour, score, signals


def _signal(name: SignalName, value: Decimal | None, rules: HealthRules) -> Signal:
    rule, (fine, with_value, over, missing) = rules.of(name), WORDS[name]
    if value is None:
        return Signal(id=name, value=None, points=0, weight=rule.weight, words=missing)
    points = 2 if value >= rule.red and value > 0 else 1 if value >= rule.amber and value > 0 else 0
    limit = rule.red if points == 2 else rule.amber
    shown = value.quantize(TENTH)
    return Signal(
        id=name,
        value=shown,
        points=points,
        weight=rule.weight,
        words=_said(with_value, shown.normalize()) if shown else fine,
        reason=_said(over, limit.normalize()) if points else None,
    )


def _said(words: str, number: Decimal) -> str:
    return words.format(f"{number:f}").replace(" 1 days ", " 1 day ").replace(" 1 points ", " 1 point ")


def worst(colours: Iterable[Colour]) -> Colour:
    """The colour of a customer: that of its worst engagement; what is unknown makes nothing better or worse."""
    found = set(colours)
    return next((colour for colour in WORST if colour in found), "unknown")
