"""Derived charges of a contract, brought to their totals before its invoices are proposed."""

from collections.abc import Sequence
from datetime import date, timedelta

from tieline.billing.derived import derived_charges
from tieline.billing.facts import Timeline
from tieline.engine.run import Run
from tieline.lane.billing_facts import approved_work, look_on, readings
from tieline.lane.own_charges import settle_charges
from tieline.model.contract import ContractVersion
from tieline.model.project import Project
from tieline.store.canonical import contract_versions, projects_of_contract


def settle_derived(run: Run, project: Project, contract: ContractVersion, until: date) -> None:
    """Caps, retainers, subscriptions, usage and progress of the contract; other projects it concerns are woken."""
    if contract.version == 1 and contract.billing_terms.is_empty:
        return
    versions = contract_versions(run.db, contract.id)
    agreed = [version.billing_terms for version in versions]
    if all(terms.is_empty for terms in agreed):
        return
    projects = projects_of_contract(run.db, contract.id)
    today = run.started_at.date()
    charges = derived_charges(
        timeline_of(versions, projects),
        approved_work(run.db, projects) if any(terms.follows_work for terms in agreed) else [],
        readings(run.db, contract.id),
        until=until,
        today=today,
    )
    own = {one.id for one in projects}
    with run.db.transaction():
        changed = settle_charges(run.db, projects, [one for one in charges if one.project_id in own])
    for other in projects:
        if other.id in changed and other.id != project.id:
            run.wake("billing", other.id, other.engagement_id)
    if today <= contract.end_date:
        run.in_transaction.append(lambda db: look_on(db, project, today + timedelta(days=1)))


def timeline_of(versions: Sequence[ContractVersion], projects: Sequence[Project]) -> Timeline:
    """The versions, each from its first day; what belongs to no project is the lead entity's."""
    newest = versions[-1]
    lead = next((one for one in projects if one.legal_entity == newest.legal_entity), projects[0])
    return Timeline(tuple((one.effective_from or one.start_date, one) for one in versions), lead.id)
