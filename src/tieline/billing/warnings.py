"""Early warnings: milestones that are late or will be, and months whose invoice is not out in time."""

from collections.abc import Iterator
from datetime import date, timedelta

from tieline.billing.health import burn, elapsed
from tieline.model.outlook import EarlyWarning, EngagementFacts, MilestoneFacts, ProjectFacts, WarningRules


def early_warnings(facts: EngagementFacts, rules: WarningRules, today: date) -> tuple[EarlyWarning, ...]:
    """One for each occasion; its id stays the same as long as the date it is about does."""
    found: list[EarlyWarning] = []
    for project in facts.projects:
        for milestone in project.milestones:
            found += _milestone(project, milestone, rules, today)
        found += _invoice(project, rules, today, monthly=facts.monthly)
    return tuple(found)


def _milestone(
    project: ProjectFacts, milestone: MilestoneFacts, rules: WarningRules, today: date
) -> Iterator[EarlyWarning]:
    if milestone.completed_on is not None:
        return
    if milestone.due_on < today:
        yield EarlyWarning(
            id=f"late:{milestone.id}:{milestone.due_on}",
            project_id=project.id,
            title=f"Milestone '{milestone.name}' of {project.code} is late",
            text=f"It was due on {milestone.due_on} and is not completed; {milestone.amount} cannot be billed.",
            amount=milestone.amount,
        )
        return
    burnt = burn(project)
    if burnt is None or milestone.due_on > today + timedelta(rules.milestone_days):
        return
    behind = elapsed(project, today) - burnt
    if behind > 0 and behind >= rules.behind_points:
        yield EarlyWarning(
            id=f"behind:{milestone.id}:{milestone.due_on}",
            project_id=project.id,
            title=f"Milestone '{milestone.name}' of {project.code} is at risk",
            text=f"It is due on {milestone.due_on}, and work is {behind:.0f} points behind the calendar:"
            f" {burnt:.0f} % of the hours are worked. {milestone.amount} would be billed later.",
            amount=milestone.amount,
        )


def _invoice(project: ProjectFacts, rules: WarningRules, today: date, *, monthly: bool) -> Iterator[EarlyWarning]:
    oldest = min((day for day in (project.unbilled_since, project.draft_of) if day), default=None)
    if oldest is None:
        return
    ends = (oldest.replace(day=1) + timedelta(32)).replace(day=1) - timedelta(1) if monthly else oldest
    if today <= ends + timedelta(rules.invoice_days):
        return
    unbilled = "work of it is on no invoice" if monthly else "it is on no invoice"
    why = "a draft waits for its release" if project.draft_of == oldest else unbilled
    since = f"the end of {ends:%B %Y}" if monthly else "the work"
    yield EarlyWarning(
        id=f"invoice:{project.id}:{ends:%Y-%m}",
        project_id=project.id,
        title=f"{project.code}: {f'{ends:%B %Y}' if monthly else f'work of {ends}'} is not invoiced",
        text=f"More than {rules.invoice_days} days after {since} {why}.",
    )
