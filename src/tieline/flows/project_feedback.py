"""Project feedback: burn, billed, unbilled, collection and margin of a project, back to CRM and PSA."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from tieline.billing.collection import promise_broken, standing
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.flows.invoices import StoredInvoice, invoices_of
from tieline.lane.closing import FLOW as CLOSE
from tieline.lane.closing import is_closing
from tieline.lane.totals import ProjectTotals, project_totals
from tieline.model.collection import CollectionRules, Standing
from tieline.model.invoice import InvoiceState, ProjectFinancials
from tieline.model.money import Money, total
from tieline.model.project import Project
from tieline.store.canonical import put_record, read_project
from tieline.store.invoice_actions import actions_of

HUNDRED = Decimal(100)
TENTH = Decimal("0.1")


def project_feedback(run: Run, project_id: str, systems: Systems) -> None:
    """Key: the project's id."""
    project = read_project(run.db, project_id)
    if project is None:
        return run.stand_by("The project is not planned any more")
    crm, psa = systems.crm(project.summary.opportunity_id), systems.psa(project)
    totals, invoices = project_totals(run.db, project_id), invoices_of(run.db, project_id)
    actions = actions_of(run.db, [stored.id for stored in invoices])
    standings = {stored.id: standing(stored.id, actions.get(stored.id, ()), stored.state) for stored in invoices}
    rules = systems.firm.collections
    financials = project_financials(project, totals, invoices, run.today, standings, rules)
    run.keep(financials, lambda db, one: put_record(db, "project_financials", one, engagement_id=project.engagement_id))
    shown = run.link_to("Project shown in CRM", crm.connection, crm.show_project.target, project.id)
    planned = run.link_to("Project in PSA", psa.connection, psa.ensure_project.target, project.id)
    run.ensure("Burn and billing in CRM", crm.show_financials, financials, project=shown)
    run.ensure("Burn and billing in PSA", psa.show_financials, financials, project=planned)
    if is_closing(run.db, project.engagement_id):  # what stood in its way may be gone
        run.wake(CLOSE, project.engagement_id, project.engagement_id)
    return None


def project_financials(
    project: Project,
    totals: ProjectTotals,
    invoices: Sequence[StoredInvoice],
    today: date,
    standings: Mapping[str, Standing] | None = None,
    rules: CollectionRules | None = None,
) -> ProjectFinancials:
    """The picture of a project; drafts are not billed yet. `standings`: what people did about its invoices."""
    currency, known = project.currency, standings or {}
    issued = [(one.state, known.get(one.id)) for one in invoices if one.state and _is_issued(one.state)]
    states = [state for state, _ in issued]
    billed = total((state.net for state in states), currency)
    gross = total((state.total for state in states), currency)
    paid = total((state.paid for state in states), currency)
    worked = Money(amount=totals.billable, currency=currency)
    cost = None if totals.cost is None else Money(amount=totals.cost, currency=currency)
    external = None if totals.external is None else Money(amount=totals.external, currency=currency)
    open_money = gross - paid
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
        external_cost=external,
        margin_percent=_percent((worked - cost).amount, worked.amount) if cost is not None else None,
        collection_status=_collection(issued, open_money, today, rules or CollectionRules()),
    )


def _is_issued(state: InvoiceState) -> bool:
    return state.status not in ("draft", "void")


def _collection(
    invoices: Sequence[tuple[InvoiceState, Standing | None]], left: Money, today: date, rules: CollectionRules
) -> str:
    """The collection of a project in one word; the worst invoice decides."""
    if not invoices:
        return "nothing billed"
    unpaid = [(state, found) for state, found in invoices if state.outstanding.amount > 0]
    if any(found and found.dispute for _, found in unpaid):
        return "disputed"
    late = [found for state, found in unpaid if state.due_on and state.due_on < today]
    if late:
        kept = all(found and found.promised_on and not promise_broken(found, rules, today) for found in late)
        return "promised" if kept else "overdue"
    return "paid" if left.amount == 0 else "current"


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part / whole * HUNDRED).quantize(TENTH) if whole else Decimal(0)
