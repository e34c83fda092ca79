"""Contract to project: what every system must hold for the version of a contract that is in force.

A version that takes effect later is kept here until its day: no system of these roles holds terms with dates.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tieline.engine.link import Link
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.engine.step import MISSING, Step
from tieline.flows.customer_identity import golden_customer, question_about, see, shown_as
from tieline.flows.plan import contract_part, plan_projects, schedule_part
from tieline.flows.planned_cost import with_planned_cost
from tieline.model.contract import ContractVersion
from tieline.model.customer import Customer
from tieline.model.notice import CustomerLink
from tieline.model.project import Project
from tieline.model.record import Record
from tieline.sdk.operation import Operation
from tieline.sdk.roles import Crm, Erp, Psa
from tieline.store.canonical import contract_on, contract_versions, next_effect, put_project, read_project
from tieline.store.master_data import customer_held_as
from tieline.store.versions import held_versions, hold_version


def contract_to_project(run: Run, contract_id: str, systems: Systems) -> None:
    """Key: the contract's id."""
    today = run.today
    contract = contract_on(run.db, contract_id, today)
    if contract is None or systems.is_closed(contract.engagement_id):
        return run.stand_by("The engagement is closed")
    crm = systems.crm(contract.opportunity_id)
    opportunity_ref = run.known_ref(crm.connection, "opportunity", contract.opportunity_id)
    customer_ref = run.known_ref(crm.connection, "customer", contract.customer_id)
    customer = run.corrected("customer", crm.read_customer(customer_ref))
    run.keep(customer, see)
    customer_ref = run.ref(crm.connection, "customer", customer.id) or customer_ref  # another one after a merge
    if (next_day := next_effect(run.db, contract_id, today)) is not None:
        run.look_again_on(next_day)
    before = plans_before(run, contract) if contract.version > 1 else {}

    for plan in plan_projects(contract, customer.name, opportunity_ref, customer_ref):
        began = len(run.steps)
        project = with_planned_cost(plan, contract, read_project(run.db, plan.id), systems.firm)
        run.keep(project, put_project)
        erp, psa = systems.erp(project), systems.psa(project)
        bill_to = _customer(run, systems, customer, contract, project, customer_ref)
        booked = run.ensure("Project in ERP", erp.ensure_project, project, customer=bill_to)
        run.ensure(
            "Contract in ERP", erp.ensure_contract, contract_part(contract, project), customer=bill_to, project=booked
        )
        run.ensure(
            "Billing schedule in ERP", erp.ensure_billing_schedule, schedule_part(contract, project), project=booked
        )
        _wbs(run, "Tasks in ERP", erp, project, booked)

        planned = run.ensure("Project in PSA", psa.ensure_project, project)
        _wbs(run, "Tasks in PSA", psa, project, planned)
        run.ensure_each("Milestones in PSA", psa.ensure_milestone, project.milestones, project=planned)
        run.ensure_each("Resource requests in PSA", psa.ensure_resource_request, project.demand, project=planned)
        _withdraw_dropped(run, psa, project, before.get(project.id, ()))
        run.ensure("Project shown in CRM", crm.show_project, project.summary, erp=booked, psa=planned)
        _note_held(run, project, {"crm": crm, "psa": psa, "erp": erp}, run.steps[began:])
        run.notify(
            "Ready to staff",
            psa.notify,
            occasion=f"ready:{project.id}:{contract.version}",
            text=_ready(project),
            to=project.delivery_leads,
            project=planned,
        )
        for flow in ("staffing", "milestone_billing"):
            run.wake_once(flow, project.id, contract.engagement_id)
        if not contract.billing_terms.is_empty:  # a fee in advance needs no work
            run.wake("billing", project.id, contract.engagement_id)
    return None


def plans_before(run: Run, contract: ContractVersion) -> dict[str, list[Project]]:
    """What earlier versions wanted of each project."""
    plans: dict[str, list[Project]] = {}
    for version in contract_versions(run.db, contract.id):
        if version.version < contract.version:
            for project in plan_projects(version, "", "", ""):
                plans.setdefault(project.id, []).append(project)
    return plans


def _withdraw_dropped(run: Run, psa: Psa, project: Project, before: Sequence[Project]) -> None:
    """What no version wants any more; tasks in the ERP stay, since time may still be on its way to them."""
    parts: list[tuple[str, Operation[Any], Callable[[Project], Sequence[Record]]]] = [
        ("Resource requests in PSA", psa.ensure_resource_request, lambda one: one.demand),
        ("Milestones in PSA", psa.ensure_milestone, lambda one: one.milestones),
        ("Tasks in PSA", psa.ensure_wbs_element, lambda one: one.wbs),
    ]
    for label, operation, records in parts:
        wanted = {record.id for record in records(project)}
        dropped = {record.id for plan in before for record in records(plan)} - wanted
        if dropped:
            run.withdraw(label, operation, sorted(dropped))


def _note_held(run: Run, project: Project, systems: Mapping[str, Crm | Psa | Erp], steps: Sequence[Step]) -> None:
    """A system of which nothing is missing holds this version; drafts that waited for it go on."""
    held, version = held_versions(run.db, project.id), project.contract_version
    lacking = {step.connection for step in steps if step.what in MISSING}
    news = {
        role: system.connection
        for role, system in systems.items()
        if system.connection not in lacking and held.get(role) != version
    }
    if not news:
        return
    run.in_transaction.append(partial(hold_version, project_id=project.id, version=version, connections=news))
    if version > 1:
        run.wake("milestone_billing", project.id, project.engagement_id)
        run.wake("billing", project.id, project.engagement_id)


def _customer(
    run: Run, systems: Systems, own: Customer, contract: ContractVersion, project: Project, customer_ref: str
) -> Link:
    """The customer under the right legal entity, and its ERP number back in the CRM."""
    label, crm, erp = "Customer in ERP", systems.crm(contract.opportunity_id), systems.erp(project)
    held = customer_held_as(run.db, erp.connection, contract.customer_id, project.legal_entity)
    if run.ref(erp.connection, "customer", f"{held}:{project.legal_entity}") is None:
        waits = question_about(run, label, own, erp, systems.firm)
        if waits is not None:
            return waits
    golden = golden_customer(run, crm, own).model_copy(update={"id": held})
    billed = golden.for_entity(project.legal_entity, contract.currency, contract.payment_terms)
    bill_to = run.ensure(label, erp.ensure_customer, billed)
    if bill_to.known and bill_to.external_id:
        link = CustomerLink(
            id=f"{shown_as(run, own, held)}:{project.legal_entity}",
            legal_entity=project.legal_entity,
            erp_system=erp.system,
            erp_number=bill_to.external_id,
        )
        in_crm = Link("Customer in CRM", "known", customer_ref)
        run.ensure("ERP number in CRM", crm.link_customer, link, crm_customer=in_crm)
    return bill_to


def _wbs(run: Run, label: str, system: Erp | Psa, project: Project, shell: Link) -> None:
    """Phases first, then the tasks of each."""
    phases = [element for element in project.wbs if element.parent_id is None]
    links = run.ensure_each(label, system.ensure_wbs_element, phases, project=shell)
    for phase in phases:
        tasks = [element for element in project.wbs if element.parent_id == phase.id]
        run.ensure_each(label, system.ensure_wbs_element, tasks, project=shell, parent=links[phase.id])


def _ready(project: Project) -> str:
    hours = sum(request.hours for request in project.demand)
    roles = ", ".join(sorted({request.role for request in project.demand}))
    return (
        f"{project.code} {project.name} for {project.customer_name} is ready to staff: {hours} hours ({roles}),"
        f" {project.start_date} to {project.end_date}."
    )
