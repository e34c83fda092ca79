"""Derived charges of a contract, brought to their totals before its invoices are proposed."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tieline.billing.derived import derived_charges
from tieline.billing.facts import DerivedCharge, Timeline, Work, timeline_of
from tieline.billing.limits import above, cap_words, usage_of
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.lane.billing_facts import approved_above, approved_work, let_pass, limit_label, readings
from tieline.lane.own_charges import settle_charges
from tieline.model.contract import ContractVersion
from tieline.model.money import Money
from tieline.model.project import Project
from tieline.store.canonical import contract_versions, projects_of_contract
from tieline.store.database import Connection


def settle_derived(run: Run, project: Project, contract: ContractVersion, systems: Systems, until: date) -> bool:
    """Caps, retainers, subscriptions, usage and progress of the contract; other projects it concerns are woken.

    Returns whether anything of the kind is agreed.
    """
    if contract.version == 1 and contract.billing_terms.is_empty:
        return False
    versions = contract_versions(run.db, contract.id)
    if all(version.billing_terms.is_empty for version in versions):
        return False
    projects = projects_of_contract(run.db, contract.id)
    timeline, today = timeline_of(versions, projects), run.today
    work = work_of(run.db, versions, projects)
    if project.id == timeline.lead:
        _ask_for_what_is_held(run, project, timeline, work, until)
        _warn(run, project, timeline, work, systems, today)
    with run.db.transaction():
        changed = settle_charges(run.db, projects, wanted_charges(run.db, timeline, work, until, today))
        for other in projects:
            if other.id in changed and other.id != project.id:
                run.wake_at_once("billing", other.id, other.engagement_id)
    return True


def wanted_charges(
    db: Connection, timeline: Timeline, work: Sequence[Work], until: date, today: date
) -> list[DerivedCharge]:
    """The derived charges of a contract as they must stand now."""
    found, passed = readings(db, timeline.newest.id), let_pass(db, timeline)
    return derived_charges(timeline, work, found, until=until, today=today, approved=passed)


def work_of(db: Connection, versions: Sequence[ContractVersion], projects: Sequence[Project]) -> list[Work]:
    """Time and expenses of a contract, where charges depend on them."""
    follows_work = any(version.billing_terms.follows_work for version in versions)
    return approved_work(db, projects) if follows_work else []


def _ask_for_what_is_held(run: Run, project: Project, timeline: Timeline, work: Sequence[Work], until: date) -> None:
    """Each further amount above a limit is a question of its own; what was approved stays approved."""
    currency = timeline.newest.currency
    for cap in timeline.newest.billing_terms.caps:
        if cap.above != "held":
            continue
        earlier = approved_above(run.db, timeline, cap)
        before = sum(earlier, Decimal(0))
        more = above(timeline, cap.id, work, until, before)
        if more:
            worth, words = Money(amount=more, currency=currency), cap_words(cap, currency)
            shown = {"limit": words, "approved before": str(before), "more": str(more), "currency": currency}
            why = f"{worth} of {project.code} lies above {words}"
            run.ask(
                f"{limit_label(cap)}{len(earlier) + 1}", shown, why=why, worth=worth, legal_entity=project.legal_entity
            )


def _warn(run: Run, project: Project, timeline: Timeline, work: Sequence[Work], systems: Systems, today: date) -> None:
    """The leads of delivery are told once of each level of a limit that is reached."""
    psa, currency = systems.psa(project), timeline.newest.currency
    for cap in timeline.newest.billing_terms.caps:
        used = usage_of(cap, work, today)
        reached = [level for level in cap.warn_at if used >= level]
        if not reached:
            continue
        words = cap_words(cap, currency)
        run.notify(
            "Limit is near",
            psa.notify,
            occasion=f"limit:{project.id}:{cap.id}:{words}:{max(reached).normalize():f}",
            text=f"{project.code} {project.name}: {used:.0%} of {words} is used",
            to=project.delivery_leads,
            project=run.link_to("Project in PSA", psa.connection, psa.ensure_project.target, project.id),
        )
