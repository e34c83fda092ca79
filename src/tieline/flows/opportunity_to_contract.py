"""Opportunity to contract: a won deal becomes version 1 of a contract, its change orders the next ones."""

from collections.abc import Sequence
from dataclasses import replace

from tieline.engine.problem import Problem
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.flows.change_orders import take_change_orders
from tieline.flows.commercial_change import guard_commercial_terms
from tieline.flows.customer_identity import see
from tieline.flows.engagement import activate, engagement_of
from tieline.flows.open_deal import hide_readiness, show_readiness, shows_readiness, wait_for_the_win
from tieline.flows.readiness import Lack, no_customer
from tieline.flows.succession import follow_on
from tieline.flows.terms import draft_contract
from tieline.flows.verdict import verdict
from tieline.model.opportunity import Opportunity
from tieline.store.canonical import contract_of_engagement, put_record, refer
from tieline.store.capacity import keep_open_deal
from tieline.store.database import Connection


def opportunity_to_contract(run: Run, deal: str, systems: Systems) -> None:
    """Key: our id of the opportunity."""
    crm = systems.crm(deal)
    ref = run.known_ref(crm.connection, "opportunity", deal)
    opportunity = run.corrected("opportunity", crm.read_opportunity(ref))
    engagement = engagement_of(run, opportunity, systems.firm)
    contract = contract_of_engagement(run.db, engagement)
    run.keep(opportunity, keep_open_deal)
    if contract is not None:
        own = contract.opportunity_id == opportunity.id and opportunity.is_committed
        orders = crm.read_change_orders(ref) if own else ()
        return guard_commercial_terms(run, opportunity, contract, systems, orders)
    shown = shows_readiness(opportunity, systems.firm)
    if not opportunity.is_committed and not shown:
        hide_readiness(run, crm, ref, opportunity, systems.firm)
        return run.stand_by("The opportunity was lost" if opportunity.is_lost else "The opportunity is not won yet")

    buyer = opportunity.customer_ref
    customer = run.corrected("customer", crm.read_customer(buyer)) if buyer else None
    judged = verdict(opportunity, customer, systems.firm, unusable(run.db, opportunity))
    if shown:
        show_readiness(run, crm, ref, opportunity, judged)
    if not opportunity.is_committed:
        return wait_for_the_win(run, judged)
    run.require(incomplete(opportunity, judged.lacks))
    assert customer is not None
    draft = draft_contract(opportunity, customer, engagement, systems.firm)
    run.approval(
        "Non-standard terms",
        draft,
        unless=draft.is_standard,
        why="; ".join(draft.deviations),
        worth=draft.value,
        legal_entity=draft.legal_entity,
        proposed_by=draft.sales_owner,
    )
    run.with_commit(lambda db: put_record(db, "customer", customer, engagement_id=engagement))
    run.keep(customer, see)
    run.with_commit(lambda db: refer(db, crm.connection, "customer", customer.id, str(opportunity.customer_ref)))
    activate(run, draft, customer.name)
    # One approved before the deal was won changes it at once: nothing would tell of it again.
    take_change_orders(run, crm.read_change_orders(ref), follow_on(run, draft), systems.firm)
    return None


def unusable(db: Connection, opportunity: Opportunity) -> list[Lack]:
    """What the deal itself names that is not there."""
    found = [] if opportunity.customer_ref else [no_customer()]
    parent = opportunity.parent_engagement
    if parent and not db.execute("select from engagement where id = %s", [parent]).fetchall():
        words = f"its parent engagement '{parent}' does not exist"
        found.append(Lack("parent_engagement", words, "Correct it, or leave it empty."))
    return found


def incomplete(opportunity: Opportunity, found: Sequence[Lack]) -> list[Problem]:
    """What sales completes as one exception, and one for each code that is in no list of the firm."""
    missing = "; ".join(lack.message for lack in found if lack.kind != "mapping")
    whole = Problem(
        kind="missing_field",
        field="commercial terms",
        key=opportunity.id,
        legal_entity=opportunity.legal_entity,
        message=f"The won deal '{opportunity.name}' cannot become a contract: {missing}",
        suggestion="Complete the opportunity in the CRM; it goes on by itself.",
        owner="sales",
        label="Commercial terms complete",
        amount=opportunity.amount,
        currency=opportunity.currency,
    )
    codes = {lack.key: lack for lack in found if lack.kind == "mapping"}
    return [whole] * bool(missing) + [
        replace(
            whole,
            kind="mapping",
            field=lack.field,
            key=lack.key,
            legal_entity=None,
            message=lack.message,
            suggestion=lack.suggestion,
        )
        for lack in codes.values()
    ]
