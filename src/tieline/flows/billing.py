"""Billing: approved, priced transactions become a draft invoice in the ERP, which a person there releases.

The proposal is stored before it is sent, and its transactions are marked as invoiced only when the ERP has confirmed
it. A draft that was posted meanwhile tells by its net amount which proposal it holds. One that would be worth less than
nothing, since corrections to earlier invoices are worth more, is withdrawn: all of it waits for the next invoice, or is
credited at once where the legal entity says so (`credit_memo`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from tieline.billing.invoice_proposal import BillableLine, propose_invoice
from tieline.engine.problem import Problem
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.flows.billing_setup import wait_for_billing_setup
from tieline.flows.credit_memo import book_credit, credit_at_once, credits_at_once
from tieline.flows.derived_billing import settle_derived
from tieline.flows.invoices import (
    StoredInvoice,
    erp_links,
    keep_proposal,
    keep_state,
    next_invoice_id,
    note_withdrawal,
    open_documents,
)
from tieline.flows.version_gate import wait_for_versions
from tieline.lane.adjustment import follow_lines
from tieline.lane.billing_facts import look_on
from tieline.lane.closed_periods import in_closed_period, remember_closed
from tieline.lane.closing import is_closing
from tieline.lane.invoicing import invoiced_lines, mark_invoiced, release_withdrawn, unbilled_lines
from tieline.model.contract import ContractVersion
from tieline.model.invoice import Invoice, InvoiceState
from tieline.model.money import Money
from tieline.model.project import Project
from tieline.sdk.roles import Erp
from tieline.store.canonical import contract_on, newest_contract, read_project


def billing(run: Run, project_id: str, systems: Systems) -> None:
    """Key: the project's id."""
    project = read_project(run.db, project_id)
    contract = newest_contract(run.db, project.contract_id) if project else None
    if project is None or contract is None or systems.is_closed(project.engagement_id):
        return run.stand_by("The project is not planned any more")
    erp, until = systems.erp(project), billable_until(run, project, contract, systems)
    proposed, credit = open_documents(run.db, project_id)
    draft = still_open(run, erp, proposed)
    with run.db.transaction():
        follow_lines(run.db, project, run.today)
    by_calendar = settle_derived(run, project, contract, systems, until)
    _look_again(run, project, until, by_calendar=by_calendar)
    if credit is not None and not book_credit(run, erp, project, credit.proposal):
        return None  # what it holds is on no other document until it is clear whether it is there
    old = invoiced_lines(run.db, draft.id) if draft else []
    new = unbilled_lines(run.db, project_id, until)
    if not new and draft is None:
        return run.stand_by("Nothing is to be billed")
    ends_on = max((line.work_date for line in (*old, *new)), default=until)
    wait_for_versions(run, project, ends_on, systems)
    agreed = contract_on(run.db, contract.id, ends_on) or contract
    invoice = _proposal(run, agreed, project, draft, [*old, *new])
    if invoice is None:
        return run.stand_by("Nothing is to be billed")
    if invoice.net.amount == 0 and draft is None:
        return run.stand_by("What was worked is above a limit or written off; it is shown on the next invoice")
    if invoice.is_credit and credits_at_once(systems.firm, project):
        return credit_at_once(run, erp, project, agreed, new)
    if invoice.is_credit:
        if draft is not None:
            _withdraw(run, erp, project, draft, invoice)
        return run.stand_by(f"Corrections of {invoice.net} wait for the next invoice")
    _send(run, erp, project, contract, invoice, [line.id for line in new])
    return None


def _look_again(run: Run, project: Project, until: date, *, by_calendar: bool) -> None:
    """A month ends, and a fee falls due, whether anything happens or not."""
    today = run.today
    if today > project.end_date or (until == today and not by_calendar):
        return
    soonest = today if by_calendar else min(_end_of_month(today), project.end_date)
    run.in_transaction.append(lambda db: look_on(db, project, soonest + timedelta(days=1)))


def _end_of_month(day: date) -> date:
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return following - timedelta(days=1)


def still_open(run: Run, erp: Erp, draft: StoredInvoice | None) -> StoredInvoice | None:
    """The draft, if finance has not posted it yet; a posted one is settled and the next invoice begins."""
    if draft is None or draft.external_id is None:
        return draft
    state = erp.read_invoice(draft.external_id)
    if state.status == "draft":
        return draft
    _settle_and_tell(run, draft, state)
    return None


def _settle_and_tell(run: Run, draft: StoredInvoice, state: InvoiceState) -> None:
    with run.db.transaction():
        settle(run, draft, state)
        run.wake_at_once("invoice_feedback", draft.id, draft.engagement_id)


def settle(run: Run, stored: StoredInvoice, state: InvoiceState) -> None:
    """Take over what the ERP says; what its net amount proves to be on it is marked as invoiced. In a transaction."""
    keep_state(run.db, stored.id, state)
    if state.status == "void":
        release_withdrawn(run.db, stored.id)
    elif state.net.amount == stored.proposal.net.amount:
        mark_invoiced(run.db, stored.id, _transactions(stored.proposal))


def billable_until(run: Run, project: Project, contract: ContractVersion, systems: Systems) -> date:
    """The last day whose work may be billed now, by the service line's cycle."""
    line = systems.firm.service_line(contract.service_line)
    today = run.today
    as_approved = line is not None and line.billing_cycle == "as_approved"
    if as_approved or today > project.end_date or is_closing(run.db, project.engagement_id):
        return today
    return today.replace(day=1) - timedelta(days=1)


def _proposal(
    run: Run, contract: ContractVersion, project: Project, draft: StoredInvoice | None, lines: Sequence[BillableLine]
) -> Invoice | None:
    if not lines:
        return None
    invoice = propose_invoice(
        contract,
        project,
        lines,
        invoice_id=draft.id if draft else next_invoice_id(run.db, project.id),
        period_start=min(line.work_date for line in lines),
        period_end=max(line.work_date for line in lines),
    )
    later = draft.posts_on if draft else None
    if invoice is None or later is None or later <= invoice.period_end:
        return invoice
    return invoice.model_copy(update={"posts_on": later})


def _send(
    run: Run, erp: Erp, project: Project, contract: ContractVersion, invoice: Invoice, new: Sequence[str]
) -> None:
    links = erp_links(run, erp, project)
    if all(link.known for link in links.values()):
        told = contract_on(run.db, contract.id, run.today) or contract
        wait_for_billing_setup(run, erp, project, told, invoice, links)
        with run.db.transaction():
            keep_proposal(run.db, invoice, erp.connection)
    known = len(run.problems)
    link = run.ensure("Draft invoice in ERP", erp.ensure_invoice, invoice, **links)
    _ask_for_another_date(run, invoice, known)
    if link.known and new:
        run.with_commit(lambda db: mark_invoiced(db, invoice.id, new))
        run.wake("invoice_feedback", invoice.id, invoice.engagement_id)


def _ask_for_another_date(run: Run, invoice: Invoice, known: int) -> None:
    """A draft refused for its date waits with all else of that period, for one decision (flow `closed_period`)."""
    for place, problem in enumerate(run.problems[known:], known):
        if problem.kind == "closed_period" and problem.subject == invoice.id:
            closed = in_closed_period(problem, invoice.dated)
            closed = replace(closed, amount=invoice.net.amount, currency=invoice.currency)
            run.problems[place] = closed
            run.in_transaction.append(partial(remember_closed, problems=[closed]))


def _withdraw(run: Run, erp: Erp, project: Project, draft: StoredInvoice, due: Invoice) -> None:
    """Nobody may release the draft now. Where the ERP keeps it, it is opened again when it is worth something."""
    if draft.external_id is None:
        run.require([_draft_too_high(project, draft, due)])
        return
    with run.db.transaction():
        note_withdrawal(run.db, draft.id)
    known = len(run.problems)
    run.withdraw("Draft invoice in ERP", erp.ensure_invoice, [draft.id])
    if run.problems[known:]:
        run.require([_draft_too_high(project, draft, due)])
    _settle_and_tell(run, draft, erp.read_invoice(draft.external_id))


def _draft_too_high(project: Project, draft: StoredInvoice, due: Invoice) -> Problem:
    """An invoice cannot be negative, so that a draft cannot take in corrections that are worth more than it is."""
    name = (draft.state.number if draft.state else None) or draft.external_id or ""
    corrections = Money(amount=due.net.amount - draft.proposal.net.amount, currency=due.currency)
    return Problem(
        kind="business_rule",
        connection=draft.connection,
        field="draft invoice",
        key=draft.id,
        legal_entity=project.legal_entity,
        message=f"Draft invoice {name} of {project.code} over {draft.proposal.net} must not be released: corrections of"
        f" {corrections} to what was invoiced before came in, and an invoice cannot be negative",
        suggestion="More approved work on the project puts it right by itself; else delete the draft and credit the"
        " customer in the ERP.",
        owner="finance",
        label="Draft invoice in ERP",
        target="invoice",
        subject=draft.id,
        amount=abs(corrections.amount),
        currency=due.currency,
    )


def _transactions(invoice: Invoice) -> list[str]:
    return [transaction for line in invoice.lines for transaction in line.transaction_ids]


def milestone_reopened(project: Project, name: str, amount: str) -> Problem:
    """A milestone that was billed and is open again is finance's and delivery's matter."""
    return Problem(
        kind="business_rule",
        field="milestone",
        key=f"{project.id}:{name}",
        legal_entity=project.legal_entity,
        message=f"Milestone '{name}' of {project.code} is open again, but {amount} was billed for it",
        suggestion="Complete it again, or credit the invoice.",
        owner="delivery",
        label="Milestones agree with invoices",
    )
