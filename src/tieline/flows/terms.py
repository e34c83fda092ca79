"""Commercial terms of a won deal: what must be there, the contract they make, and what changed since."""

from datetime import date
from decimal import Decimal

from tieline.flows.plan import completion_id, project_id
from tieline.model.contract import (
    BillingSchedule,
    BillingScheduleItem,
    Budget,
    ContractLine,
    ContractVersion,
    RateCardRow,
)
from tieline.model.customer import Customer
from tieline.model.firm import Firm, ServiceLine
from tieline.model.ids import derived
from tieline.model.money import LARGEST, Money, total
from tieline.model.opportunity import Opportunity, OpportunityLine

BILLING_METHODS = ("time_and_materials", "fixed_price", "milestone", "retainer")
TAX_TREATMENTS = ("standard", "reverse_charge", "exempt")
_NEEDED = {
    "legal_entity": "the legal entity that signs",
    "service_line": "the service line",
    "currency": "the currency",
    "contract_type": "the contract type",
    "billing_method": "the billing method",
    "payment_terms": "the term of payment",
    "tax_treatment": "the tax treatment",
    "start_date": "the start date",
    "end_date": "the end date",
}


def missing_terms(opportunity: Opportunity, customer: Customer, firm: Firm) -> list[str]:
    """What keeps a won deal from becoming a contract, all at once, in words sales understands."""
    problems = [f"{what} is missing" for name, what in _NEEDED.items() if not getattr(opportunity, name)]
    problems += _unknown_values(opportunity, firm)
    if not customer.tax_nexus:
        problems.append(f"customer '{customer.name}' has no tax nexus")
    if opportunity.start_date and opportunity.end_date and opportunity.end_date < opportunity.start_date:
        problems.append("the end date lies before the start date")
    if not opportunity.lines:
        problems.append("it has no service packages or estimates")
    for line in opportunity.lines:
        problems += _line_problems(line, firm, opportunity.currency)
    return problems + _prices_together(opportunity)


def _unknown_values(opportunity: Opportunity, firm: Firm) -> list[str]:
    problems = []
    entity = firm.legal_entity(opportunity.legal_entity)
    if opportunity.legal_entity and entity is None:
        problems.append(f"legal entity '{opportunity.legal_entity}' is not one of the firm's")
    if entity and opportunity.currency and not entity.bills_in(opportunity.currency):
        problems.append(f"{entity.name} does not bill in currency '{opportunity.currency}'")
    if opportunity.service_line and firm.service_line(opportunity.service_line) is None:
        problems.append(f"service line '{opportunity.service_line}' has no template")
    if opportunity.billing_method and opportunity.billing_method not in BILLING_METHODS:
        problems.append(f"billing method '{opportunity.billing_method}' is unknown")
    if opportunity.tax_treatment and opportunity.tax_treatment not in TAX_TREATMENTS:
        problems.append(f"tax treatment '{opportunity.tax_treatment}' is unknown")
    return problems


def _line_problems(line: OpportunityLine, firm: Firm, currency: str | None) -> list[str]:
    name = line.description or line.workstream or line.product_code or "a line"
    problems = []
    if line.quantity <= 0:
        problems.append(f"'{name}' has the quantity {line.quantity}; it must be more than zero")
    if line.unit_price < 0:
        problems.append(f"'{name}' has a negative price")
    if line.delivering_entity and firm.legal_entity(line.delivering_entity) is None:
        problems.append(f"'{name}' is delivered by '{line.delivering_entity}', which is not one of the firm's entities")
    if line.role and currency and firm.standard_rates and firm.standard_rate(line.role, currency) is None:
        problems.append(f"role '{line.role}' has no standard rate in {currency}")
    return problems


def _prices_together(opportunity: Opportunity) -> list[str]:
    """A rate card knows one price of a role on a project: what time is worth must not be a guess."""
    prices: dict[tuple[str, str | None], set[Decimal]] = {}
    for line in opportunity.lines:
        if line.role:
            prices.setdefault((line.role, line.delivering_entity), set()).add(line.unit_price)
    problems = [
        f"role '{role}' has several prices ({', '.join(f'{price:f}' for price in sorted(found))})"
        for (role, _), found in prices.items()
        if len(found) > 1
    ]
    if sum(abs(line.amount) for line in opportunity.lines) >= LARGEST:
        problems.append("its lines come to more than a contract can hold")
    return problems


def draft_contract(opportunity: Opportunity, customer: Customer, engagement_id: str, firm: Firm) -> ContractVersion:
    """Version 1 of the contract. The terms must be complete (`missing_terms` returned nothing)."""
    template = firm.service_line(opportunity.service_line)
    assert template is not None
    currency, method = str(opportunity.currency), str(opportunity.billing_method)
    start, end = _date(opportunity.start_date), _date(opportunity.end_date)
    contract_id = derived("contract", engagement_id)
    lines = tuple(_contract_line(opportunity, line, contract_id) for line in opportunity.lines)
    value = total((line.amount for line in lines), currency)
    deviations = _deviations(opportunity, template, firm)
    return ContractVersion.model_validate(
        {
            "id": contract_id,
            "version": 1,
            "engagement_id": engagement_id,
            "name": opportunity.name,
            "customer_id": customer.id,
            "opportunity_id": opportunity.id,
            "legal_entity": opportunity.legal_entity,
            "currency": currency,
            "contract_type": opportunity.contract_type,
            "billing_method": method,
            "payment_terms": opportunity.payment_terms,
            "tax_treatment": opportunity.tax_treatment,
            "tax_nexus": customer.tax_nexus,
            "po_number": opportunity.po_number,
            "start_date": start,
            "end_date": end,
            "service_line": template.id,
            "region": opportunity.region,
            "sales_owner": opportunity.sales_owner,
            "revenue_method": template.revenue_methods.get(method, "as_billed"),
            "value": value,
            "lines": lines,
            "rate_card": _rate_card(contract_id, lines, currency, start),
            "billing_schedule": _schedule(contract_id, opportunity, lines, method, end),
            "billing_terms": template.billing,
            "budget": Budget(id=contract_id, hours=sum((line.hours for line in lines), Decimal(0)), revenue=value),
            "dimensions": template.dimensions,
            "phases": template.opening_phases,
            "closing_phases": template.closing_phases,
            "delivery_leads": template.delivery_leads,
            "is_standard": not deviations,
            "deviations": deviations,
            "signed_on": opportunity.close_date,
        }
    )


def _contract_line(opportunity: Opportunity, line: OpportunityLine, contract_id: str) -> ContractLine:
    currency = str(opportunity.currency)
    amount = Money(amount=line.amount, currency=currency).rounded()
    return ContractLine(
        id=derived("contract_line", contract_id, line.id),
        workstream=line.workstream or line.description or "Delivery",
        description=line.description,
        role=line.role,
        hours=line.quantity if line.role else Decimal(0),
        rate=line.unit_price if line.role else None,
        amount=amount,
        delivering_entity=line.delivering_entity or str(opportunity.legal_entity),
    )


def _rate_card(
    contract_id: str, lines: tuple[ContractLine, ...], currency: str, start: date
) -> tuple[RateCardRow, ...]:
    """A row per role; per role and project where entities deliver it at different prices."""
    prices = {(line.role, line.delivering_entity): line.rate for line in lines if line.role and line.rate is not None}
    rows: dict[str, RateCardRow] = {}
    for (role, entity), rate in sorted(prices.items()):
        alike = all(price == rate for (other, _), price in prices.items() if other == role)
        project = None if alike else project_id(contract_id, entity, currency)
        row_id = derived("rate_card", contract_id, role, currency, start.isoformat(), *([] if alike else [entity]))
        rows[row_id] = RateCardRow(
            id=row_id,
            precedence=4 if alike else 3,
            role=role,
            contract_id=contract_id,
            project_id=project,
            currency=currency,
            rate=rate,
            valid_from=start,
        )
    return tuple(rows.values())


def _schedule(
    contract_id: str, opportunity: Opportunity, lines: tuple[ContractLine, ...], method: str, end: date
) -> BillingSchedule:
    """Fixed amounts are milestones; what else a price covers is due on completion, so that all of it is billed."""
    items = [
        _milestone(derived("milestone", contract_id, line.id), line.description or line.workstream, line.amount, due)
        for line, due in zip(lines, [source.due_on or end for source in opportunity.lines], strict=True)
        if not line.role
    ]
    if method != "time_and_materials":
        entities = list(dict.fromkeys(line.delivering_entity for line in lines))
        for entity in entities:
            work = [line.amount for line in lines if line.role and line.delivering_entity == entity]
            covered = total(work, str(opportunity.currency))
            if covered.amount:
                name = "Completion" if len(entities) == 1 else f"Completion ({entity})"
                items.append(_milestone(completion_id(contract_id, entity), name, covered, end))
    return BillingSchedule.model_validate(
        {
            "id": contract_id,
            "contract_id": contract_id,
            "method": method,
            "cycle": "monthly" if method in ("time_and_materials", "retainer") else "on_completion",
            "items": items,
        }
    )


def _milestone(milestone_id: str, name: str, amount: Money, due_on: date) -> BillingScheduleItem:
    return BillingScheduleItem(id=milestone_id, name=name, amount=amount, due_on=due_on, milestone_id=milestone_id)


def _deviations(opportunity: Opportunity, template: ServiceLine, firm: Firm) -> tuple[str, ...]:
    found = []
    if opportunity.payment_terms not in template.payment_terms:
        found.append(f"payment terms {opportunity.payment_terms} instead of {' or '.join(template.payment_terms)}")
    for line in opportunity.lines:
        standard = firm.standard_rate(line.role, str(opportunity.currency)) if line.role else None
        if standard and line.unit_price < standard * (1 - template.largest_discount):
            found.append(f"{line.role} at {line.unit_price} instead of {standard}")
    return tuple(found)


def commercial_differences(contract: ContractVersion, draft: ContractVersion) -> list[str]:
    """What a won deal says now that its contract does not: each as old and new, in words."""
    names = {
        "legal_entity": "legal entity",
        "currency": "currency",
        "service_line": "service line",
        "contract_type": "contract type",
        "billing_method": "billing method",
        "payment_terms": "payment terms",
        "tax_treatment": "tax treatment",
        "start_date": "start",
        "end_date": "end",
        "po_number": "PO number",
    }
    changes = [
        f"{words} {getattr(contract, name)} is now {getattr(draft, name)}"
        for name, words in names.items()
        if getattr(contract, name) != getattr(draft, name)
    ]
    if contract.value.currency == draft.value.currency and contract.value != draft.value:
        difference = draft.value - contract.value
        changes.append(f"the value {contract.value} is now {draft.value} (a difference of {difference})")
    if contract.value == draft.value and _scope(contract) != _scope(draft):
        changes.append("hours or amounts by workstream, role and delivering entity differ")
    elif contract.value == draft.value and _billed(contract) != _billed(draft):
        changes.append("milestones differ in name, amount or date")
    return changes


def _scope(contract: ContractVersion) -> dict[tuple[str, str | None, str], tuple[Decimal, Decimal]]:
    found: dict[tuple[str, str | None, str], tuple[Decimal, Decimal]] = {}
    for line in contract.lines:
        key = (line.workstream, line.role, line.delivering_entity)
        hours, amount = found.get(key, (Decimal(0), Decimal(0)))
        found[key] = (hours + line.hours, amount + line.amount.amount)
    return found


def _billed(contract: ContractVersion) -> list[tuple[str, Decimal, date | None]]:
    return sorted((item.name, item.amount.amount, item.due_on) for item in contract.billing_schedule.items)


def _date(value: date | None) -> date:
    assert value is not None
    return value
