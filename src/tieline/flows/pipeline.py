"""The work an open deal would bring: roles and hours of its lines and packages, from its expected close on. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from tieline.capacity.demand import NO_ROLE, Work
from tieline.capacity.plan import entity_region
from tieline.flows.packages import package_of, phase_dates, work_of
from tieline.model.firm import Firm
from tieline.model.opportunity import Opportunity, OpportunityLine

ZERO, ONE = Decimal(0), Decimal(1)
USUAL_LENGTH = timedelta(days=90)
"""Of a deal that does not say when it ends."""


def pipeline_work(deal: Opportunity, firm: Firm, today: date) -> list[Work]:
    """What the deal wants if it is won; nothing when it tells no probability, or no work."""
    if deal.probability is None:
        return []
    planned = deal.model_copy(update=dates_after_close(deal, today))
    return [one for line in deal.lines for one in _of_line(planned, line, firm)]


def dates_after_close(deal: Opportunity, today: date) -> dict[str, date]:
    """Start and end of the work: as the deal says, but not before it can be won; a later start keeps the length."""
    close = max(deal.close_date or today, today)
    start = max(deal.start_date or close, close)
    if deal.start_date and deal.end_date and deal.end_date >= deal.start_date:
        return {"start_date": start, "end_date": start + (deal.end_date - deal.start_date)}
    return {"start_date": start, "end_date": max(deal.end_date or start + USUAL_LENGTH, start)}


def _of_line(deal: Opportunity, line: OpportunityLine, firm: Firm) -> Sequence[Work]:
    assert deal.start_date is not None
    assert deal.end_date is not None
    assert deal.probability is not None
    whole = Work(
        kind="pipeline",
        source=deal.id,
        name=deal.name,
        role=line.role or NO_ROLE,
        region=entity_region(line.delivering_entity or deal.legal_entity, firm),
        start=deal.start_date,
        end=deal.end_date,
        hours=line.quantity,
        probability=min(max(deal.probability, ZERO), ONE),
    )
    if line.quantity <= 0:
        return []
    package = package_of(line, deal, firm)
    if line.role or package is None:
        return [whole] if line.role else []
    parts = [(task.role, hours, phase_dates(deal, phase)) for phase, task, hours in work_of(package, line.quantity)]
    return [
        replace(whole, role=role, hours=hours, start=dates["start_date"], end=dates["end_date"])
        for role, hours, dates in parts
    ]
