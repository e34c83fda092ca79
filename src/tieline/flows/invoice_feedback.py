"""Invoice feedback: what the ERP says of an invoice, and what people did about it, goes to the engagement and sales."""

from tieline.billing.collection import shown_collection, standing
from tieline.engine.audit import audit
from tieline.engine.link import Link
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.flows.billing import settle
from tieline.flows.invoices import StoredInvoice, applied, keep_payments, payments_of, read_stored
from tieline.model.invoice import InvoiceState, InvoiceSummary
from tieline.sdk.roles import Crm, Erp
from tieline.store.canonical import read_project
from tieline.store.invoice_actions import actions_of


def invoice_feedback(run: Run, invoice_id: str, systems: Systems) -> None:
    """Key: our id of the invoice."""
    stored = read_stored(run.db, invoice_id)
    project = read_project(run.db, stored.project_id) if stored else None
    if stored is None or project is None or stored.external_id is None:
        return run.stand_by("The invoice is not in the ERP yet")
    erp, crm = systems.erp(project), systems.crm(project.summary.opportunity_id)
    credit = stored.proposal.is_credit
    state = erp.read_invoice(stored.external_id, credit=credit)
    if stored.state != state:
        _take_over(run, stored, state)
    if not credit:  # what a memo is applied to is no payment of it
        _payments(run, erp, stored, state)
    shown = run.link_to("Project shown in CRM", crm.connection, crm.show_project.target, project.id)
    invoice = run.ensure("Invoice shown in CRM", crm.show_invoice, invoice_summary(stored, state), project=shown)
    _collection(run, systems, crm, stored, state, invoice)
    return None


def _collection(
    run: Run, systems: Systems, crm: Crm, stored: StoredInvoice, state: InvoiceState, invoice: Link
) -> None:
    """Dispute, reminders and promise; an invoice nobody had to collect has none."""
    actions = actions_of(run.db, [stored.id]).get(stored.id, [])
    if actions or state.dispute or state.dunning_level:
        found = standing(stored.id, actions, state)
        shown = shown_collection(found, state, systems.firm.collections, run.today)
        run.ensure("Collection shown in CRM", crm.show_collection, shown, after=invoice)


def _payments(run: Run, erp: Erp, stored: StoredInvoice, state: InvoiceState) -> None:
    """Which payments make up what is paid; asked for when those we know do not."""
    known = payments_of(run.db, stored)
    if sum(payment.amount.amount for payment in known) == state.paid.amount:
        return
    told = applied(stored, erp.read_payments(state.external_id))
    if told != known:
        run.with_commit(lambda db: keep_payments(db, stored, told))


def _take_over(run: Run, stored: StoredInvoice, state: InvoiceState) -> None:
    """With whom it concerns, in one commit: the next run would find nothing new."""
    with run.db.transaction():
        settle(run, stored, state)
        if stored.state is None or stored.state.status != state.status or stored.state.paid != state.paid:
            _tell(run, stored, state)
        for flow in ("project_feedback", "billing"):
            run.wake_at_once(flow, stored.project_id, stored.engagement_id)


def _tell(run: Run, stored: StoredInvoice, state: InvoiceState) -> None:
    what = "Credit memo" if stored.proposal.is_credit else "Invoice"
    label = f"{what} {state.number or stored.external_id} {state.status.replace('_', ' ')}"
    still = f"{state.outstanding} still to be paid" if state.outstanding.amount else None
    audit(
        run.db,
        "invoice.changed",
        engagement=stored.engagement_id,
        object_=f"{stored.connection}:invoice:{stored.id}",
        detail={"label": label, "external_id": stored.external_id, "value": still},
    )
    run.changed = True


def invoice_summary(stored: StoredInvoice, state: InvoiceState) -> InvoiceSummary:
    """The invoice as sales sees it."""
    return InvoiceSummary(
        id=stored.id,
        project_id=stored.project_id,
        number=state.number,
        status=state.status,
        issued_on=state.issued_on,
        due_on=state.due_on,
        net=state.net,
        total=state.total,
        outstanding=state.outstanding,
    )
