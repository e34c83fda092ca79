"""Chances to renew or to sell more: what consumption, dates, milestones and hours say, each occasion named once."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from tieline.billing.health import HUNDRED, burn
from tieline.model.money import Money, total
from tieline.model.outlook import Chance, Colour, EngagementFacts, FollowUp, ProjectFacts, RenewalRules

LEAST_HOURS = Decimal(20)
"""Fewer hours in four weeks make no trend."""
TIME_TO_ACT = timedelta(14)


def chances(facts: EngagementFacts, rules: RenewalRules, today: date) -> tuple[Chance, ...]:
    """One for each occasion; its id stays the same while what it is about does: the end, the volume, the quarter."""
    return tuple(_chances(facts, rules, today))


def _chances(facts: EngagementFacts, rules: RenewalRules, today: date) -> Iterator[Chance]:
    base = f"{facts.contract_id}:{facts.end_date}"
    if today >= facts.end_date - timedelta(rules.days_before_end):
        ends = "ended" if facts.end_date < today else "ends"
        yield Chance(
            id=f"{base}:end", kind="renewal", title="The contract is ending", reason=f"It {ends} on {facts.end_date}"
        )
    for project in facts.projects:
        if (share := consumed(project)) is not None and share >= rules.consumed_share * HUNDRED:
            limit = f"{rules.consumed_share * HUNDRED:.0f}"
            volume = f"{project.value.normalize():f}/{project.hours_budgeted.normalize():f}"
            yield Chance(
                id=f"{facts.contract_id}:{project.id}:consumed:{volume}",
                kind="expansion",
                title="The contract is nearly consumed",
                reason=f"{project.code} has used {limit} % or more of its hours or value",
            )
        if rules.last_milestone and project.milestones and all(one.completed_on for one in project.milestones):
            last = max(project.milestones, key=lambda one: (one.due_on, one.id))
            yield Chance(
                id=f"{facts.contract_id}:{project.id}:delivered:{last.id}",
                kind="renewal",
                title="Everything is delivered",
                reason=f"The last milestone of {project.code}, '{last.name}', is completed",
            )
        if _grows(project, rules):
            quarter = f"{today.year}Q{(today.month + 2) // 3}"
            yield Chance(
                id=f"{facts.contract_id}:{project.id}:growth:{quarter}",
                kind="expansion",
                title="More and more hours are worked",
                reason=f"{project.code} took {rules.growth_share * HUNDRED:.0f} % or more hours than four weeks before",
            )


def consumed(project: ProjectFacts) -> Decimal | None:
    """Percent of the hours or of the value that is used up, whichever is more."""
    by_value = project.worked / project.value * HUNDRED if project.value > 0 else None
    known = [share for share in (burn(project), by_value) if share is not None]
    return max(known) if known else None


def _grows(project: ProjectFacts, rules: RenewalRules) -> bool:
    before = project.hours_before
    return before >= LEAST_HOURS and project.hours_recent >= before * (1 + rules.growth_share)


def outcomes(facts: EngagementFacts, colour: Colour) -> str:
    """What was delivered so far, on time or not, for how many hours and how much, and how it does."""
    lines = []
    for project in facts.projects:
        parts = [f"{project.code}: {project.hours:,.0f} of {project.hours_budgeted:,.0f} hours worked"]
        parts.append(f"{Money(amount=project.billed, currency=project.currency)} billed")
        if project.milestones:
            done = [one for one in project.milestones if one.completed_on]
            in_time = sum(one.completed_on <= one.due_on for one in done if one.completed_on)
            names = ", ".join(one.name for one in done) or "none"
            parts.append(f"{len(done)} of {len(project.milestones)} milestones delivered ({names}), {in_time} in time")
        lines.append("; ".join(parts) + ".")
    return "\n".join([*lines, f"Health: {colour}."])


def follow_up(
    chance: Chance, facts: EngagementFacts, text: str, refs: tuple[str, str], today: date, *, as_deal: bool
) -> FollowUp:
    """What sales gets: of a deal one for each term and kind, however many reasons there are. `refs`: customer, deal."""
    currencies = {project.currency for project in facts.projects}
    worth = None
    if len(currencies) == 1:
        (currency,) = currencies
        worth = total((Money(amount=one.value, currency=currency) for one in facts.projects), currency)
    return FollowUp(
        id=f"{facts.contract_id}:{facts.end_date}:{chance.kind}" if as_deal else chance.id,
        kind=chance.kind,
        name=f"{chance.kind.capitalize()}: {facts.name}" if as_deal else f"{chance.title}: {facts.name}",
        text=f"{chance.reason}.\n\nDelivered so far:\n{text}",
        due_on=max(facts.end_date, today + TIME_TO_ACT) if as_deal else today + TIME_TO_ACT,
        amount=worth if as_deal and chance.kind == "renewal" else None,
        customer_ref=refs[0],
        opportunity_ref=refs[1],
    )
