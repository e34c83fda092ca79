"""Change orders: approved ones become the contract's next versions, and are asked for where the site's rules say so."""

from collections.abc import Sequence

from tieline.engine.problem import Problem
from tieline.engine.run import Run
from tieline.flows.amendment import SUCCESSOR, apply_change_order, order_problems
from tieline.flows.engagement import amend
from tieline.lane.own_charges import invoiced_milestones
from tieline.model.change_order import ChangeOrder, ChangeOrderLine
from tieline.model.contract import ContractVersion
from tieline.model.firm import Firm
from tieline.model.ids import derived
from tieline.model.opportunity import Opportunity, OpportunityLine
from tieline.store.canonical import changes_of_contract


def take_change_orders(
    run: Run, orders: Sequence[ChangeOrder], contract: ContractVersion, firm: Firm
) -> ContractVersion:
    """Each approved order that is in no version yet adds one; returns the newest. What does not fit waits for sales."""
    versions = changes_of_contract(run.db, contract.id) if orders else {}
    for order in sorted(orders, key=_agreed):
        known = versions.get(order.id)
        if known is not None:
            run.problems += _changed_afterwards(contract, order, known)
        elif order.status == "approved":
            found = order_problems(contract, order, firm) or _invoiced(run, contract, order, firm)
            if found:
                run.problems.append(_unfit(contract, order, "; ".join(found)))
                continue
            draft = apply_change_order(contract, order, firm)
            why = questionable(contract, draft, firm)
            run.approval(
                f"Change order {order.number}",
                draft,
                unless=not why,
                why="; ".join(why),
                worth=max(draft.value - contract.value, contract.value - draft.value),
                legal_entity=draft.legal_entity,
                proposed_by=order.proposed_by,
            )
            amend(run, draft)
            contract = draft
    return contract


def _invoiced(run: Run, contract: ContractVersion, order: ChangeOrder, firm: Firm) -> list[str]:
    """A milestone that is on an invoice is as it was agreed then."""
    after = {item.id: item.amount for item in apply_change_order(contract, order, firm).billing_schedule.items}
    invoiced = invoiced_milestones(run.db, contract.id)
    return [
        f"'{item.name}' is invoiced already; leave it, and add a line for what is more or less"
        for item in contract.billing_schedule.items
        if item.milestone_id in invoiced and after.get(item.id) != item.amount
    ]


def _agreed(order: ChangeOrder) -> tuple[str, str]:
    return (order.approved_at.isoformat() if order.approved_at else "", order.id)


def questionable(contract: ContractVersion, draft: ContractVersion, firm: Firm) -> list[str]:
    """Why a person of the firm must agree to a version, by the rules of its service line."""
    found = [deviation for deviation in draft.deviations if deviation not in contract.deviations]
    template = firm.service_line(contract.service_line)
    limit = template.largest_change.get(contract.currency) if template else None
    difference = draft.value - contract.value
    if limit is not None and abs(difference.amount) > limit:
        found.append(f"it changes the value by {difference}, more than {contract.currency} {limit:,}")
    return found


def order_of_add_on(opportunity: Opportunity, contract: ContractVersion) -> ChangeOrder:
    """An add-on deal as the change order it is: approved when it is won, its lines are added."""
    later = opportunity.end_date if opportunity.end_date and opportunity.end_date > contract.end_date else None
    return ChangeOrder(
        id=derived("change_order", opportunity.id),
        number=opportunity.name,
        kind="scope",
        status="approved" if opportunity.is_committed else "cancelled",
        reason="Add-on deal",
        effective_from=opportunity.start_date or opportunity.close_date,
        proposed_by=opportunity.sales_owner,
        approved_by=opportunity.sales_owner,
        currency=opportunity.currency,
        legal_entity=opportunity.legal_entity,
        customer_id=opportunity.customer_id,
        end_date=later,
        po_number=opportunity.po_number,
        billing_terms=opportunity.billing_terms,
        lines=tuple(_added(line) for line in opportunity.lines),
    )


def _added(line: OpportunityLine) -> ChangeOrderLine:
    return ChangeOrderLine(
        id=line.id,
        action="add",
        workstream=line.workstream,
        description=line.description,
        role=line.role,
        delivering_entity=line.delivering_entity,
        hours=line.quantity if line.role else None,
        rate=line.unit_price if line.role else None,
        amount=None if line.role else line.amount,
        due_on=line.due_on,
    )


def _unfit(contract: ContractVersion, order: ChangeOrder, message: str) -> Problem:
    another = f" Or a deal of its own follows the contract: tieline succeed {contract.engagement_id} --deal DEAL."
    return Problem(
        kind="business_rule",
        field="change order",
        key=order.id,
        legal_entity=contract.legal_entity,
        message=f"Change order '{order.number}' cannot become version {contract.version + 1} of"
        f" '{contract.name}': {message}",
        suggestion="Correct the change order in the CRM; it goes on by itself." + another * (SUCCESSOR in message),
        owner="sales",
        label=f"Change order {order.number}",
        currency=contract.currency,
    )


def _changed_afterwards(contract: ContractVersion, order: ChangeOrder, known: ContractVersion) -> list[Problem]:
    """What was agreed stays agreed: an order that is edited or taken back needs another order."""
    assert known.change is not None
    told = []
    if order.status != "approved":
        told.append("is not approved any more")
    elif _agreement(order, known.change.order) != _agreement(known.change.order, known.change.order):
        told.append("was edited")
    return [
        Problem(
            kind="business_rule",
            field="change order",
            key=f"{order.id}:afterwards",
            legal_entity=contract.legal_entity,
            message=f"Change order '{order.number}' {what} after it became version {known.version} of"
            f" '{contract.name}', which stays in force",
            suggestion="Put it back, and bring a further change order for what is different now.",
            owner="sales",
            label=f"Change order {order.number}",
            amount=abs(known.change.difference.amount),
            currency=contract.currency,
        )
        for what in told
    ]


def _agreement(order: ChangeOrder, then: ChangeOrder) -> tuple[object, ...]:
    """What of an order makes a version; who signed and where it is filed may be completed later."""
    # An add-on deal ends the contract later only until the contract does.
    ends_on = order.end_date or then.end_date
    return (
        order.effective_from,
        order.currency,
        order.payment_terms,
        order.po_number,
        order.billing_terms,
        order.lines,
        ends_on,
    )
