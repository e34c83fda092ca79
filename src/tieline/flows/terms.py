"""Commercial terms of a won deal: the contract they make, and what changed since."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from tieline.billing.own_terms import parts_that_differ, with_own_terms
from tieline.flows.packages import (
    PRICED_BY_TIME,
    dimensions_of,
    expand,
    invoice_plan,
    package_deviations,
    package_of,
    packages_of,
    revenue_method_of,
    subscription_of,
    with_package_terms,
    with_subscriptions,
)
from tieline.flows.plan import completion_id, project_id
from tieline.model.billing_terms import BillingTerms
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
from tieline.model.money import Money, total
from tieline.model.opportunity import Opportunity, OpportunityLine


def draft_contract(quoted: Opportunity, customer: Customer, engagement_id: str, firm: Firm) -> ContractVersion:
    """Version 1 of the contract. The terms must be complete (`lacks` returned nothing)."""
    opportunity, packages = with_package_terms(quoted, firm), packages_of(quoted, firm)
    template = firm.service_line(opportunity.service_line)
    assert template is not None
    currency, method = str(opportunity.currency), str(opportunity.billing_method)
    start, end = _date(opportunity.start_date), _date(opportunity.end_date)
    contract_id = derived("contract", engagement_id)
    quoted_lines = (
        part for line in opportunity.lines for part in _contract_lines(opportunity, line, contract_id, firm)
    )
    billing = agreed_billing(opportunity, template)
    lines = tuple(_in_its_way(line, billing) for line in quoted_lines)
    value = total((line.amount for line in lines), currency)
    otherwise = _billed_otherwise(lines, method, billing)
    subscribed = (subscription_of(opportunity, line, firm, contract_id) for line in opportunity.lines)
    sold = [one for line, one in zip(opportunity.lines, subscribed, strict=True) if one and line.id not in otherwise]
    found = _deviations(opportunity, customer, billing, template, firm)
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
            "revenue_method": revenue_method_of(packages, method, template.revenue_methods.get(method, "as_billed")),
            "value": value,
            "lines": lines,
            "rate_card": _rate_card(contract_id, lines, currency, start),
            "billing_schedule": _schedule(contract_id, opportunity, lines, firm),
            "billing_terms": with_subscriptions(billing, sold, currency),
            "budget": Budget(id=contract_id, hours=sum((line.hours for line in lines), Decimal(0)), revenue=value),
            "dimensions": dimensions_of(packages, template.dimensions),
            "phases": template.opening_phases,
            "closing_phases": template.closing_phases,
            "delivery_leads": template.delivery_leads,
            "is_standard": not found,
            "deviations": found,
            "signed_on": opportunity.close_date,
            "document_url": opportunity.document_url,
        }
    )


def _deviations(
    opportunity: Opportunity, customer: Customer, billing: BillingTerms, template: ServiceLine, firm: Firm
) -> tuple[str, ...]:
    prices = [(line.role, line.unit_price) for line in opportunity.lines]
    return (
        *deviations(str(opportunity.payment_terms), prices, str(opportunity.currency), template, firm),
        *package_deviations(opportunity, template.largest_discount, firm),
        *customer_deviations(opportunity, customer, firm),
        *_other_entities(opportunity, template),
        *billing_deviations(template.billing, billing, template),
    )


def agreed_billing(opportunity: Opportunity, template: ServiceLine) -> BillingTerms:
    """The billing terms of the service line with what the deal agrees otherwise. Raises BadTerms."""
    return with_own_terms(template.billing, opportunity.billing_terms, opportunity.currency)


def _other_entities(opportunity: Opportunity, template: ServiceLine) -> list[str]:
    """Delivery by entities that do not sign, where the service line wants it approved."""
    others = {line.delivering_entity for line in opportunity.lines} - {None, opportunity.legal_entity}
    if template.other_entities == "free" or not others:
        return []
    return [f"{', '.join(sorted(map(str, others)))} deliver{'s' * (len(others) == 1)} for {opportunity.legal_entity}"]


def billing_deviations(before: BillingTerms, after: BillingTerms, template: ServiceLine) -> list[str]:
    """The parts of the billing terms that are agreed otherwise and may not be without approval."""
    return [
        f"{part.replace('_', ' ')} agreed otherwise than usual for {template.name}"
        for part in parts_that_differ(before, after)
        if part not in template.negotiable
    ]


def _in_its_way(line: ContractLine, terms: BillingTerms) -> ContractLine:
    method = terms.methods.get(line.workstream)
    return line if method is None else line.model_copy(update={"billing_method": method})


def _contract_lines(
    opportunity: Opportunity, line: OpportunityLine, contract_id: str, firm: Firm
) -> tuple[ContractLine, ...]:
    """The tasks of the package a line sells, or the line as it was quoted."""
    package = package_of(line, opportunity, firm)
    if package is not None:
        return expand(opportunity, line, package, contract_id, firm)
    return (_contract_line(opportunity, line, contract_id),)


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
    contract_id: str, opportunity: Opportunity, lines: tuple[ContractLine, ...], firm: Firm
) -> BillingSchedule:
    """Fixed amounts are milestones, packages have an invoice plan of their own; what else a price covers is due on
    completion, so that all of it is billed."""
    method, end = str(opportunity.billing_method), _date(opportunity.end_date)
    template = firm.service_line(opportunity.service_line)
    terms = agreed_billing(opportunity, template) if template else BillingTerms()
    due = {derived("contract_line", contract_id, line.id): line.due_on for line in opportunity.lines}
    items = [
        milestone_item(
            derived("milestone", contract_id, line.id),
            line.description or line.workstream,
            line.amount,
            due[line.id] or end,
        )
        for line in lines
        if not line.role and not billed_by_terms(line, method, terms)
    ]
    otherwise = _billed_otherwise(lines, method, terms)
    plans = {
        line.id: invoice_plan(opportunity, line, firm, contract_id)
        for line in opportunity.lines
        if line.id not in otherwise
    }
    items += [item for plan in plans.values() for item in plan]
    subscribed = {line.id for line in opportunity.lines if subscription_of(opportunity, line, firm, contract_id)}
    subscribed -= otherwise
    for_completion = [
        line
        for line in lines
        if line.role
        and (line.billing_method or method) != "time_and_materials"
        and not billed_by_terms(line, method, terms)
        and not (line.package and (plans.get(line.package.line) or line.package.line in subscribed))
    ]
    entities = list(dict.fromkeys(line.delivering_entity for line in lines))
    for entity in entities:
        work = [line.amount for line in for_completion if line.delivering_entity == entity]
        covered = total(work, str(opportunity.currency))
        if covered.amount:
            name = "Completion" if len(entities) == 1 else f"Completion ({entity})"
            items.append(milestone_item(completion_id(contract_id, entity), name, covered, end))
    return BillingSchedule.model_validate(
        {
            "id": contract_id,
            "contract_id": contract_id,
            "method": method,
            "cycle": "monthly" if method in ("time_and_materials", "retainer") else "on_completion",
            "items": items,
        }
    )


def _billed_otherwise(lines: Sequence[ContractLine], method: str, terms: BillingTerms) -> set[str]:
    """Quoted packages some of whose work is billed by time, progress or a retainer: their own plan does not count."""
    return {
        line.package.line
        for line in lines
        if line.package and (billed_by_terms(line, method, terms) or (line.billing_method or method) in PRICED_BY_TIME)
    }


def billed_by_terms(line: ContractLine, method: str, terms: BillingTerms) -> bool:
    """Whether a retainer's fee, or percent complete, bills what would be a milestone else."""
    match line.billing_method or method:
        case "retainer":
            return terms.retainer is not None and line.role is not None
        case "fixed_price" | "milestone":
            progress = terms.progress_of(line.workstream)
            return progress is not None and (progress.amount is None or line.role is not None)
    return False


def milestone_item(milestone_id: str, name: str, amount: Money, due_on: date) -> BillingScheduleItem:
    """What is billed when a milestone is completed."""
    return BillingScheduleItem(id=milestone_id, name=name, amount=amount, due_on=due_on, milestone_id=milestone_id)


def deviations(
    payment_terms: str,
    prices: Iterable[tuple[str | None, Decimal | None]],
    currency: str,
    template: ServiceLine,
    firm: Firm,
) -> tuple[str, ...]:
    """Why terms are not standard, in words. `prices`: role and rate of each line, nothing of fixed amounts."""
    found = []
    if payment_terms not in template.payment_terms:
        found.append(f"payment terms {payment_terms} instead of {' or '.join(template.payment_terms)}")
    for role, price in prices:
        standard = firm.standard_rate(role, currency) if role else None
        if standard and price is not None and price < standard * (1 - template.largest_discount):
            found.append(f"{role} at {price} instead of {standard}")
    return tuple(found)


def customer_deviations(opportunity: Opportunity, customer: Customer, firm: Firm) -> list[str]:
    """What finance looks at before it bills this customer so: another entity than its own, an odd reverse charge."""
    found = []
    entity = firm.legal_entity(opportunity.legal_entity)
    if customer.legal_entity and customer.legal_entity != opportunity.legal_entity:
        found.append(f"{opportunity.legal_entity} signs for a customer of {customer.legal_entity}")
    if opportunity.tax_treatment == "reverse_charge":
        if entity and (customer.tax_nexus or "").partition("-")[0] == entity.country:
            found.append(f"reverse charge for a customer in {entity.country}, where {entity.name} is itself")
        elif not customer.tax_id:
            found.append("reverse charge without a tax id of the customer")
    return found


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
    """Hours and amounts; of a package only what was quoted, for the catalogue may have changed since."""
    found: dict[tuple[str, str | None, str], tuple[Decimal, Decimal]] = {}
    for line in contract.lines:
        key, more = (line.workstream, line.role, line.delivering_entity), line.hours
        if line.package:
            quantity = f"{line.package.quantity.normalize():f}"
            key, more = (f"{line.package.line} {quantity}", line.package.id, line.delivering_entity), Decimal(0)
        hours, amount = found.get(key, (Decimal(0), Decimal(0)))
        found[key] = (hours + more, amount + line.amount.amount)
    return found


def _billed(contract: ContractVersion) -> list[tuple[str, Decimal, date | None]]:
    """What is billed apart from packages: their part of the schedule follows from the catalogue."""
    items = contract.billing_schedule.items
    if any(line.package for line in contract.lines):
        whole = {completion_id(contract.id, line.delivering_entity) for line in contract.lines}
        items = tuple(item for item in items if not item.delivering_entity and item.id not in whole)
    return sorted((item.name, item.amount.amount, item.due_on) for item in items)


def _date(value: date | None) -> date:
    assert value is not None
    return value
