"""The plan of a deal as programs read it: plain names, exact amounts, no vendor's payloads."""

from collections import Counter
from typing import Any

from tieline.app.deals import DealPlan, PlannedProject
from tieline.flows.planned_cost import PlannedCost
from tieline.flows.readiness import Lack
from tieline.flows.verdict import Verdict
from tieline.model.contract import ContractVersion
from tieline.model.money import Money


def lack_as_json(lack: Lack) -> dict[str, Any]:
    """A missing thing with its field and what mends it."""
    return {"field": lack.field, "message": lack.message, "suggestion": lack.suggestion, "kind": lack.kind}


def verdict_as_json(found: Verdict) -> dict[str, Any]:
    """Whether a deal may be closed, and what is missing."""
    return {
        "ready": found.ready,
        "name": found.name,
        "value": _money(found.value),
        "problems": [lack_as_json(lack) for lack in found.lacks],
        "approvals": list(found.approvals),
    }


def plan_as_json(plan: DealPlan, *, costs: bool) -> dict[str, Any]:
    """All of a plan, with planned costs and margins or without."""
    counted = Counter((write.connection, write.label, write.target, write.what) for write in plan.writes)
    return {
        "opportunity": plan.opportunity.id,
        "name": plan.opportunity.name,
        "stage": plan.opportunity.stage,
        "customer": plan.customer.name if plan.customer else None,
        "problems": [lack_as_json(lack) for lack in plan.lacks],
        "contract": _contract(plan.contract, active=plan.active) if plan.contract else None,
        "projects": [_project(planned, plan.contract, costs=costs) for planned in plan.projects if plan.contract],
        "writes": [
            {
                "connection": connection,
                "system": plan.systems.get(connection, connection),
                "label": label,
                "target": target,
                "what": what,
                "records": count,
            }
            for (connection, label, target, what), count in counted.items()
        ],
        "refusals": list(plan.problems),
    }


def _contract(contract: ContractVersion, *, active: bool) -> dict[str, Any]:
    names = (
        "id version name legal_entity currency contract_type billing_method revenue_method payment_terms"
        " tax_treatment tax_nexus po_number start_date end_date service_line region document_url is_standard"
    )
    told = {name: getattr(contract, name) for name in names.split()}
    return {**told, "active": active, "value": _money(contract.value), "approvals": list(contract.deviations)}


def _project(planned: PlannedProject, contract: ContractVersion, *, costs: bool) -> dict[str, Any]:
    project = planned.project
    return {
        "id": project.id,
        "code": project.code,
        "name": project.name,
        "legal_entity": project.legal_entity,
        "value": _money(project.value),
        "hours": project.budget.hours,
        "dimensions": project.dimensions,
        "lines": [
            {
                "workstream": line.workstream,
                "task": line.description,
                "role": line.role,
                "hours": line.hours,
                "rate": line.rate,
                "amount": _money(line.amount),
                "package": line.package and {"id": line.package.id, "version": line.package.version},
                "start_date": line.start_date or contract.start_date,
                "end_date": line.end_date or contract.end_date,
            }
            for line in contract.lines
            if line.delivering_entity == project.legal_entity
        ],
        "milestones": [
            {"name": one.name, "due_on": one.due_on, "amount": _money(one.amount)} for one in project.milestones
        ],
        "resource_requests": [
            {
                "role": one.role,
                "hours": one.hours,
                "start_date": one.start_date,
                "end_date": one.end_date,
                "region": one.region,
                "skills": list(one.skills),
            }
            for one in project.demand
        ],
        **(_cost(planned.cost) if costs else {}),
    }


def _cost(cost: PlannedCost) -> dict[str, Any]:
    return {
        "cost": _money(cost.cost),
        "margin": _money(cost.margin),
        "margin_percent": cost.margin_percent,
        "roles_without_cost": list(cost.unknown),
    }


def _money(value: Money | None) -> dict[str, Any] | None:
    return {"amount": value.rounded().amount, "currency": value.currency} if value is not None else None
