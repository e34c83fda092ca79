"""Service packages of a deal: what a quoted line expands into, and the terms it brings. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from tieline.model.billing_terms import MONTHS, BillingTerms, Period, Subscription
from tieline.model.contract import BillingScheduleItem, ContractLine, ContractVersion, PackageUse
from tieline.model.firm import Firm
from tieline.model.ids import derived
from tieline.model.money import Money, rounded
from tieline.model.opportunity import Opportunity, OpportunityLine
from tieline.model.service_package import PackagePhase, PackageTask, ServicePackage

PRICED_BY_TIME = ("time_and_materials", "retainer")
"""Billing methods for which a role needs a rate of its own; else what a package costs is its invoice plan."""
TERMS = ("service_line", "contract_type", "billing_method", "payment_terms")
"""What the packages of a deal say where the deal itself says nothing."""
CENT_HOURS = Decimal("0.01")


def package_of(line: OpportunityLine, opportunity: Opportunity, firm: Firm) -> ServicePackage | None:
    """The package a line sells, as the region of the deal has it. A line with a role is an estimate and sells none."""
    package = None if line.role else firm.package(line.product_code)
    entity = firm.legal_entity(opportunity.legal_entity)
    return package and package.for_region(opportunity.region or (entity.region if entity else None))


def packages_of(opportunity: Opportunity, firm: Firm) -> list[ServicePackage]:
    """The packages of a deal, each once, by id."""
    found = [package_of(line, opportunity, firm) for line in opportunity.lines]
    return sorted({one.id: one for one in found if one is not None}.values(), key=lambda one: one.id)


def with_package_terms(opportunity: Opportunity, firm: Firm) -> Opportunity:
    """The deal with the terms its packages agree on where it has none itself."""
    packages = packages_of(opportunity, firm)
    given = {name: {getattr(one, name) for one in packages} - {None} for name in TERMS}
    found = {name: values.pop() for name, values in given.items() if len(values) == 1}
    return opportunity.model_copy(
        update={name: value for name, value in found.items() if not getattr(opportunity, name)}
    )


def with_contract_terms(opportunity: Opportunity, contract: ContractVersion) -> Opportunity:
    """The deal with its contract's terms where it has none itself: a newer catalogue changes no running contract."""
    if not any(line.package for line in contract.lines):
        return opportunity
    return opportunity.model_copy(
        update={name: getattr(contract, name) for name in TERMS if not getattr(opportunity, name)}
    )


def hours_of(package: ServicePackage, task: PackageTask, quantity: Decimal) -> Decimal:
    """The hours of a task for a quantity of its package."""
    return (task.hours.hours(quantity) * package.hours_factor).quantize(CENT_HOURS)


def work_of(package: ServicePackage, quantity: Decimal) -> list[tuple[PackagePhase, PackageTask, Decimal]]:
    """The tasks a quantity of the package needs, with their hours."""
    every = [(phase, task, hours_of(package, task, quantity)) for phase in package.phase for task in phase.task]
    return [one for one in every if one[2] > 0]


def roles_of(package: ServicePackage) -> list[str]:
    """The roles that do its work."""
    return sorted({task.role for phase in package.phase for task in phase.task})


def has_work(package: ServicePackage, quantity: Decimal) -> bool:
    """Whether a quantity of the package is any work at all."""
    return bool(work_of(package, quantity))


def list_price(package: ServicePackage, quantity: Decimal, currency: str, firm: Firm) -> Decimal | None:
    """What the catalogue asks for a quantity; None when it has no price in the currency."""
    if package.price is None or package.price.method != "role_rates":
        return package.price.amount(currency, quantity) if package.price else None
    rates = [(firm.standard_rate(task.role, currency), hours) for _, task, hours in work_of(package, quantity)]
    known = [rate * hours for rate, hours in rates if rate is not None]
    return sum(known, Decimal(0)) if len(known) == len(rates) else None


def expand(
    opportunity: Opportunity, line: OpportunityLine, package: ServicePackage, contract_id: str, firm: Firm
) -> tuple[ContractLine, ...]:
    """A contract line for each task, whose amounts add up to what was quoted, in proportion to the standard rates.

    Ids follow from the quoted line and the task alone. The terms must be complete (`lacks` returned nothing).
    """
    currency, work = str(opportunity.currency), work_of(package, line.quantity)
    quoted = Money(amount=line.amount, currency=currency).rounded()
    standard = [firm.standard_rate(task.role, currency) or Decimal(1) for _, task, _ in work]
    listed = sum((rate * hours for rate, (_, _, hours) in zip(standard, work, strict=True)), Decimal(0))
    by_time = opportunity.billing_method in PRICED_BY_TIME
    use = PackageUse(
        id=package.id, version=package.version, sku=str(line.product_code), quantity=line.quantity, line=line.id
    )
    shares = quoted.split([rate * hours for rate, (_, _, hours) in zip(standard, work, strict=True)])
    return tuple(
        ContractLine(
            id=derived("contract_line", contract_id, line.id, phase.name, task.name),
            workstream=phase.name,
            description=task.name,
            role=task.role,
            hours=hours,
            rate=rounded(rate * quoted.amount / listed, currency) if by_time else None,
            amount=share,
            delivering_entity=line.delivering_entity or str(opportunity.legal_entity),
            package=use,
            skills=task.skills,
            **phase_dates(opportunity, phase),
        )
        for (phase, task, hours), rate, share in zip(work, standard, shares, strict=True)
    )


def phase_dates(opportunity: Opportunity, phase: PackagePhase) -> dict[str, date]:
    """When a phase begins and ends, within the contract."""
    assert opportunity.start_date is not None
    assert opportunity.end_date is not None
    starts = _after(opportunity.start_date, phase.starts_after_days, opportunity.end_date)
    ends = opportunity.end_date if phase.days is None else _after(starts, phase.days - 1, opportunity.end_date)
    return {"start_date": starts, "end_date": ends}


def _after(day: date, days: int, end: date) -> date:
    """So many days later, but not after the end."""
    return end if days >= (end - day).days else day + timedelta(days=days)


def invoice_plan(
    opportunity: Opportunity, line: OpportunityLine, firm: Firm, contract_id: str
) -> list[BillingScheduleItem]:
    """The milestones of the package a line sells; they add up to what was quoted. None for work priced by time."""
    package = package_of(line, opportunity, firm)
    if package is None or opportunity.billing_method in PRICED_BY_TIME or not package.milestone:
        return []
    assert opportunity.start_date is not None
    assert opportunity.end_date is not None
    start, end = opportunity.start_date, opportunity.end_date
    quoted = Money(amount=line.amount, currency=str(opportunity.currency)).rounded()
    items = []
    for one, amount in zip(package.milestone, quoted.split([one.share for one in package.milestone]), strict=True):
        milestone = derived("milestone", contract_id, line.id, one.name)
        due = end if one.after_days is None else _after(start, one.after_days, end)
        items.append(
            BillingScheduleItem(
                id=milestone,
                name=f"{package.name}: {one.name}",
                amount=amount,
                due_on=due,
                milestone_id=milestone,
                delivering_entity=line.delivering_entity or opportunity.legal_entity,
            )
        )
    return items


def count_periods(start: date, end: date, period: Period) -> int:
    """How many calendar periods a time touches."""
    return _number(end, period) - _number(start, period) + 1


def _number(day: date, period: Period) -> int:
    return (day.year * 12 + day.month - 1) // MONTHS[period]


def subscription_of(
    opportunity: Opportunity, line: OpportunityLine, firm: Firm, contract_id: str
) -> Subscription | None:
    """The subscription a line sells: as many whole periods as were quoted, so that they add up to the quote."""
    package = package_of(line, opportunity, firm)
    if package is None or package.subscription is None or opportunity.billing_method in PRICED_BY_TIME:
        return None
    assert opportunity.start_date is not None
    assert opportunity.end_date is not None
    period, months = package.subscription.period, MONTHS[package.subscription.period]
    after = (_number(opportunity.start_date, period) + int(line.quantity)) * months
    last = opportunity.end_date
    ends_on = date(after // 12, after % 12 + 1, 1) - timedelta(days=1) if after // 12 <= last.year else last
    return Subscription(
        id=derived("milestone", contract_id, line.id, "subscription"),
        name=package.name,
        price=line.unit_price,
        period=period,
        in_advance=package.subscription.in_advance,
        proration="none",
        start_date=opportunity.start_date,
        end_date=min(ends_on, last),
    )


def with_subscriptions(terms: BillingTerms, sold: Sequence[Subscription], currency: str) -> BillingTerms:
    """The service line's billing terms with what the deal's packages add."""
    if not sold:
        return terms
    return terms.model_copy(update={"subscriptions": (*terms.subscriptions, *sold), "currency": currency})


def package_deviations(opportunity: Opportunity, largest_discount: Decimal, firm: Firm) -> list[str]:
    """Where packages are sold otherwise than the catalogue says: a price far below the list, another billing method."""
    found = []
    for line in opportunity.lines:
        package = package_of(line, opportunity, firm)
        if package is None:
            continue
        listed = list_price(package, line.quantity, str(opportunity.currency), firm)
        if listed and line.amount < listed * (1 - largest_discount):
            told = Money(amount=listed, currency=str(opportunity.currency))
            quoted = Money(amount=line.amount, currency=str(opportunity.currency))
            found.append(f"{package.name} at {quoted} instead of {told}")
        if package.billing_method not in (None, opportunity.billing_method):
            found.append(f"{package.name} by {opportunity.billing_method} instead of {package.billing_method}")
    return found


def dimensions_of(packages: Sequence[ServicePackage], template: dict[str, str]) -> dict[str, str]:
    """The template's dimensions, with those of the packages over them."""
    found = dict(template)
    for package in packages:
        found |= package.dimensions
    return found


def revenue_method_of(packages: Sequence[ServicePackage], billing_method: str, otherwise: str) -> str:
    """How revenue is recognised: as packages sold in their own way say, else as the service line."""
    given = {one.revenue_method if one.billing_method in (None, billing_method) else None for one in packages}
    return given.pop() or otherwise if len(given) == 1 else otherwise
