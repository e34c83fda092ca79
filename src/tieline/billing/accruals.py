"""What of a contract is earned, billed, accrued and deferred on a day, by obligation; the ERP stays the record. Pure.

Work is earned as delivered, a fixed price as the contract's revenue method says, fees of retainers and subscriptions
by the days they are for. An obligation has earned more than was billed (accrued) or less (deferred), never both.
When the engagement is over, all that was billed is earned, but what the customer gets back.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Literal

from tieline.billing.facts import SIXTY, ZERO, Reading, Timeline, Work, unique
from tieline.billing.limits import cap_charges
from tieline.billing.progress import done, price_of, progress_charges
from tieline.billing.proration import by_days
from tieline.billing.retainer import earned_fees
from tieline.billing.subscription import earned_subscription
from tieline.billing.usage import usage_charges
from tieline.model.billing_terms import BillingMethod
from tieline.model.contract import ContractVersion
from tieline.model.money import Money, rounded
from tieline.model.project import Project
from tieline.model.transaction import Kind

Obligation = Literal["work", "fixed_price", "retainer", "subscription"]
FIXED: tuple[BillingMethod, ...] = ("fixed_price", "milestone")
_ONE = Decimal(1)
_OF_KIND: Mapping[Kind, Obligation] = {
    "milestone": "fixed_price",
    "progress": "fixed_price",
    "retainer": "retainer",
    "subscription": "subscription",
}
_OF_METHOD: Mapping[BillingMethod, Obligation] = {
    "time_and_materials": "work",
    "fixed_price": "fixed_price",
    "milestone": "fixed_price",
    "retainer": "retainer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Approved and priced lines of a project that need not be told apart: all of a kind and disposition up to a day."""

    project_id: str
    kind: Kind
    disposition: str
    source: str = ""
    """The milestone."""
    day: date
    amount: Decimal
    minutes: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What invoices that were released by a day hold of a project."""

    project_id: str
    kind: Kind
    part: str = ""
    """The subscription."""
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueFacts:
    """What is known of one contract."""

    timeline: Timeline
    projects: tuple[Project, ...]
    delivered: tuple[Delivered, ...]
    issued: tuple[Issued, ...]
    work: tuple[Work, ...] = ()
    """Line by line, where limits, retainers or progress depend on it."""
    readings: tuple[Reading, ...] = ()
    passed: Mapping[str, Decimal]
    """Cap -> the value above it that people approved."""
    over_since: date | None = None
    """The day the engagement was closed, or its deal withdrawn: fees go no further."""
    finished: bool = False
    """It was closed, all its work done and billed."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an amount belongs to: an obligation of a project; `part` is the subscription."""

    project_id: str
    obligation: Obligation
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """An obligation from one day to another. `opening` and `closing` above zero are accrued, below zero deferred."""

    place: Place
    method: str
    """How it is earned."""
    opening: Decimal
    earned: Decimal
    """In between, as `billed`."""
    billed: Decimal
    earned_to_date: Decimal
    billed_to_date: Decimal

    @property
    def closing(self) -> Decimal:
        """Earned to date, less what was billed to date."""
        return self.earned_to_date - self.billed_to_date

    @property
    def accrued(self) -> Decimal:
        """Earned and not billed."""
        return max(ZERO, self.closing)

    @property
    def deferred(self) -> Decimal:
        """Billed and not earned."""
        return max(ZERO, -self.closing)


def accruals(facts: RevenueFacts, since: date, until: date) -> list[Accrual]:
    """Every obligation of a contract, from the end of `since` to the end of `until`."""
    earned_before, earned_now = earned(facts, since), earned(facts, until)
    billed_before, billed_now = billed(facts, since), billed(facts, until)
    places = {*earned_before, *earned_now, *billed_before, *billed_now}
    return [
        Accrual(
            place=place,
            method=_method(facts.timeline.at(until), place.obligation),
            opening=earned_before[place] - billed_before[place],
            earned=earned_now[place] - earned_before[place],
            billed=billed_now[place] - billed_before[place],
            earned_to_date=earned_now[place],
            billed_to_date=billed_now[place],
        )
        for place in sorted(places, key=lambda one: (one.project_id, one.obligation, one.part))
    ]


def _method(version: ContractVersion, obligation: Obligation) -> str:
    if obligation == "fixed_price":
        return version.revenue_method
    return "as_delivered" if obligation == "work" else "by_days"


def billed(facts: RevenueFacts, at: date) -> dict[Place, Decimal]:
    """What released invoices hold by the end of a day."""
    methods, found = _methods(facts), _sums()
    for one in facts.issued:
        if one.day <= at:
            found[Place(one.project_id, _obligation(one.kind, methods[one.project_id]), one.part)] += one.amount
    return found


def earned(facts: RevenueFacts, at: date) -> dict[Place, Decimal]:
    """What is earned by the end of a day."""
    found = _sums()
    last = min(at, facts.over_since or at)
    for place, amount in chain(_work(facts, at), _fixed_prices(facts, last), _fees(facts, last)):
        found[place] += amount
    over = facts.finished and facts.over_since is not None and facts.over_since <= at
    return _settled(facts, found, at) if over else found


def _settled(facts: RevenueFacts, earned_before: Mapping[Place, Decimal], at: date) -> dict[Place, Decimal]:
    """From the close on nothing more is delivered or billed; only a retainer's rest may be owed to the customer."""
    retainer = facts.timeline.newest.billing_terms.retainer
    owed = retainer is not None and retainer.remainder != "forfeit"
    kept = {place: amount for place, amount in earned_before.items() if owed and place.obligation == "retainer"}
    return defaultdict(Decimal, billed(facts, at) | kept)


def _sums() -> dict[Place, Decimal]:
    return defaultdict(Decimal)


def _methods(facts: RevenueFacts) -> dict[str, BillingMethod]:
    return {project.id: project.billing_method for project in facts.projects}


def _obligation(kind: Kind, method: BillingMethod) -> Obligation:
    """What a line of an invoice is for; an adjustment is of what its project mainly does."""
    return _OF_METHOD[method] if kind == "adjustment" else _OF_KIND.get(kind, "work")


Earned = Iterator[tuple[Place, Decimal]]


def _work(facts: RevenueFacts, at: date) -> Earned:
    """Time, expenses and usage as delivered, less what lies above limits; adjustments count with what they adjust."""
    methods = _methods(facts)
    for one in facts.delivered:
        counts = one.disposition == "billable" and one.kind in ("time", "expense", "adjustment")
        if counts and one.day <= at:
            yield Place(one.project_id, _obligation(one.kind, methods[one.project_id])), one.amount
    until = [one for one in facts.work if one.day <= at]
    for charge in (
        *cap_charges(facts.timeline, until, at, facts.passed),
        *usage_charges(facts.timeline, facts.readings, at),
    ):
        yield Place(charge.project_id, "work"), charge.amount


def _fees(facts: RevenueFacts, at: date) -> Earned:
    """Fees by the days they are for, and what is used above a retainer."""
    timeline = facts.timeline
    for project, amount in earned_fees(timeline, [one for one in facts.work if one.day <= at], at):
        yield Place(project, "retainer"), amount
    agreed = (one.id for _, version in timeline.versions for one in version.billing_terms.subscriptions)
    for subscription in unique(agreed):
        yield Place(timeline.lead, "subscription", subscription), earned_subscription(timeline, subscription, at)


def _fixed_prices(facts: RevenueFacts, at: date) -> Earned:
    """By progress, evenly over the term, or when milestones are accepted and progress is billed."""
    version = facts.timeline.at(at)
    match version.revenue_method:
        case "straight_line":
            return _straight_line(facts, version, at)
        case "percent_complete":
            return chain(_progressed(facts, version, at), _by_hours(facts, version, at))
    return chain(_accepted(facts, at), _progress_due(facts, at))


def _accepted(facts: RevenueFacts, at: date) -> Earned:
    for one in facts.delivered:
        if one.kind == "milestone" and one.day <= at:
            yield Place(one.project_id, "fixed_price"), one.amount


def _progress_due(facts: RevenueFacts, at: date) -> Earned:
    for charge in progress_charges(facts.timeline, facts.work, facts.readings, at):
        yield Place(charge.project_id, "fixed_price"), charge.amount


def _straight_line(facts: RevenueFacts, version: ContractVersion, at: date) -> Earned:
    prices = _scheduled(facts, version)
    for terms in version.billing_terms.progress:
        prices[facts.timeline.lead] += price_of(terms, version)
    for project, price in prices.items():
        whole = Money(amount=price, currency=version.currency)
        yield Place(project, "fixed_price"), by_days(whole, version.start_date, version.end_date, at)


def _progressed(facts: RevenueFacts, version: ContractVersion, at: date) -> Earned:
    for terms in version.billing_terms.progress:
        start, end = terms.days(version.start_date, version.end_date)
        share = done(terms, version, facts.work, facts.readings, min(at, end)) if start <= at else ZERO
        yield Place(facts.timeline.lead, "fixed_price"), rounded(price_of(terms, version) * share, version.currency)


def _by_hours(facts: RevenueFacts, version: ContractVersion, at: date) -> Earned:
    """Hours worked of those planned; all of it once every milestone is accepted; milestones where no hours are."""
    prices, completed = _scheduled(facts, version), dict[str, Decimal]()
    for one in facts.delivered:
        if one.kind == "milestone" and one.day <= at:
            completed[one.source] = completed.get(one.source, ZERO) + one.amount
    for project in facts.projects:
        price, planned = prices[project.id], _planned_hours(version, project)
        own = [completed.get(milestone.id) for milestone in project.milestones]
        accepted = sum((amount for amount in own if amount is not None), ZERO)
        if None not in own or not planned:
            yield Place(project.id, "fixed_price"), accepted
        else:
            share = min(_ONE, _hours(facts, project.id, at) / planned)
            yield Place(project.id, "fixed_price"), rounded(price * share, version.currency)


def _planned_hours(version: ContractVersion, project: Project) -> Decimal:
    own = (line for line in version.lines if line.delivering_entity == project.legal_entity)
    return sum((line.hours for line in own if (line.billing_method or version.billing_method) in FIXED), ZERO)


def _hours(facts: RevenueFacts, project_id: str, at: date) -> Decimal:
    covered = (one for one in facts.delivered if one.project_id == project_id and one.disposition == "fixed_price")
    return sum((one.minutes for one in covered if one.day <= at), ZERO) / SIXTY


def _scheduled(facts: RevenueFacts, version: ContractVersion) -> dict[str, Decimal]:
    """Project -> what its billing schedule bills under a version."""
    owners = {milestone.id: project.id for project in facts.projects for milestone in project.milestones}
    found: dict[str, Decimal] = defaultdict(Decimal)
    for item in version.billing_schedule.items:
        found[owners.get(item.milestone_id or "", facts.timeline.lead)] += item.amount.amount
    return found
