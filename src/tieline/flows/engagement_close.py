"""Engagement close: after the last invoice time entry and project are closed, and sales sees how it turned out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from tieline.billing.closing import Remainder, obstacles, retainer_remainder
from tieline.billing.facts import timeline_of
from tieline.engine.problem import Problem
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.engine.step import MISSING
from tieline.flows.credit_memo import credits_at_once
from tieline.flows.invoices import invoices_of
from tieline.flows.project_feedback import project_financials
from tieline.flows.succession import carry, hand_over
from tieline.lane.billing_facts import approved_work
from tieline.lane.closing import Closing, closing_facts, finish, last_work, read_closing
from tieline.lane.totals import project_totals
from tieline.model.change_order import ChangeOrder
from tieline.model.closing import ProjectOutcome
from tieline.model.contract import ContractVersion
from tieline.model.project import Project
from tieline.model.succession import Carried
from tieline.store.canonical import contract_of_engagement, contract_versions, projects_of_contract
from tieline.store.database import Connection
from tieline.store.succession import succession_after

CREDIT = "Credit the customer before the close"
OPEN = ("draft", "proposed")


def engagement_close(run: Run, engagement_id: str, systems: Systems) -> None:
    """Key: the engagement's id. Once it is closed, a further run finds nothing to write."""
    closing = read_closing(run.db, engagement_id)
    contract = contract_of_engagement(run.db, engagement_id)
    if closing is None or closing.state == "withdrawn" or contract is None:
        return run.stand_by("Nobody asked to close it")
    projects = projects_of_contract(run.db, contract.id)
    follows = succession_after(run.db, engagement_id)
    carried = None
    if closing.state == "asked":
        _require_nothing_open(run, closing, contract, projects, systems)
        left = remainder_of(run.db, contract, projects, run.today)
        carried = hand_over(run, contract, follows, left, systems.firm, run.today)
        _settle_credits(run, contract, left, carried)
    began = len(run.steps)
    for project in projects:
        _close(run, closing, project, systems)
    missing = [step for step in run.steps[began:] if step.what in MISSING]
    if closing.state == "asked" and not missing and not run.problems:
        run.with_commit(lambda db: finish(db, closing, {"projects": len(projects)}))
        run.note("Engagement closed", closing.reason or f"asked for by {closing.asked_by}")
        if follows is not None and carried is not None:
            carry(run, follows, carried)
    return None


def _require_nothing_open(
    run: Run, closing: Closing, contract: ContractVersion, projects: Sequence[Project], systems: Systems
) -> None:
    """All that stands in the way as one exception; the run ends when there is anything."""
    crm = systems.crm(contract.opportunity_id)
    ref = run.ref(crm.connection, "opportunity", contract.opportunity_id)
    orders: Sequence[ChangeOrder] = crm.read_change_orders(ref) if ref is not None else ()
    facts = replace(
        closing_facts(run.db, closing.engagement_id),
        change_orders=tuple(order.number for order in orders if order.status in OPEN),
    )
    found = [*obstacles(facts), *_successor_is_missing(run, closing.engagement_id)]
    if projects and all(credits_at_once(systems.firm, project) for project in projects):
        found += [f"{-one} of corrections is on no credit memo" for one in facts.corrections]
    if not found:
        return
    run.look_again_on(run.today + timedelta(days=1))
    unbilled = next((one for one in facts.unbilled if one.amount > 0), None)
    status, call_off = closing.status_of, "Or call it off: tieline close --reopen."
    of_delivery = status or facts.waiting_lines or facts.change_orders
    problem = Problem(
        kind="business_rule",
        field="closing",
        key=closing.engagement_id,
        legal_entity=contract.legal_entity,
        message=f"'{contract.name}' cannot be closed yet{f', though {closing.reason}' if status else ''}:"
        f" {'; '.join(found)}",
        suggestion=f"Clear these; the close goes on by itself. {'Or set its status back.' if status else call_off}",
        owner="delivery" if of_delivery else "finance",
        label="Nothing is open",
        amount=unbilled.amount if unbilled else None,
        currency=unbilled.currency if unbilled else None,
    )
    run.require([problem])


def _successor_is_missing(run: Run, engagement_id: str) -> list[str]:
    follows = succession_after(run.db, engagement_id)
    if follows is None or contract_of_engagement(run.db, follows.successor_id) is not None:
        return []
    return ["the deal that follows it is not a contract yet"]


def _settle_credits(run: Run, contract: ContractVersion, left: Remainder | None, carried: Carried | None) -> None:
    """No further invoice will take these: finance credits them in the ERP and says so."""
    corrections = closing_facts(run.db, contract.engagement_id).corrections
    if left is not None and left.is_forfeited:
        run.note("Retainer", f"{left.value} was not used and is forfeited, as the contract says")
    goes_over = carried is not None and carried.top_up is not None
    refund = None if left is None or left.is_forfeited or goes_over else left.value
    owed = [*(-one for one in corrections), *([refund] if refund else [])]
    if not owed:
        return
    shown = {
        "contract": contract.name,
        "corrections": [str(-one) for one in corrections],
        "unused_retainer": str(refund) if refund else None,
    }
    words = " and ".join(map(str, owed))
    run.approval(
        CREDIT,
        shown,
        unless=False,
        why=f"{words} of '{contract.name}' can be on no further invoice: credit it in the ERP, then approve",
        worth=owed[0] if len(owed) == 1 else None,
        legal_entity=contract.legal_entity,
    )


def remainder_of(
    db: Connection, contract: ContractVersion, projects: Sequence[Project], today: date
) -> Remainder | None:
    """What is left of the contract's retainer today."""
    if not projects or contract.billing_terms.retainer is None:
        return None
    timeline = timeline_of(contract_versions(db, contract.id), projects)
    return retainer_remainder(timeline, approved_work(db, projects), today)


def _close(run: Run, closing: Closing, project: Project, systems: Systems) -> None:
    crm, psa, erp = systems.crm(project.summary.opportunity_id), systems.psa(project), systems.erp(project)
    run.withdraw("Time entry closed in PSA", psa.ensure_project, [project.id])
    run.withdraw("Project closed in ERP", erp.ensure_project, [project.id])
    shown = run.link_to("Project shown in CRM", crm.connection, crm.show_project.target, project.id)
    run.ensure("Outcome in CRM", crm.show_outcome, outcome_of(run.db, closing, project), project=shown)


def outcome_of(db: Connection, closing: Closing, project: Project) -> ProjectOutcome:
    """How a project turned out, the same on every look unless its books change."""
    totals, last = project_totals(db, project.id), last_work(db, project.id)
    day = closing.asked_at.date()
    figures = project_financials(project, totals, invoices_of(db, project.id), day)
    return ProjectOutcome(
        id=project.id,
        closed_on=day,
        delivered_value=figures.billed_to_date,
        hours_delivered=totals.hours,
        hours_budgeted=project.budget.hours,
        last_work_on=last,
        on_time=last is None or last <= project.end_date,
        margin_percent=figures.margin_percent,
    )
