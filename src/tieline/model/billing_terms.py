"""What a contract agrees about billing beyond rates and milestones: limits, retainers, subscriptions, usage, progress.

Without any of it a contract is billed as its method says. Amounts are in the currency of the contract.
"""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tieline.model.money import CURRENCIES
from tieline.model.record import Owned, Record

BillingMethod = Literal["time_and_materials", "fixed_price", "milestone", "retainer"]
Part = Literal[
    "methods", "blended_rate", "factors", "caps", "retainer", "subscriptions", "usage", "progress", "expenses"
]
"""What billing terms are made of."""
Period = Literal["month", "quarter", "year"]
MONTHS: dict[Period, int] = {"month": 1, "quarter": 3, "year": 12}
Amount = Annotated[Decimal, Field(ge=0, lt=Decimal(10) ** 12)]
Share = Annotated[Decimal, Field(ge=0, le=1)]
Markup = Annotated[Decimal, Field(ge=-1, le=10)]


class Dated(Record):
    """Something agreed for a time; without dates for the whole contract."""

    start_date: date | None = None
    end_date: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Dated":
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise ValueError(f"end_date {self.end_date} lies before start_date {self.start_date}")
        return self

    def days(self, start: date, end: date) -> tuple[date, date]:
        """First and last day it counts on, of a contract that runs from `start` to `end`."""
        return max(self.start_date or start, start), min(self.end_date or end, end)


class Cap(Record):
    """A limit (not-to-exceed) on what is billed: by value or by hours, of the contract or of one workstream.

    What lies above is one visible line that takes it off; `held` until a person approves it, else for good.
    """

    amount: Annotated[Amount | None, Owned("tieline", "C2")] = None
    hours: Annotated[Decimal | None, Field(ge=0)] = None
    workstream: str | None = None
    covers: Literal["work", "expenses", "all"] = "work"
    warn_at: tuple[Share, ...] = (Decimal("0.8"), Decimal(1))
    """Shares at which the leads of delivery are told."""
    above: Literal["not_billed", "held"] = "not_billed"

    @model_validator(mode="after")
    def _one_measure(self) -> "Cap":
        if (self.amount is None) == (self.hours is None):
            raise ValueError("a cap has an amount or hours, one of them")
        if self.hours is not None and self.covers != "work":
            raise ValueError("covers: expenses have no hours; give an amount")
        return self


class TopUp(Record):
    """More of a retainer, bought on a day."""

    on: date
    included: Annotated[Decimal, Field(gt=0)]
    """Hours or money, as the retainer counts."""
    fee: Annotated[Amount, Owned("tieline", "C2")]


class Retainer(Dated):
    """A fee per period that includes hours, or work up to a value; what is not used may roll over.

    Work above is billed at the overage rate, or as time and materials; with `may_go_negative` it is drawn from the
    periods to come and billed when the term ends.
    """

    fee: Annotated[Amount, Owned("tieline", "C2")]
    period: Period = "month"
    hours: Annotated[Decimal | None, Field(ge=0)] = None
    amount: Annotated[Amount | None, Owned("tieline", "C2")] = None
    in_advance: bool = True
    roll_over: Annotated[int, Field(ge=0)] | Literal["term"] = 0
    """For how many further periods what is not used stays."""
    overage_rate: Annotated[Amount | None, Owned("tieline", "C2")] = None
    """Per hour; without it what is above is billed as time and materials."""
    may_go_negative: bool = False
    proration: Literal["days", "none"] = "days"
    top_ups: tuple[TopUp, ...] = ()
    remainder: Literal["forfeit", "refund", "successor"] = "forfeit"
    """What becomes of what is not used when the engagement is closed before its end; refunded, too, where a successor
    is agreed to take it and there is none, or none with a retainer."""
    item: str = "fixed"

    @model_validator(mode="after")
    def _one_measure(self) -> "Retainer":
        if (self.hours is None) == (self.amount is None):
            raise ValueError("a retainer includes hours or an amount, one of them")
        if self.amount is not None and self.overage_rate is not None:
            raise ValueError("overage_rate: a retainer of money is drawn down at the rates of the contract")
        if len({one.id for one in self.top_ups}) < len(self.top_ups):
            raise ValueError("top_ups: each has an id of its own")
        return self


class Subscription(Dated):
    """A price per period, in advance or in arrears."""

    name: str
    price: Annotated[Amount, Owned("tieline", "C2")]
    quantity: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    period: Period = "month"
    in_advance: bool = True
    proration: Literal["days", "none"] = "days"
    item: str = "fixed"


class Tier(Record):
    """A price per unit up to a quantity; the last one has no end."""

    up_to: Annotated[Decimal | None, Field(gt=0)] = None
    unit_price: Annotated[Amount, Owned("tieline", "C2")]
    flat_fee: Annotated[Amount, Owned("tieline", "C2")] = Decimal(0)
    """Charged once when the tier is reached."""


class Usage(Dated):
    """What a meter counted in a period, by tiers: `graduated` prices each part, `volume` all by the tier reached."""

    name: str
    meter: str
    unit: str = "units"
    period: Period = "month"
    included: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]
    mode: Literal["graduated", "volume"] = "graduated"
    minimum: Annotated[Amount, Owned("tieline", "C2")] = Decimal(0)
    item: str = "fixed"

    @model_validator(mode="after")
    def _rising(self) -> "Usage":
        ends = [tier.up_to for tier in self.tiers]
        if ends[-1] is not None:
            raise ValueError("tiers: the last one must have no up_to, or more use has no price")
        limits = [end for end in ends[:-1] if end is not None]
        if len(limits) < len(ends) - 1 or any(one >= after for one, after in pairwise(limits)):
            raise ValueError("tiers: each up_to must be above the one before")
        return self


class Progress(Dated):
    """A fixed price billed by percent complete, period by period."""

    name: str = "Progress"
    amount: Annotated[Amount | None, Owned("tieline", "C2")] = None
    """The price; without it that of the fixed-price lines, which then have no milestones."""
    basis: Literal["hours", "cost", "entered"] = "hours"
    """Hours against the budget's, cost against the planned cost, or a percentage a person entered."""
    total: Annotated[Decimal | None, Field(gt=0)] = None
    """Hours or cost at completion, instead of the budget's."""
    workstream: str | None = None
    period: Period = "month"
    item: str = "fixed"


class ExpenseTerms(Record):
    """How expenses are billed: passed through, or with a mark-up by category (subcontractors are one)."""

    id: str = "expenses"
    billable: bool = True
    markup: Annotated[Markup, Owned("tieline", "C2")] = Decimal(0)
    markups: Annotated[dict[str, Markup], Owned("tieline", "C2")] = {}
    """By category."""
    fx_rates: Annotated[dict[str, Annotated[Decimal, Field(gt=0)]], Owned("tieline", "C2")] = {}
    """Currency -> fixed rate into the contract's currency."""
    fx: Literal["site", "stop"] = "site"
    """Other currencies at the site's rate of the day, or an exception."""

    def markup_of(self, category: str | None) -> Decimal:
        """The mark-up of a category."""
        return self.markups.get(category or "", self.markup)


class Factor(Record):
    """A surcharge on the rate of work at certain times: weekends, or hours a source marks as overtime."""

    when: Literal["weekend", "weekday", "overtime"]
    factor: Annotated[Decimal, Field(gt=0, le=10)]


class BillingTerms(Record):
    """All of it; empty means: billed as the contract's method says."""

    id: str = "billing"
    currency: str | None = None
    """The currency of the amounts, needed where there are any; the contract's must be the same."""
    methods: dict[str, BillingMethod] = {}
    """Workstream -> how it is billed, where that is not the contract's method: a hybrid."""
    blended_rate: Annotated[Amount | None, Owned("tieline", "C2")] = None
    """One rate per hour for whoever works, in place of the contract's rates by role."""
    factors: tuple[Factor, ...] = ()
    caps: tuple[Cap, ...] = ()
    retainer: Retainer | None = None
    subscriptions: tuple[Subscription, ...] = ()
    usage: tuple[Usage, ...] = ()
    progress: tuple[Progress, ...] = ()
    expenses: ExpenseTerms = ExpenseTerms()

    @model_validator(mode="after")
    def _consistent(self) -> "BillingTerms":
        if self.currency is not None and self.currency not in CURRENCIES:
            raise ValueError(f"currency: '{self.currency}' is no ISO 4217 currency")
        ids = [one.id for one in (*self.caps, *self.subscriptions, *self.usage, *self.progress)]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"id: {', '.join(twice)} is there twice; each cap, subscription, meter … has its own")
        whens = [one.when for one in self.factors]
        if len(set(whens)) < len(whens):
            raise ValueError("factors: one factor for each kind of time")
        if self.currency is None and (
            self.caps or self.subscriptions or self.usage or self.retainer or self.blended_rate is not None
        ):
            raise ValueError("currency: say in which currency these amounts are")
        return self

    def progress_of(self, workstream: str) -> Progress | None:
        """What bills the fixed price of a workstream by percent complete."""
        return next((one for one in self.progress if one.workstream in (None, workstream)), None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is billed besides lines and milestones."""
        return not (self.caps or self.retainer or self.subscriptions or self.usage or self.progress)

    @property
    def follows_work(self) -> bool:
        """Whether something is billed that depends on time and expenses."""
        return bool(self.caps or self.retainer or self.progress)
