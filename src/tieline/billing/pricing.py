"""Pricing: what one approved time entry or expense is worth under the contract of its project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from msgspec import Struct

from tieline.billing.cause import Cause
from tieline.billing.fx import Conversion, FxRates
from tieline.billing.rate_card import RateCard
from tieline.model.billing_terms import ExpenseTerms
from tieline.model.contract import BillingMethod
from tieline.model.money import rounded
from tieline.model.transaction import Disposition, Kind

ZERO = Decimal(0)
SIXTY = Decimal(60)
MINUTES_A_DAY = Decimal(1440)
SATURDAY = 5
EXPENSE_ITEM = "expense"
_DISPOSITIONS: dict[BillingMethod, Disposition] = {
    "time_and_materials": "billable",
    "fixed_price": "fixed_price",
    "milestone": "fixed_price",
    "retainer": "retainer",
}


class Priceable(Protocol):
    """What pricing asks of a line; `quantity` is minutes for time, 1 for an expense that cost `amount`."""

    @property
    def kind(self) -> Kind: ...
    @property
    def source_id(self) -> str: ...
    @property
    def role(self) -> str | None: ...
    @property
    def work_date(self) -> date: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def billable(self) -> bool: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def amount(self) -> Decimal | None: ...
    @property
    def attributes(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class PersonTerms:
    """A person as pricing knows one: e-mail, usual role, and cost per hour in a currency."""

    email: str
    role: str | None
    costs: Sequence[tuple[date, Decimal]]
    """Since when an hour costs what, the newest first."""
    cost_currency: str | None
    level: str | None = None
    location: str | None = None

    def cost_on(self, day: date) -> Decimal | None:
        """What an hour of a day costs."""
        for since, rate in self.costs:
            if since <= day:
                return rate
        return None


@dataclass(frozen=True, slots=True)
class Terms:
    """What counts for the lines of one project under one version of its contract: dates, method and rates."""

    project_id: str
    project_code: str
    contract_id: str
    contract_version: int
    legal_entity: str
    currency: str
    billing_method: BillingMethod
    start_date: date
    end_date: date
    rates: RateCard
    methods: Mapping[str, BillingMethod] = field(default_factory=dict)
    """Role -> how its work is billed, where that is not the contract's method."""
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    """On the rate of work at a weekend, on a weekday, or overtime."""
    expenses: ExpenseTerms = field(default_factory=ExpenseTerms)
    fx: FxRates = field(default_factory=FxRates)


class Priced(Struct, frozen=True, gc=False):
    """The worth of a line; for time `rate` is per hour. Lines a fixed price covers have their value all the same."""

    role: str | None
    currency: str
    rate: Decimal
    amount: Decimal
    disposition: Disposition
    item_code: str
    rate_rule: str
    contract_version: int
    cost_rate: Decimal | None
    cost_currency: str | None


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A line that waits for a person."""

    cause: Cause


def price(terms: Terms, line: Priceable, person: PersonTerms | None) -> Priced | Unpriced:
    """Rate, amount (rounded once), disposition and the rule that says why."""
    if not terms.start_date <= line.work_date <= terms.end_date:
        return Unpriced(_outside_contract(terms, line))
    return _expense(terms, line) if line.kind == "expense" else _time(terms, line, person)


def _time(terms: Terms, line: Priceable, person: PersonTerms | None) -> Priced | Unpriced:
    if not ZERO < line.quantity <= MINUTES_A_DAY:
        return Unpriced(_odd_quantity(terms, line))
    role = line.role or (person.role if person else None)
    if role is None:
        return Unpriced(_no_role(terms, line, person))
    method = terms.methods.get(role, terms.billing_method) if terms.methods else terms.billing_method
    disposition = _DISPOSITIONS[method] if line.billable else "non_billable"
    rate = terms.rates.find(role, person, line.work_date) if line.billable else None
    if rate is None and disposition == "billable":
        return Unpriced(_no_rate(terms, line, role))
    if rate is None:
        hourly, amount, rule = ZERO, ZERO, disposition.replace("_", " ")
    else:
        hourly, rule = rate.amount, rate.rule
        if terms.factors:
            hourly, rule = _at_its_time(terms, line, hourly, rule)
        amount = rounded(line.quantity * hourly / SIXTY, terms.currency)
    return Priced(
        role=role,
        currency=terms.currency,
        rate=hourly,
        amount=amount,
        disposition=disposition,
        item_code=role,
        rate_rule=rule,
        contract_version=terms.contract_version,
        cost_rate=person.cost_on(line.work_date) if person else None,
        cost_currency=person.cost_currency if person else None,
    )


def _at_its_time(terms: Terms, line: Priceable, hourly: Decimal, rule: str) -> tuple[Decimal, str]:
    """The rate of work outside the usual hours; overtime counts before the day of the week."""
    when = "weekend" if line.work_date.weekday() >= SATURDAY else "weekday"
    if line.attributes.get("overtime") and "overtime" in terms.factors:
        when = "overtime"
    factor = terms.factors.get(when)
    return (hourly, rule) if factor is None else (hourly * factor, f"{rule} x {factor} ({when})")


def _expense(terms: Terms, line: Priceable) -> Priced | Unpriced:
    if line.amount is None or line.amount == 0:
        return Unpriced(
            Cause(
                kind="missing_field",
                field="amount",
                key=line.source_id,
                legal_entity=terms.legal_entity,
                message=f"An expense on {terms.project_code} of {line.work_date} has no amount",
                owner="delivery",
                suggestion="Correct the expense where it was entered.",
            )
        )
    agreed, billable = terms.expenses, line.billable and terms.expenses.billable
    factor = 1 + agreed.markup_of(line.attributes.get("category"))
    charged, rule = ZERO, "non billable" if not line.billable else "expenses are covered by the contract"
    if billable and line.currency == terms.currency:
        charged, rule = line.amount * factor, f"cost {line.currency} {line.amount} x {factor}"
    elif billable or line.currency is None:
        rate = _conversion(terms, line)
        if rate is None:
            return Unpriced(_wrong_currency(terms, line))
        charged = line.amount * rate.rate * factor
        rule = f"cost {line.currency} {line.amount} x {rate.rate} ({rate.words}) x {factor}"
    charged = rounded(charged, terms.currency)
    return Priced(
        role=None,
        currency=terms.currency,
        rate=charged,
        amount=charged,
        disposition="billable" if billable else "non_billable",
        item_code=EXPENSE_ITEM,
        rate_rule=rule,
        contract_version=terms.contract_version,
        cost_rate=line.amount,
        cost_currency=line.currency,
    )


def _conversion(terms: Terms, line: Priceable) -> Conversion | None:
    """By the rate the contract fixes, else by the site's of the day; none where the contract says stop."""
    if line.currency is None:
        return None
    fixed = terms.expenses.fx_rates.get(line.currency)
    if fixed is not None:
        return Conversion(fixed, "fixed by the contract")
    return terms.fx.find(line.currency, terms.currency, line.work_date) if terms.expenses.fx == "site" else None


def _outside_contract(terms: Terms, line: Priceable) -> Cause:
    early = line.work_date < terms.start_date
    when = (
        f"before its contract starts on {terms.start_date}"
        if early
        else f"after its contract ended on {terms.end_date}"
    )
    return Cause(
        kind="business_rule",
        field="work_date",
        key=f"{terms.project_id}:{'before' if early else 'after'}",
        legal_entity=terms.legal_entity,
        message=f"{_WORK.get(line.kind, 'Work')} on {terms.project_code} is dated {when}",
        owner="sales",
        suggestion="Extend the contract with a change order, or correct the date where it was entered.",
    )


_WORK: dict[str, str] = {"time": "Time", "expense": "An expense"}


def _odd_quantity(terms: Terms, line: Priceable) -> Cause:
    return Cause(
        kind="business_rule",
        field="minutes",
        key=line.source_id,
        legal_entity=terms.legal_entity,
        message=f"A time entry on {terms.project_code} of {line.work_date} has {line.quantity} minutes;"
        " it must be more than none and at most a day",
        owner="delivery",
        suggestion="Correct the entry where it was made.",
    )


def _no_role(terms: Terms, line: Priceable, person: PersonTerms | None) -> Cause:
    who = person.email if person else "A person"
    return Cause(
        kind="missing_field",
        field="role",
        key=person.email if person else line.source_id,
        legal_entity=terms.legal_entity,
        message=f"{who} has no role, so time on {terms.project_code} has no rate",
        owner="resource",
        suggestion="Give the person or the time entry a role.",
    )


def _no_rate(terms: Terms, line: Priceable, role: str) -> Cause:
    return Cause(
        kind="master_data",
        field="rate",
        key=f"{terms.project_id}:{role}:{terms.currency}",
        legal_entity=terms.legal_entity,
        message=f"{role} has no {terms.currency} rate on {terms.project_code} for {line.work_date}",
        owner="finance",
        suggestion="Add the role to the contract's rate card with a change order, or to the firm's standard rates.",
    )


def _wrong_currency(terms: Terms, line: Priceable) -> Cause:
    return Cause(
        kind="business_rule",
        field="currency",
        key=f"{terms.project_id}:{line.currency}",
        legal_entity=terms.legal_entity,
        message=f"An expense on {terms.project_code} is in {line.currency or 'no currency'},"
        f" the contract bills in {terms.currency}",
        owner="finance",
        suggestion="Enter the expense in the currency of the contract, or add the rate of its day to values/fx.csv.",
    )
