"""Margin of a project in per cent of its revenue: as planned, to date, and at completion. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from tieline.model.outlook import ProjectFacts

_ZERO, _ONE, _HUNDRED = Decimal(0), Decimal(1), Decimal(100)
_PLACES = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """None: cost or plan is not known, or there is no revenue yet."""

    project_id: str
    code: str
    plan: Decimal | None
    to_date: Decimal | None
    at_completion: Decimal | None


def margins(project: ProjectFacts) -> Margins:
    """What is planned and not worked yet is expected to cost, and to be worth, what was planned.

    With milestones the price is fixed: to date it counts by the hours worked of those planned.
    """
    planned, cost = project.planned_cost, project.cost
    done = min(_ONE, project.hours / project.hours_budgeted) if project.hours_budgeted > 0 else None
    earned = project.worked
    if project.milestones:
        earned = project.value * done if done is not None else _ZERO
    whole = None
    if planned is not None and cost is not None and done is not None:
        revenue = project.value if project.milestones else project.worked + project.value * (_ONE - done)
        whole = _percent(revenue, cost + planned * (_ONE - done))
    return Margins(
        project_id=project.id,
        code=project.code,
        plan=_percent(project.value, planned),
        to_date=_percent(earned, cost),
        at_completion=whole,
    )


def _percent(revenue: Decimal, cost: Decimal | None) -> Decimal | None:
    return ((revenue - cost) / revenue * _HUNDRED).quantize(_PLACES) if cost is not None and revenue > 0 else None
