"""What the planned work of a project costs the firm, by the average cost of the people of each role. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tieline.model.contract import ContractLine
from tieline.model.firm import Firm
from tieline.model.money import Money, rounded


@dataclass(frozen=True, kw_only=True)
class PlannedCost:
    """Cost and margin of a project as planned; `unknown` are roles without a cost in the project's currency."""

    cost: Money | None
    margin: Money | None
    margin_percent: Decimal | None
    unknown: tuple[str, ...]


def planned_cost(lines: Sequence[ContractLine], value: Money, firm: Firm) -> PlannedCost:
    """The cost of the hours of these lines. With a role of unknown cost there is no sum: it would look too good."""
    cost, unknown = Decimal(0), set[str]()
    for line in lines:
        if line.role is None or not line.hours:
            continue
        rate = role_cost(line.role, line.delivering_entity, value.currency, firm)
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


def role_cost(role: str, legal_entity: str, currency: str, firm: Firm) -> Decimal | None:
    """The average cost per hour of a role's people in an entity, else of those in any with that currency."""
    currencies = {entity.id: entity.currency for entity in firm.legal_entities}
    people = [one for one in firm.people if one.role == role and firm.cost_rate(one.id) is not None]
    fitting = [one for one in people if currencies.get(one.legal_entity) == currency]
    own = [one for one in fitting if one.legal_entity == legal_entity] or fitting
    rates = [cost.amount for one in own if (cost := firm.cost_rate(one.id)) is not None]
    return sum(rates, Decimal(0)) / len(rates) if rates else None
