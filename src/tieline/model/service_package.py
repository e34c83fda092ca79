"""The service package: what a firm sells under one SKU, and the work, prices and invoice plan it stands for."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from tieline.model.billing_terms import Period
from tieline.model.contract import BillingMethod, RevenueMethod
from tieline.model.money import LARGEST
from tieline.model.record import Owned, Record

MOST_HOURS = Decimal(1_000_000)
Hours = Annotated[Decimal, Field(ge=0, lt=MOST_HOURS)]
Price = Annotated[Decimal, Field(ge=0, lt=LARGEST)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
ONE = Decimal(1)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EffortBand(_Part):
    """Hours up to and including a quantity; without `up_to` for all larger ones."""

    up_to: Annotated[Decimal, Field(gt=0)] | None = None
    hours: Hours


class Effort(_Part):
    """Hours of a task: `base`, so many for each unit, and those of the band the quantity lies in."""

    base: Hours = Decimal(0)
    per_unit: Hours = Decimal(0)
    bands: tuple[EffortBand, ...] = ()

    @field_validator("bands")
    @classmethod
    def _rising(cls, bands: tuple[EffortBand, ...]) -> tuple[EffortBand, ...]:
        limits = [band.up_to for band in bands]
        closed = [limit for limit in limits if limit is not None]
        if None in limits[:-1] or closed != sorted(set(closed)):
            raise ValueError("bands rise by `up_to`, and only the last may be without one")
        return bands

    def covers(self, quantity: Decimal) -> bool:
        """Whether a quantity lies in a band, if there are bands."""
        return not self.bands or self._band(quantity) is not None

    def hours(self, quantity: Decimal) -> Decimal:
        """The hours for a quantity of the package."""
        band = self._band(quantity)
        return self.base + self.per_unit * quantity + (band.hours if band else 0)

    def _band(self, quantity: Decimal) -> EffortBand | None:
        return next((band for band in self.bands if band.up_to is None or quantity <= band.up_to), None)


def _plain_hours(value: object) -> object:
    """`hours = 16` is short for `hours = { base = 16 }`."""
    return {"base": value} if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


class PackageTask(_Part):
    """One role's work within a phase."""

    name: Name
    role: Name
    hours: Annotated[Effort, BeforeValidator(_plain_hours)]
    skills: tuple[Name, ...] = ()


class PackagePhase(_Part):
    """A workstream of the package; its days count from the start of the contract."""

    name: Name
    starts_after_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """How long it takes; without it, until the contract ends."""
    task: Annotated[tuple[PackageTask, ...], Field(min_length=1)]


class PackageMilestone(_Part):
    """A part of the price that is billed when something is done."""

    name: Name
    share: Annotated[Decimal, Field(gt=0, le=1)]
    after_days: Annotated[int, Field(ge=0, le=36_500)] | None = None
    """Days after the contract's start when it is due; without it, at the contract's end."""


class PackageSubscription(_Part):
    """Billed period by period: the quantity counts the periods, and the quoted price is for one of them."""

    period: Period = "month"
    in_advance: bool = True


class PackagePrice(_Part):
    """The list price: for the whole, for each unit, or the standard rates of the roles."""

    method: Literal["fixed", "per_unit", "role_rates"]
    amounts: dict[str, Price] = {}
    """Currency -> amount."""

    @model_validator(mode="after")
    def _has_amounts(self) -> Self:
        if (self.method == "role_rates") == bool(self.amounts):
            wanted = "needs no amounts" if self.amounts else "needs `amounts` by currency"
            raise ValueError(f"the price method {self.method} {wanted}")
        return self

    def amount(self, currency: str, quantity: Decimal) -> Decimal | None:
        """The list price of a quantity, unrounded; None when it follows from rates or the currency has none."""
        found = self.amounts.get(currency)
        return None if found is None else found * (quantity if self.method == "per_unit" else 1)


class PackageTerms(_Part):
    """What may differ by region; what a region leaves out is as the package says."""

    price: Annotated[PackagePrice | None, Owned("tieline", "C2")] = None
    billing_method: BillingMethod | None = None
    payment_terms: Name | None = None
    contract_type: Name | None = None
    revenue_method: RevenueMethod | None = None
    dimensions: dict[Name, Name] = {}
    milestone: tuple[PackageMilestone, ...] = ()
    subscription: PackageSubscription | None = None

    @field_validator("milestone")
    @classmethod
    def _whole(cls, milestones: tuple[PackageMilestone, ...]) -> tuple[PackageMilestone, ...]:
        _unique("milestone", [one.name for one in milestones])
        whole = sum((one.share for one in milestones), Decimal(0))
        if milestones and whole != ONE:
            raise ValueError(f"the shares of the milestones add up to {whole.normalize():f}; they must add up to 1")
        return milestones

    @model_validator(mode="after")
    def _one_plan(self) -> Self:
        if self.milestone and self.subscription:
            raise ValueError("milestone and subscription are two invoice plans; give one of them")
        return self


class PackageRegion(PackageTerms):
    """The package as one region sells it."""

    name: Name
    hours_factor: Annotated[Decimal, Field(gt=0, le=100)] = ONE


class ServicePackage(PackageTerms, Record):
    """One package of the catalogue in one version."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    version: Annotated[int, Field(ge=1)] = 1
    name: Name
    sku: Annotated[tuple[Name, ...], Field(min_length=1)]
    service_line: Name
    unit: Name | None = None
    """What its quantity counts: `workload`, `month`."""
    phase: Annotated[tuple[PackagePhase, ...], Field(min_length=1)]
    region: tuple[PackageRegion, ...] = ()
    depends_on: tuple[Name, ...] = ()
    """Ids of packages without which this one is not sold in a deal."""
    retired_on: date | None = None
    """Deals that close later cannot have it."""
    hours_factor: Annotated[Decimal, Field(gt=0, le=100)] = ONE

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        _unique("phase", [phase.name for phase in self.phase])
        for phase in self.phase:
            _unique(f"task of phase '{phase.name}'", [task.name for task in phase.task])
        _unique("region", [region.name for region in self.region])
        if self.price is None:
            raise ValueError("price is missing")
        return self

    def for_region(self, region: str | None) -> "ServicePackage":
        """The package as a region sells it."""
        own = next((one for one in self.region if one.name == region), None)
        if own is None:
            return self
        given = {name: getattr(own, name) for name in own.model_fields_set - {"name"}}
        if own.milestone or own.subscription:
            given = {"milestone": (), "subscription": None} | given
        return self.model_copy(update=given | {"dimensions": {**self.dimensions, **own.dimensions}})


def _unique(what: str, names: Sequence[str]) -> None:
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ValueError(f"{what} '{twice}' is named twice")
