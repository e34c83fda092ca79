"""What the planned work of a project costs the firm, by the average cost of the people of each role. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.model.contract import ContractLine, ContractVersion
from tieline.model.firm import Firm
from tieline.model.money import Money, rounded
from tieline.model.project import Project


@dataclass(frozen=True, kw_only=True)
class PlannedCost:
    """Cost and margin of a project as planned; `unknown` are roles without a cost in the project's currency."""

    cost: Money | None
    margin: Money | None
    margin_percent: Decimal | None
    unknown: tuple[str, ...]


def with_planned_cost(project: Project, contract: ContractVersion, known: Project | None, firm: Firm) -> Project:
    """The project with the cost of its planned hours in its budget, where every role has one.

    `known`: the project as stored. What a version was planned to cost stays when cost rates change later, or else no
    margin could be compared with the plan; the next version is planned anew.
    """
    kept = known.budget.cost if known and known.contract_version == project.contract_version else None
    if kept is None and project.budget.hours:
        own = [line for line in contract.lines if line.delivering_entity == project.legal_entity]
        kept = planned_cost(own, project.value, firm, contract.start_date).cost
    return project.model_copy(update={"budget": project.budget.model_copy(update={"cost": kept})})


def planned_cost(lines: Sequence[ContractLine], value: Money, firm: Firm, starts_on: date) -> PlannedCost:
    """The cost of the hours of these lines, at the rates of the day each begins.

    With a role of unknown cost there is no sum: it would look too good.
    """
    cost, unknown = Decimal(0), set[str]()
    for line in lines:
        if line.role is None or not line.hours:
            continue
        rate = role_cost(line.role, line.delivering_entity, value.currency, firm, line.start_date or starts_on)
        if rate is None:
            unknown.add(line.role)
        else:
            cost += rate * line.hours
    if unknown:
        return PlannedCost(cost=None, margin=None, margin_percent=None, unknown=tuple(sorted(unknown)))
    whole = Money(amount=rounded(cost, value.currency), currency=value.currency)
    margin = value - whole
    share = (margin.amount * 100 / value.amount).quantize(Decimal("0.1")) if value.amount else None
    return PlannedCost(cost=whole, margin=margin, margin_percent=share, unknown=())


def role_cost(role: str, legal_entity: str, currency: str, firm: Firm, day: date) -> Decimal | None:
    """The average cost per hour of a role's people in an entity, else of those in any with that currency."""
    currencies = {entity.id: entity.currency for entity in firm.legal_entities}
    people = [one for one in firm.people if one.role == role and firm.cost_rate(one.id, day) is not None]
    fitting = [one for one in people if currencies.get(one.legal_entity) == currency]
    own = [one for one in fitting if one.legal_entity == legal_entity] or fitting
    rates = [cost.amount for one in own if (cost := firm.cost_rate(one.id, day)) is not None]
    return sum(rates, Decimal(0)) / len(rates) if rates else None
