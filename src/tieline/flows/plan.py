"""Planning projects from a contract: one per delivering entity, with WBS, milestones, demand and budget."""

import base64
import hashlib
from decimal import Decimal

from tieline.model.contract import BillingSchedule, Budget, ContractLine, ContractVersion
from tieline.model.ids import derived
from tieline.model.money import Money, total
from tieline.model.project import (
    ContractPart,
    ContractPartLine,
    Milestone,
    Project,
    ProjectSummary,
    ResourceRequest,
    WbsElement,
)

PRICE_DIGITS = Decimal("0.0001")


def project_id(contract_id: str, entity: str, currency: str) -> str:
    """Our id of the project by which an entity delivers its part of a contract."""
    return derived("project", contract_id, entity, currency)


def completion_id(contract_id: str, entity: str) -> str:
    """Our id of the milestone that bills what an entity's price covers besides its fixed amounts."""
    return derived("milestone", contract_id, "whole", entity)


def project_code(project: str) -> str:
    """A short code people can say, the same on every rebuild: `P-7K2Q9A`. Takes the project's id."""
    digest = hashlib.sha256(project.encode()).digest()
    return "P-" + base64.b32encode(digest).decode()[:6]


def plan_projects(
    contract: ContractVersion, customer_name: str, opportunity_ref: str, customer_ref: str
) -> list[Project]:
    """One project per delivering entity; the lead entity's comes first."""
    entities = sorted(
        {line.delivering_entity for line in contract.lines}, key=lambda code: (code != contract.legal_entity, code)
    )
    return [
        _project(contract, entity, len(entities) > 1, customer_name, opportunity_ref, customer_ref)
        for entity in entities
    ]


def _project(
    contract: ContractVersion, entity: str, several: bool, customer_name: str, opportunity_ref: str, customer_ref: str
) -> Project:
    own_id = project_id(contract.id, entity, contract.currency)
    lines = [line for line in contract.lines if line.delivering_entity == entity]
    value = total((line.amount for line in lines), contract.currency)
    hours = sum((line.hours for line in lines), Decimal(0))
    name = f"{contract.name} ({entity})" if several else contract.name
    code = project_code(own_id)
    return Project(
        id=own_id,
        engagement_id=contract.engagement_id,
        contract_id=contract.id,
        contract_version=contract.version,
        name=name,
        code=code,
        customer_id=contract.customer_id,
        customer_name=customer_name,
        legal_entity=entity,
        currency=contract.currency,
        billing_method=contract.billing_method,
        revenue_method=contract.revenue_method,
        start_date=contract.start_date,
        end_date=contract.end_date,
        value=value,
        budget=Budget(id=own_id, hours=hours, revenue=value),
        dimensions={**contract.dimensions, "legal_entity": entity},
        delivery_leads=contract.delivery_leads,
        po_number=contract.po_number,
        document_url=contract.document_url,
        wbs=_wbs(contract, own_id, lines),
        milestones=_milestones(contract, own_id, lines, entity),
        demand=_demand(contract, own_id, lines),
        summary=ProjectSummary(
            id=own_id,
            engagement_id=contract.engagement_id,
            opportunity_id=contract.opportunity_id,
            opportunity_ref=opportunity_ref,
            customer_ref=customer_ref,
            name=name,
            code=code,
            legal_entity=entity,
            contract_version=contract.version,
            value=value,
            start_date=contract.start_date,
            end_date=contract.end_date,
            planned_hours=hours,
        ),
    )


def _wbs(contract: ContractVersion, project: str, lines: list[ContractLine]) -> tuple[WbsElement, ...]:
    """Phases (the template's opening ones, one per workstream, the closing ones), each with a task per role."""
    dates = {"start_date": contract.start_date, "end_date": contract.end_date}
    elements = []
    workstreams = list(dict.fromkeys(line.workstream for line in lines if line.role))
    names = dict.fromkeys((*contract.phases, *workstreams, *contract.closing_phases))
    for number, name in enumerate(names, 1):
        phase_id = derived("wbs_element", project, name)
        billable = name in workstreams
        elements.append(
            WbsElement(id=phase_id, project_id=project, code=f"{number}", name=name, billable=billable, **dates)
        )
        for place, line in enumerate((one for one in lines if one.role and one.workstream == name), 1):
            elements.append(
                WbsElement(
                    id=derived("wbs_element", project, line.id),
                    project_id=project,
                    parent_id=phase_id,
                    code=f"{number}.{place}",
                    name=line.description or f"{name}: {line.role}",
                    role=line.role,
                    planned_hours=line.hours,
                    start_date=line.start_date or contract.start_date,
                    end_date=line.end_date or contract.end_date,
                )
            )
    return tuple(elements)


def _milestones(
    contract: ContractVersion, project: str, lines: list[ContractLine], entity: str
) -> tuple[Milestone, ...]:
    own = {derived("milestone", contract.id, line.id) for line in lines} | {completion_id(contract.id, entity)}
    return tuple(
        Milestone(
            id=str(item.milestone_id),
            project_id=project,
            name=item.name,
            due_on=item.due_on or contract.end_date,
            amount=item.amount,
        )
        for item in contract.billing_schedule.items
        if item.milestone_id in own or item.delivering_entity == entity
    )


def _demand(contract: ContractVersion, project: str, lines: list[ContractLine]) -> tuple[ResourceRequest, ...]:
    return tuple(
        ResourceRequest(
            id=derived("resource_request", project, line.id),
            project_id=project,
            role=line.role,
            hours=line.hours,
            start_date=line.start_date or contract.start_date,
            end_date=line.end_date or contract.end_date,
            region=contract.region,
            skills=line.skills,
            note=line.description,
        )
        for line in lines
        if line.role
    )


def contract_part(contract: ContractVersion, project: Project) -> ContractPart:
    """What the ERP of one project holds of the contract."""
    lines = [line for line in contract.lines if line.delivering_entity == project.legal_entity]
    return ContractPart(
        id=f"{contract.id}:{project.legal_entity}",
        contract_id=contract.id,
        contract_version=contract.version,
        project_id=project.id,
        project_code=project.code,
        name=contract.name,
        customer_id=contract.customer_id,
        legal_entity=project.legal_entity,
        currency=contract.currency,
        payment_terms=contract.payment_terms,
        tax_treatment=contract.tax_treatment,
        po_number=contract.po_number,
        document_url=contract.document_url,
        start_date=contract.start_date,
        end_date=contract.end_date,
        billing_method=contract.billing_method,
        revenue_method=contract.revenue_method,
        value=Money(amount=project.value.amount, currency=contract.currency),
        lines=tuple(_part_line(line, contract) for line in lines),
        dimensions=project.dimensions,
    )


def _part_line(line: ContractLine, contract: ContractVersion) -> ContractPartLine:
    hours = line.hours if line.role else Decimal(1)
    rate = line.rate
    if rate is None:  # a package that is not priced by time has no rates, only amounts
        rate = (line.amount.amount / hours).quantize(PRICE_DIGITS) if line.role else line.amount.amount
    return ContractPartLine(
        id=line.id,
        item=line.role or "fixed",
        description=line.description or line.workstream,
        quantity=hours,
        rate=rate,
        amount=line.amount.amount,
        start_date=line.start_date or contract.start_date,
        end_date=line.end_date or contract.end_date,
    )


def schedule_part(contract: ContractVersion, project: Project) -> BillingSchedule:
    """The project's share of the contract's billing schedule."""
    own = {milestone.id for milestone in project.milestones}
    items = tuple(item for item in contract.billing_schedule.items if item.milestone_id in own)
    return contract.billing_schedule.model_copy(update={"id": project.id, "items": items})
