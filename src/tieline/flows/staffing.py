"""Staffing: confirmed allocations go to sales as a summary and to finance as a cost forecast."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from tieline.capacity.weeks import spread
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.model.firm import Firm
from tieline.model.money import Money
from tieline.model.project import Project
from tieline.model.staffing import Assignment, CostForecast, StaffingSummary
from tieline.store.canonical import read_project
from tieline.store.capacity import keep_assignments

SIXTY = Decimal(60)


def staffing(run: Run, project_id: str, systems: Systems) -> None:
    """Key: the project's id."""
    project = read_project(run.db, project_id)
    if project is None or systems.is_closed(project.engagement_id):
        return run.stand_by("The project is not planned any more")
    psa, erp, crm = systems.psa(project), systems.erp(project), systems.crm(project.summary.opportunity_id)
    planned = run.link_to("Project in PSA", psa.connection, psa.ensure_project.target, project.id)
    if not planned.external_id:
        return run.stand_by("The project is not in the PSA yet")
    assignments = psa.read_assignments(planned.external_id)
    run.keep(project, lambda db, one: keep_assignments(db, one.id, assignments))
    shown = run.link_to("Project shown in CRM", crm.connection, crm.show_project.target, project.id)
    booked = run.link_to("Project in ERP", erp.connection, erp.ensure_project.target, project.id)
    run.ensure("Staffing shown in CRM", crm.show_staffing, staffing_summary(project, assignments), project=shown)
    run.ensure_each(
        "Cost forecast in ERP",
        erp.ensure_cost_forecast,
        cost_forecasts(project, assignments, systems.firm),
        project=booked,
    )
    if shown.blocks or booked.blocks:  # the project waits for a person; its own flow wakes us when it is everywhere
        return run.stand_by("The project is not in every system yet")
    return None


def staffing_summary(project: Project, assignments: Sequence[Assignment]) -> StaffingSummary:
    """Who is confirmed, for how many of the requested hours."""
    confirmed = [one for one in assignments if one.confirmed]
    requested = sum((request.hours for request in project.demand), Decimal(0))
    hours = sum((Decimal(one.minutes) / SIXTY for one in confirmed), Decimal(0))
    status = "not staffed" if not hours else "staffed" if hours >= requested else "partly staffed"
    return StaffingSummary(
        id=project.id,
        requested_hours=requested,
        confirmed_hours=hours.quantize(Decimal("0.01")),
        people=tuple(sorted({one.person for one in confirmed if one.person})),
        first_start=min((one.start_date for one in confirmed), default=None),
        status=status,
    )


def cost_forecasts(project: Project, assignments: Sequence[Assignment], firm: Firm) -> list[CostForecast]:
    """Planned cost of each confirmed assignment whose person has a cost rate, in the currency of the cost."""
    forecasts = []
    for one in assignments:
        hours = (Decimal(one.minutes) / SIXTY).quantize(Decimal("0.01"))
        cost = assignment_cost(one, hours, firm)
        if one.confirmed and one.person and cost is not None:
            forecasts.append(
                CostForecast(
                    id=one.id,
                    project_id=project.id,
                    person=one.person,
                    role=one.role,
                    start_date=one.start_date,
                    end_date=one.end_date,
                    hours=hours,
                    cost=cost,
                )
            )
    return forecasts


def assignment_cost(one: Assignment, hours: Decimal, firm: Firm) -> Money | None:
    """The cost of its hours, evenly over its weekdays, each at the rate of its day; None when a day has no rate."""
    person = next((each for each in firm.people if each.id == (one.person or "").lower()), None)
    if person is None or one.end_date < one.start_date:
        return None
    changes = [since for since, _ in firm.cost_steps(person) if one.start_date < since <= one.end_date]
    starts = [one.start_date, *sorted(changes)]
    ends = [*(since - timedelta(days=1) for since in sorted(changes)), one.end_date]
    rates = [firm.cost_rate(one.person, since) for since in starts]
    known = [rate for rate in rates if rate is not None]
    if len(known) < len(rates):
        return None
    parts = spread(hours, one.start_date, one.end_date, list(zip(starts, ends, strict=True)))
    worth = sum((rate.amount * part for rate, part in zip(known, parts, strict=True)), Decimal(0))
    return Money(amount=worth, currency=known[0].currency).rounded()
