"""What a deal still lacks to become a contract: all of it at once, each with its field and what mends it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

from tieline.billing.own_terms import BadTerms
from tieline.flows.packages import (
    PRICED_BY_TIME,
    count_periods,
    expand,
    has_work,
    package_of,
    packages_of,
    roles_of,
    with_package_terms,
)
from tieline.flows.terms import agreed_billing
from tieline.model.customer import Customer
from tieline.model.firm import Firm
from tieline.model.money import LARGEST, rounded
from tieline.model.opportunity import Opportunity, OpportunityLine
from tieline.model.service_package import MOST_HOURS, ServicePackage
from tieline.sdk.errors import ExceptionKind

BILLING_METHODS = ("time_and_materials", "fixed_price", "milestone", "retainer")
TAX_TREATMENTS = ("standard", "reverse_charge", "exempt")
UNKNOWN_SKU = "lines.product_code"
"""The field of the exception that names a SKU nobody knows; its key is the SKU."""
MOST_LINES = 1_000
"""Of a contract; each becomes a task and a request in other systems."""
NEEDED = {
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


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that keeps a deal from becoming a contract. `key`: the code that is in no list of the firm."""

    field: str
    message: str
    suggestion: str
    kind: ExceptionKind = "missing_field"
    key: str | None = None


def no_customer() -> Lack:
    """A deal without a buyer."""
    return Lack("customer", "it has no customer", "Choose the customer.")


def missing_terms(opportunity: Opportunity, customer: Customer, firm: Firm) -> list[str]:
    """What keeps a deal from becoming a contract, all at once, in words sales understands."""
    return [lack.message for lack in lacks(opportunity, customer, firm)]


def lacks(quoted: Opportunity, customer: Customer, firm: Firm) -> list[Lack]:
    """What keeps a deal from becoming a contract, all at once; nothing when `draft_contract` can be called."""
    opportunity = with_package_terms(quoted, firm)
    found = [
        Lack(name, f"{what} is missing", _choices(name, firm) or "Fill it in on the opportunity.")
        for name, what in NEEDED.items()
        if not getattr(opportunity, name)
    ]
    found += _unknown_values(opportunity, firm)
    if not customer.tax_nexus:
        words = f"customer '{customer.name}' has no tax nexus"
        found.append(Lack("customer.tax_nexus", words, "Fill it in on the customer: a country or US-CA."))
    if opportunity.start_date and opportunity.end_date and opportunity.end_date < opportunity.start_date:
        found.append(Lack("end_date", "the end date lies before the start date", "Correct one of the two."))
    if not opportunity.lines:
        found.append(Lack("lines", "it has no service packages or estimates", "Add the products that are sold."))
    if len(opportunity.lines) > MOST_LINES:
        words = f"it has {len(opportunity.lines):,} lines, and a contract holds at most {MOST_LINES:,}"
        return [*found, Lack("lines", words, "Sum up lines of the same work, or sell it in several deals.")]
    for line in opportunity.lines:
        found += _of_line(line, firm, opportunity.currency)
    if sum(abs(line.amount) for line in opportunity.lines) >= LARGEST:
        found.append(Lack("lines", "its lines come to more than a contract can hold", "Correct quantities and prices."))
    elif firm.catalog:
        found += _of_packages(opportunity, firm)
    found += _of_billing_terms(opportunity, firm)
    return [*found, *_of_all_lines(opportunity, firm, complete=not found)]


def _of_billing_terms(opportunity: Opportunity, firm: Firm) -> Iterator[Lack]:
    """The terms of the service line must fit the deal: the currency, and one way of billing for each role."""
    template = firm.service_line(opportunity.service_line)
    if template is None:
        return
    try:
        terms = agreed_billing(opportunity, template)
    except BadTerms as error:
        for reason in error.reasons:
            words = f"its billing terms cannot be used: {reason}"
            yield Lack("billing_terms", words, "Correct the billing terms on the opportunity.")
        return
    if terms.currency and opportunity.currency and terms.currency != opportunity.currency:
        whose = "its billing terms" if opportunity.billing_terms else f"the billing terms of '{template.id}'"
        words = f"{whose} are in {terms.currency}, the deal in {opportunity.currency}"
        yield Lack("currency", words, f"Sell it in {terms.currency}, or give the currency a service line of its own.")
    ways: dict[str, set[str]] = {}
    for line in opportunity.lines:
        if line.role and line.workstream:
            ways.setdefault(line.role, set()).add(terms.methods.get(line.workstream, str(opportunity.billing_method)))
    for role, found in ways.items():
        if len(found) > 1:
            words = f"role '{role}' would be billed in two ways ({', '.join(sorted(found))})"
            yield Lack("lines", words, "Give the work that is billed otherwise a role of its own.")


def _choices(name: str, firm: Firm) -> str | None:
    known = {
        "legal_entity": [entity.id for entity in firm.legal_entities],
        "service_line": [line.id for line in firm.service_lines],
        "billing_method": list(BILLING_METHODS),
        "tax_treatment": list(TAX_TREATMENTS),
    }
    return f"Choose one of {', '.join(known[name])}." if name in known else None


def nearest(word: str, known: list[str]) -> list[str]:
    """The known words a mistyped one may have meant, the nearest first."""
    folded = {one.casefold(): one for one in known}
    return [folded[one] for one in get_close_matches(word.casefold(), list(folded), n=3, cutoff=0.5)]


def _instead(word: str, name: str, firm: Firm, known: list[str]) -> str:
    close = nearest(word, known)
    return f"Did you mean {' or '.join(close)}?" if close else _choices(name, firm) or "Choose a known one."


def _unknown_values(opportunity: Opportunity, firm: Firm) -> Iterator[Lack]:
    entity = firm.legal_entity(opportunity.legal_entity)
    if opportunity.legal_entity and entity is None:
        known = [one.id for one in firm.legal_entities]
        words = f"legal entity '{opportunity.legal_entity}' is not one of the firm's"
        yield Lack("legal_entity", words, _instead(opportunity.legal_entity, "legal_entity", firm, known))
    if entity and opportunity.currency and not entity.bills_in(opportunity.currency):
        words = f"{entity.name} does not bill in currency '{opportunity.currency}'"
        yield Lack("currency", words, f"Choose one of {', '.join((entity.currency, *entity.currencies))}.")
    if opportunity.service_line and firm.service_line(opportunity.service_line) is None:
        known = [one.id for one in firm.service_lines]
        words = f"service line '{opportunity.service_line}' has no template"
        yield Lack("service_line", words, _instead(opportunity.service_line, "service_line", firm, known))
    for name, what, listed in (
        ("billing_method", "billing method", BILLING_METHODS),
        ("tax_treatment", "tax treatment", TAX_TREATMENTS),
    ):
        value = getattr(opportunity, name)
        if value and value not in listed:
            yield Lack(name, f"{what} '{value}' is unknown", _instead(value, name, firm, list(listed)))


def _of_line(line: OpportunityLine, firm: Firm, currency: str | None) -> Iterator[Lack]:
    name = named(line)
    if line.quantity <= 0:
        words = f"'{name}' has the quantity {line.quantity}; it must be more than zero"
        yield Lack("lines.quantity", words, "Correct the quantity, or remove the line.")
    if line.unit_price < 0:
        yield Lack("lines.unit_price", f"'{name}' has a negative price", "Put discounts into the sales price.")
    if line.delivering_entity and firm.legal_entity(line.delivering_entity) is None:
        known = [one.id for one in firm.legal_entities]
        words = f"'{name}' is delivered by '{line.delivering_entity}', which is not one of the firm's entities"
        yield Lack("lines.delivering_entity", words, _instead(line.delivering_entity, "legal_entity", firm, known))
    if line.role and currency:
        yield from _unknown_role(line.role, currency, firm)


def _unknown_role(role: str, currency: str, firm: Firm) -> Iterator[Lack]:
    if firm.standard_rates and firm.standard_rate(role, currency) is None:
        close = nearest(role, sorted({row.role for row in firm.standard_rates if row.role and row.role != role}))
        told = f"Did you mean {' or '.join(close)}?" if close else "Add its rate to the firm's standard rates."
        yield Lack("lines.role", f"role '{role}' has no standard rate in {currency}", told)


def _of_packages(opportunity: Opportunity, firm: Firm) -> Iterator[Lack]:
    sold = packages_of(opportunity, firm)
    for line in opportunity.lines:
        package = package_of(line, opportunity, firm)
        if package is not None:
            yield from _of_package(line, package, opportunity, sold, firm)
        elif not line.role and line.product_code and line.product_code not in firm.as_quoted:
            yield unknown_sku(line.product_code, firm)
    for name in sorted({name for package in sold for name in package.dimensions}):
        values = {package.dimensions[name] for package in sold if name in package.dimensions}
        if len(values) > 1:
            words = f"its packages want different values of the dimension {name}: {', '.join(sorted(values))}"
            yield Lack("lines", words, "Sell them in deals of their own, or give them one value in the catalogue.")


def unknown_sku(sku: str, firm: Firm) -> Lack:
    """A SKU that stands for nothing, with the packages it may have meant."""
    by_sku = {one: package for package in firm.catalog for one in package.sku}
    close = nearest(sku, list(by_sku)) or sorted(by_sku)[:3]
    told = ", ".join(f"{one} ({by_sku[one].name})" for one in close)
    return Lack(
        UNKNOWN_SKU,
        f"SKU '{sku}' is in no service package of the catalogue; the nearest are {told}",
        "Correct the product in the CRM, or add the SKU to the catalogue of the site.",
        "mapping",
        sku,
    )


def _of_package(
    line: OpportunityLine, package: ServicePackage, opportunity: Opportunity, sold: list[ServicePackage], firm: Firm
) -> Iterator[Lack]:
    closed: date | None = opportunity.close_date
    if package.retired_on and (closed is None or closed > package.retired_on):
        words = f"'{package.name}' is not sold any more since {package.retired_on}"
        yield Lack("lines.product_code", words, "Quote the package that took its place.")
    lacking = [name for name in package.depends_on if name not in {one.id for one in sold}]
    if lacking:
        names = " and ".join(one.name for one in firm.catalog if one.id in lacking)
        words = f"'{package.name}' is not sold without {names}"
        yield Lack("lines", words, f"Add {names} to the deal.")
    if line.quantity >= MOST_HOURS:
        words = f"'{package.name}' is quoted {line.quantity:,f} times, more than a package can hold"
        yield Lack("lines.quantity", words, "Correct the quantity.")
        return
    tasks = [task for phase in package.phase for task in phase.task]
    if line.quantity > 0 and not all(task.hours.covers(line.quantity) for task in tasks):
        words = f"'{package.name}' has no effort for the quantity {line.quantity.normalize():f}"
        yield Lack("lines.quantity", words, "Quote a smaller quantity, or add a band to the package.")
    elif line.quantity > 0 and not has_work(package, line.quantity):
        words = f"'{package.name}' is no work at all for the quantity {line.quantity.normalize():f}"
        yield Lack("lines.quantity", words, "Correct the quantity, or the hours of the package.")
    yield from _of_subscription(line, package, opportunity)
    for role in roles_of(package) if opportunity.currency else ():
        yield from _unknown_role(role, str(opportunity.currency), firm)


def _of_subscription(line: OpportunityLine, package: ServicePackage, opportunity: Opportunity) -> Iterator[Lack]:
    """Its quantity counts whole periods of the contract, each at a price that can be billed."""
    start, end, currency = opportunity.start_date, opportunity.end_date, opportunity.currency
    plan = None if opportunity.billing_method in PRICED_BY_TIME else package.subscription
    if plan is None or not (start and end and currency) or line.quantity <= 0:
        return
    there = count_periods(start, end, plan.period)
    if line.quantity > there or line.quantity != line.quantity.to_integral_value():
        wanted = f"{line.quantity.normalize():f} {plan.period}s"
        words = f"'{package.name}' is quoted for {wanted}, the contract runs over {there}"
        yield Lack("lines.quantity", words, "Quote whole periods, as many as the contract has at most.")
    if line.unit_price != rounded(line.unit_price, currency):
        words = f"'{package.name}' costs {line.unit_price} a {plan.period}, which cannot be billed"
        yield Lack("lines.unit_price", words, f"Round it to the digits of {currency}.")


def _of_all_lines(opportunity: Opportunity, firm: Firm, *, complete: bool) -> Iterator[Lack]:
    """A rate card knows one price of a role on a project: what time is worth must not be a guess."""
    prices: dict[tuple[str, str | None], set[Decimal]] = {}
    for line in opportunity.lines:
        package = package_of(line, opportunity, firm)
        if line.role:
            prices.setdefault((line.role, line.delivering_entity), set()).add(line.unit_price)
        elif package and complete and opportunity.billing_method in PRICED_BY_TIME:
            for part in expand(opportunity, line, package, "", firm):
                assert part.role is not None
                assert part.rate is not None
                prices.setdefault((part.role, line.delivering_entity), set()).add(part.rate)
    for (role, _), found in prices.items():
        if len(found) > 1:
            words = f"role '{role}' has several prices ({', '.join(f'{price:f}' for price in sorted(found))})"
            yield Lack("lines.unit_price", words, "Quote one price of a role, or sell it by fixed price.")


def named(line: OpportunityLine) -> str:
    """A line as people call it."""
    return line.description or line.workstream or line.product_code or "a line"
