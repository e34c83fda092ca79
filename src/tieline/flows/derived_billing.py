"""Derived charges of a contract, brought to their totals before its invoices are proposed."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from tieline.billing.derived import derived_charges
from tieline.billing.facts import DerivedCharge, Timeline, Work
from tieline.billing.limits import above, cap_words, usage_of
from tieline.engine.approvals import approved_contents
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.lane.billing_facts import approved_work, readings
from tieline.lane.own_charges import settle_charges
from tieline.model.billing_terms import Cap
from tieline.model.contract import ContractVersion
from tieline.model.money import Money
from tieline.model.project import Project
from tieline.store.canonical import contract_versions, projects_of_contract
from tieline.store.database import Connection

FLOW = "billing"


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
                run.wake_at_once(FLOW, other.id, other.engagement_id)
    return True


def wanted_charges(
    db: Connection, timeline: Timeline, work: Sequence[Work], until: date, today: date
) -> list[DerivedCharge]:
    """The derived charges of a contract as they must stand now."""
    found, passed = readings(db, timeline.newest.id), let_pass(db, timeline)
    return derived_charges(timeline, work, found, until=until, today=today, approved=passed)


def timeline_of(versions: Sequence[ContractVersion], projects: Sequence[Project]) -> Timeline:
    """The versions, each from its first day; what belongs to no project is the lead entity's."""
    newest = versions[-1]
    lead = next((one for one in projects if one.legal_entity == newest.legal_entity), projects[0])
    return Timeline(tuple((one.effective_from or one.start_date, one) for one in versions), lead.id)


def let_pass(db: Connection, timeline: Timeline) -> dict[str, Decimal]:
    """Cap -> the value above it that people approved."""
    held = [cap for cap in timeline.newest.billing_terms.caps if cap.above == "held"]
    return {cap.id: _sum(approved_contents(db, FLOW, timeline.lead, _label(cap))) for cap in held}


def _sum(contents: Sequence[Mapping[str, str]]) -> Decimal:
    return sum((Decimal(content["more"]) for content in contents), Decimal(0))


def _label(cap: Cap) -> str:
    return f"Bill what is above limit '{cap.id}', "


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
        earlier = approved_contents(run.db, FLOW, timeline.lead, _label(cap))
        more = above(timeline, cap.id, work, until, _sum(earlier))
        if more:
            worth, words = Money(amount=more, currency=currency), cap_words(cap, currency)
            shown = {"limit": words, "approved before": str(_sum(earlier)), "more": str(more), "currency": currency}
            why = f"{worth} of {project.code} lies above {words}"
            run.ask(f"{_label(cap)}{len(earlier) + 1}", shown, why=why, worth=worth, legal_entity=project.legal_entity)


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
