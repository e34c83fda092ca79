"""Derived charges of a contract, brought to their totals before its invoices are proposed."""

from collections.abc import Sequence
from datetime import date, timedelta

from tieline.billing.derived import derived_charges
from tieline.billing.facts import DerivedCharge, Timeline
from tieline.engine.run import Run
from tieline.lane.billing_facts import approved_work, look_on, readings
from tieline.lane.own_charges import settle_charges
from tieline.model.contract import ContractVersion
from tieline.model.project import Project
from tieline.store.canonical import contract_versions, projects_of_contract
from tieline.store.database import Connection


def settle_derived(run: Run, project: Project, contract: ContractVersion, until: date) -> None:
    """Caps, retainers, subscriptions, usage and progress of the contract; other projects it concerns are woken."""
    if contract.version == 1 and contract.billing_terms.is_empty:
        return
    versions = contract_versions(run.db, contract.id)
    if all(version.billing_terms.is_empty for version in versions):
        return
    projects = projects_of_contract(run.db, contract.id)
    today = run.started_at.date()
    with run.db.transaction():
        changed = settle_charges(run.db, projects, wanted_charges(run.db, versions, projects, until, today))
    for other in projects:
        if other.id in changed and other.id != project.id:
            run.wake("billing", other.id, other.engagement_id)
    if today <= contract.end_date:
        run.in_transaction.append(lambda db: look_on(db, project, today + timedelta(days=1)))


def wanted_charges(
    db: Connection, versions: Sequence[ContractVersion], projects: Sequence[Project], until: date, today: date
) -> list[DerivedCharge]:
    """The derived charges of a contract as they must stand now."""
    follows_work = any(version.billing_terms.follows_work for version in versions)
    return derived_charges(
        timeline_of(versions, projects),
        approved_work(db, projects) if follows_work else [],
        readings(db, versions[0].id),
        until=until,
        today=today,
    )


def timeline_of(versions: Sequence[ContractVersion], projects: Sequence[Project]) -> Timeline:
    """The versions, each from its first day; what belongs to no project is the lead entity's."""
    newest = versions[-1]
    lead = next((one for one in projects if one.legal_entity == newest.legal_entity), projects[0])
    return Timeline(tuple((one.effective_from or one.start_date, one) for one in versions), lead.id)
