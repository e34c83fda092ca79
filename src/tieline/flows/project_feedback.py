"""Project feedback: burn, billed, unbilled, collection and margin of a project, back to CRM and PSA."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.flows.invoices import StoredInvoice, invoices_of
from tieline.lane.totals import ProjectTotals, project_totals
from tieline.model.invoice import ProjectFinancials
from tieline.model.money import Money, total
from tieline.model.project import Project
from tieline.store.canonical import put_record, read_project

HUNDRED = Decimal(100)
TENTH = Decimal("0.1")


def project_feedback(run: Run, project_id: str, systems: Systems) -> None:
    """Key: the project's id."""
    project = read_project(run.db, project_id)
    if project is None:
        return run.stand_by("The project is not planned any more")
    crm, psa = systems.crm(project.summary.opportunity_id), systems.psa(project)
    totals, invoices = project_totals(run.db, project_id), invoices_of(run.db, project_id)
    financials = project_financials(project, totals, invoices, run.started_at.date())
    run.keep(financials, lambda db, one: put_record(db, "project_financials", one, engagement_id=project.engagement_id))
    shown = run.link_to("Project shown in CRM", crm.connection, crm.show_project.target, project.id)
    planned = run.link_to("Project in PSA", psa.connection, psa.ensure_project.target, project.id)
    run.ensure("Burn and billing in CRM", crm.show_financials, financials, project=shown)
    run.ensure("Burn and billing in PSA", psa.show_financials, financials, project=planned)
    return None


def project_financials(
    project: Project, totals: ProjectTotals, invoices: Sequence[StoredInvoice], today: date
) -> ProjectFinancials:
    """The picture of a project; drafts are not billed yet."""
    currency = project.currency
    states = [stored.state for stored in invoices if stored.state and stored.state.status not in ("draft", "void")]
    billed = total((state.net for state in states), currency)
    gross = total((state.total for state in states), currency)
    paid = total((state.paid for state in states), currency)
    worked = Money(amount=totals.billable, currency=currency)
    cost = None if totals.cost is None else Money(amount=totals.cost, currency=currency)
    overdue = any(s.due_on and s.due_on < today and s.outstanding.amount > 0 for s in states)
    open_money = gross - paid
    collection = (
        "nothing billed" if not states else "overdue" if overdue else "paid" if open_money.amount == 0 else "current"
    )
    return ProjectFinancials(
        id=project.id,
        contract_value=project.value,
        billed_to_date=billed,
        paid_to_date=paid,
        outstanding=open_money,
        unbilled=worked - billed,
        hours_worked=totals.hours,
        hours_budgeted=project.budget.hours,
        burn_percent=_percent(totals.hours, project.budget.hours),
        cost_to_date=cost,
        margin_percent=_percent((worked - cost).amount, worked.amount) if cost is not None else None,
        collection_status=collection,
    )


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part / whole * HUNDRED).quantize(TENTH) if whole else Decimal(0)
