"""Credit memo: corrections of what was invoiced that are worth more than what is unbilled, credited at once.

Only where the legal entity says so; else they wait for the next invoice. A memo is booked once a person has agreed to
it, or to the same net amount as credit and rebill, and never changed: what differs later is a line of its own.
"""

from collections.abc import Sequence
from decimal import Decimal

from tieline.billing.invoice_proposal import BillableLine, propose_invoice
from tieline.engine.approvals import approved_contents
from tieline.engine.run import Run
from tieline.flows import repricing
from tieline.flows.invoices import erp_links, invoices_of, keep_proposal, next_invoice_id
from tieline.lane import repricing as lane_repricing
from tieline.lane.invoicing import mark_invoiced
from tieline.model.contract import ContractVersion
from tieline.model.firm import Firm
from tieline.model.invoice import Invoice
from tieline.model.project import Project
from tieline.sdk.roles import Erp

LABEL = "Credit memo"


def credits_at_once(firm: Firm, project: Project) -> bool:
    """Whether the legal entity writes credit memos."""
    entity = firm.legal_entity(project.legal_entity)
    return entity is not None and entity.credits == "memo"


def credit_at_once(
    run: Run, erp: Erp, project: Project, contract: ContractVersion, lines: Sequence[BillableLine]
) -> None:
    """A memo of all that is on no document; a draft stays as it is, since it is worth something."""
    memo = propose_invoice(
        contract,
        project,
        lines,
        invoice_id=next_invoice_id(run.db, project.id),
        period_start=min(line.work_date for line in lines),
        period_end=max(line.work_date for line in lines),
    )
    assert memo is not None
    shown = {
        "invoice": memo.id,
        "project": project.code,
        "net": str(memo.net),
        "lines": [f"{line.description}: {line.amount:,f}" for line in memo.lines],
    }
    if run.declined(LABEL, shown):
        return run.stand_by(f"Corrections of {memo.net} wait for the next invoice: a credit memo was declined")
    run.approval(
        LABEL,
        shown,
        unless=_agreed(run, contract, project, memo),
        why=f"{-memo.net} of {project.code} are credited to the customer, for corrections of what was invoiced",
        worth=-memo.net,
        legal_entity=project.legal_entity,
    )
    book_credit(run, erp, project, memo)
    return None


def _agreed(run: Run, contract: ContractVersion, project: Project, memo: Invoice) -> bool:
    """Whether people have seen this net amount already, as credit and rebill; each agreement is good for one memo."""
    contents = approved_contents(run.db, lane_repricing.FLOW, contract.id, repricing.LABEL)
    agreed = [Decimal(content["net"]) for content in contents].count(memo.net.amount)
    booked = [stored.proposal.net.amount for stored in invoices_of(run.db, project.id)].count(memo.net.amount)
    return agreed > booked


def book_credit(run: Run, erp: Erp, project: Project, memo: Invoice) -> bool:
    """Send it, or find out what became of it; whether it is there."""
    links = erp_links(run, erp, project)
    if all(link.known for link in links.values()):
        with run.db.transaction():
            keep_proposal(run.db, memo, erp.connection)
    link = run.post("Credit memo in ERP", erp.ensure_credit_memo, memo, **links)
    if not link.known:
        return False
    with run.db.transaction():
        mark_invoiced(run.db, memo.id, [one for line in memo.lines for one in line.transaction_ids])
    run.wake("invoice_feedback", memo.id, memo.engagement_id)
    return True
