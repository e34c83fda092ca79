"""The firm itself as its site describes it: legal entities, service lines, standard rates and people."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from tieline.model.billing_terms import BillingTerms, Part
from tieline.model.closing import ClosingRules
from tieline.model.collection import CollectionRules
from tieline.model.contract import RateCardRow, RevenueMethod
from tieline.model.cost import CostRules
from tieline.model.intercompany import TransferRule
from tieline.model.labor_terms import LaborTermsRule
from tieline.model.money import Money
from tieline.model.outlook import HealthRules, RenewalRules, WarningRules
from tieline.model.record import Owned, Record
from tieline.model.service_package import ServicePackage
from tieline.model.working_time import MissingTimeRules, WorkingTime


class LegalEntity(Record):
    """A company of the firm; `id` is its short code, e.g. `US`."""

    name: str
    country: str
    currency: str
    """Its home currency."""
    currencies: tuple[str, ...] = ()
    """Further currencies it bills in."""
    region: str | None = None
    """Groups entities in rules: `EMEA`."""
    closed_periods: Literal["ask", "next_open_period"] = "ask"
    """What becomes of time the ERP refuses because its period is closed."""
    credits: Literal["next_invoice", "memo"] = "next_invoice"
    """Where corrections go that are worth more than what is unbilled."""

    def bills_in(self, currency: str) -> bool:
        """Whether this entity may write invoices in a currency."""
        return currency == self.currency or currency in self.currencies


class ServiceLine(Record):
    """The template of one kind of work: structure, dimensions, revenue recognition and who leads delivery."""

    name: str
    opening_phases: tuple[str, ...] = ()
    """Phases every project starts with, not billable."""
    closing_phases: tuple[str, ...] = ()
    dimensions: dict[str, str] = {}
    """Financial dimensions: practice, cost_center, region …"""
    revenue_methods: dict[str, RevenueMethod] = {}
    """Billing method -> revenue recognition method."""
    billing_cycle: Literal["monthly", "as_approved"] = "monthly"
    billing: BillingTerms = BillingTerms()
    """What is agreed unless the deal says otherwise."""
    negotiable: tuple[Part, ...] = ()
    """Parts of the billing terms (caps, retainer …) a deal may agree otherwise without approval."""
    delivery_leads: tuple[str, ...] = ()
    payment_terms: tuple[str, ...] = ("NET30",)
    """Terms that need no approval."""
    largest_discount: Decimal = Decimal("0.15")
    """Share below the standard rate that needs no approval."""
    other_entities: Literal["free", "ask"] = "free"
    """Whether delivery by other entities than the one that signs needs an approval."""
    largest_change: Annotated[dict[str, Decimal], Owned("tieline", "C2")] = {}
    """By currency: what a change order may add to a contract, or take away, without approval; else no limit."""


class FxRate(Record):
    """What one unit of `base` was worth in `quote` on a day, and who says so."""

    day: date
    base: str
    quote: str
    rate: Annotated[Decimal, Owned("tieline", "C2")]
    source: str


class Person(Record):
    """Someone of the firm with a cost; `id` is the e-mail."""

    name: str
    role: str | None = None
    level: str | None = None
    location: str | None = None
    practice: str | None = None
    skills: tuple[str, ...] = ()
    legal_entity: str
    hours_per_week: Decimal | None = None
    """Of somebody who works part-time."""
    joined: date | None = None
    left: date | None = None
    """The last day."""
    cost_rate: Annotated[Decimal | None, Owned("hcm", "C3")] = None


class CostRate(Record):
    """What an hour costs from a day on: of one person, or of everybody in a role who has no rate of their own."""

    person: str | None = None
    """E-mail."""
    role: str | None = None
    legal_entity: str | None = None
    """Of a role: only in this entity."""
    cost_rate: Annotated[Decimal, Owned("hcm", "C3")]
    valid_from: date


class Firm(Record):
    """All of it; read from the site at start."""

    name: str
    legal_entities: tuple[LegalEntity, ...]
    service_lines: tuple[ServiceLine, ...]
    standard_rates: tuple[RateCardRow, ...] = ()
    people: tuple[Person, ...] = ()
    cost_rates: Annotated[tuple[CostRate, ...], Owned("hcm", "C3")] = ()
    fx_rates: tuple[FxRate, ...] = ()
    catalog: tuple[ServicePackage, ...] = ()
    as_quoted: tuple[str, ...] = ()
    """SKUs that stand for no package: their lines are taken as they are quoted."""
    readiness_stages: tuple[str, ...] = ()
    """Stages in which the CRM shows what a deal still lacks."""
    auto_link: Decimal = Decimal("0.995")
    """From this probability on two customers are one without a person; 1 never."""
    ask_from: Decimal = Decimal("0.5")
    """From this probability on a person is asked whether two customers are one."""
    stewards: dict[str, str] = {}
    """Master domain (customer, person, project …) -> the team or person that keeps it."""
    closing: ClosingRules = ClosingRules()
    collections: CollectionRules = CollectionRules()
    costs: CostRules = CostRules()
    intercompany: tuple[TransferRule, ...] = ()
    health: HealthRules = HealthRules()
    early_warning: WarningRules = WarningRules()
    renewal: RenewalRules = RenewalRules()
    working_time: WorkingTime = WorkingTime()
    missing_time: MissingTimeRules = MissingTimeRules()
    labor_terms: tuple[LaborTermsRule, ...] = ()

    def legal_entity(self, code: str | None) -> LegalEntity | None:
        """The entity of this code."""
        return next((entity for entity in self.legal_entities if entity.id == code), None)

    def service_line(self, code: str | None) -> ServiceLine | None:
        """The template of a service line."""
        return next((line for line in self.service_lines if line.id == code), None)

    def standard_rate(self, role: str, currency: str) -> Decimal | None:
        """The firm's list price of a role per hour, newest first."""
        rows = [row for row in self.standard_rates if (row.role, row.currency) == (role, currency) and row.is_general]
        return max(rows, key=lambda row: row.valid_from).rate if rows else None

    def package(self, sku: str | None) -> ServicePackage | None:
        """The package sold under a SKU."""
        return next((one for one in self.catalog if sku in one.sku), None)

    def cost_rate(self, person: str | None, day: date = date.max) -> Money | None:
        """Cost per hour of a person on a day, by e-mail, in the currency of the person's legal entity."""
        found = next((one for one in self.people if one.id == (person or "").lower()), None)
        entity = self.legal_entity(found.legal_entity) if found else None
        if found is None or entity is None:
            return None
        rate = next((rate for since, rate in self.cost_steps(found) if since <= day), None)
        return None if rate is None else Money(amount=rate, currency=entity.currency)

    def cost_steps(self, person: Person) -> list[tuple[date, Decimal]]:
        """Since when an hour of somebody costs what, the newest first: own rates before that of the role."""
        own = [(one.valid_from, one.cost_rate) for one in self.cost_rates if one.person == person.id]
        if person.cost_rate is not None:
            return [*sorted(own, reverse=True), (date.min, person.cost_rate)]
        first = min((since for since, _ in own), default=date.max)
        of_role = [one for one in self.cost_rates if one.role is not None and one.role == person.role]
        near = [one for one in of_role if one.legal_entity == person.legal_entity]
        wide = near or [one for one in of_role if one.legal_entity is None]
        return sorted(
            [*own, *((one.valid_from, one.cost_rate) for one in wide if one.valid_from < first)], reverse=True
        )
