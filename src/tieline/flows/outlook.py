"""Outlook: health, early warnings and chances of an engagement go to sales and delivery, each occasion once."""

from collections.abc import Sequence

from tieline.billing.health import worst
from tieline.billing.renewal import follow_up
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.model.outlook import FollowUp, HealthSummary, Outlook
from tieline.model.project import Project
from tieline.sdk.roles import Crm
from tieline.store.canonical import contract_of_engagement, projects_of_contract
from tieline.store.engagement_facts import read_facts
from tieline.store.outlooks import outlooks_of_customer, read_outlook


def outlook(run: Run, engagement_id: str, systems: Systems) -> None:
    """Key: the engagement's id."""
    found, projects = read_outlook(run.db, engagement_id), _projects(run, engagement_id)
    if found is None or not projects or systems.is_closed(engagement_id):
        return run.stand_by("Nothing is known of the engagement yet")
    crm = systems.crm(projects[0].summary.opportunity_id)
    if systems.firm.health.show_in_crm:
        run.ensure("Health shown in CRM", crm.show_health, engagement_health(found, projects[0]))
    if systems.firm.early_warning.post_in_psa:
        _warn(run, systems, found, projects)
    if systems.firm.renewal.creates != "nothing" and found.chances:
        _follow_up(run, systems, crm, found, projects[0])
    return None


def customer_health(run: Run, customer_id: str, systems: Systems) -> None:
    """Key: the customer's id."""
    found = outlooks_of_customer(run.db, customer_id)
    projects = [project for one in found for project in _projects(run, one.id)]
    if not projects:
        return run.stand_by("The customer has no engagement that was looked at")
    crm = systems.crm(projects[0].summary.opportunity_id)
    run.ensure("Customer's health shown in CRM", crm.show_health, summed_health(found, projects[0]))
    return None


def _projects(run: Run, engagement_id: str) -> list[Project]:
    contract = contract_of_engagement(run.db, engagement_id)
    return projects_of_contract(run.db, contract.id) if contract else []


def _warn(run: Run, systems: Systems, found: Outlook, projects: Sequence[Project]) -> None:
    owner = [found.sales_owner] if found.sales_owner else []
    for project in projects:
        psa = systems.psa(project)
        planned = run.link_to("Project in PSA", psa.connection, psa.ensure_project.target, project.id)
        for warning in (one for one in found.warnings if one.project_id == project.id):
            run.notify(
                warning.title,
                psa.notify,
                occasion=f"warning:{warning.id}",
                text=warning.text,
                to=[*owner, *project.delivery_leads],
                project=planned,
            )


def _follow_up(run: Run, systems: Systems, crm: Crm, found: Outlook, project: Project) -> None:
    """Once for each occasion: a task, or a deal for each term and kind, however often this runs."""
    as_deal = systems.firm.renewal.creates == "opportunity"
    today = run.today
    (facts,) = read_facts(run.db, today, frozenset(), [found.id])
    refs = (project.summary.customer_ref, project.summary.opportunity_ref)
    told: dict[str, FollowUp] = {}
    for chance in found.chances:
        one = follow_up(chance, facts, found.outcomes, refs, today, as_deal=as_deal)
        told.setdefault(one.id, one)
    for one in told.values():
        if as_deal:
            run.post(f"{one.kind.capitalize()} opportunity in CRM", crm.create_opportunity, one)
        else:
            run.post(f"{one.kind.capitalize()} task in CRM", crm.create_task, one)


def engagement_health(found: Outlook, project: Project) -> HealthSummary:
    """The health of an engagement as sales sees it."""
    return HealthSummary(
        id=found.id,
        scope="engagement",
        name=found.name,
        colour=found.colour,
        reasons=found.reasons,
        missing=found.missing,
        customer_ref=project.summary.customer_ref,
        opportunity_ref=project.summary.opportunity_ref,
    )


def summed_health(found: Sequence[Outlook], project: Project) -> HealthSummary:
    """The health of a customer: that of its worst engagement, with the reasons of all that are not well."""
    bad = [one for one in found if one.colour in ("red", "amber")]
    return HealthSummary(
        id=found[0].customer_id,
        scope="customer",
        name=found[0].customer,
        colour=worst(one.colour for one in found),
        reasons=tuple(f"{one.name}: {reason}" for one in bad for reason in one.reasons),
        customer_ref=project.summary.customer_ref,
    )
