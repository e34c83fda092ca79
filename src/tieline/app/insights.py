"""What of a site the key figures need."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from tieline.app.site import Site
from tieline.billing.fx import Conversion, FxRates
from tieline.insights.definition import Definition, definitions
from tieline.insights.figure import By, Into, Scope, Setting
from tieline.insights.working_days import WorkingPeople
from tieline.model.money import CURRENCIES
from tieline.reconciliation.period import period_of


class NoSuchFigure(ValueError):
    """There is no key figure of this name."""


class NoParts(ValueError):
    """A key figure is not made up of parts."""


def setting_of(site: Site, today: date | None = None) -> Setting:
    """The firm's rates and promises."""
    return Setting(
        today=today or datetime.now(UTC).date(),
        within=site.levels["transactions"].within,
        standard_rates=site.firm.standard_rates,
        people=WorkingPeople(site.firm),
    )


def definition_of(name: str) -> Definition:
    """A key figure by its id. Raises NoSuchFigure."""
    found = definitions().get(name)
    if found is None:
        known = ", ".join(definitions())
        raise NoSuchFigure(f"There is no key figure '{name[:60]}'; there are {known}.")
    return found


def checked(definition: Definition, by: By | None) -> By | None:
    """The grouping, where the figure has it. Raises NoParts."""
    if by == "part" and definition.parts is None:
        raise NoParts(f"{definition.name} has no parts; ask for it by entity, region, practice, customer or month.")
    return by


def into_of(site: Site, currency: str | None, day: date, given: Mapping[str, Conversion] | None = None) -> Into | None:
    """The currency to tell figures in, at the rates given, else at the site's of a day. Raises ValueError."""
    if not currency:
        return None
    wanted = currency.upper()
    if wanted not in CURRENCIES:
        raise ValueError(f"'{currency[:20]}' is no ISO 4217 currency code")
    rates = FxRates(site.firm.fx_rates)
    return Into(wanted, lambda other: (given or {}).get(other) or rates.find(other, wanted, day))


def scope_of(
    *, entity: str | None, practice: str | None, customer: str | None, currency: str | None, period: str | None
) -> Scope:
    """Which records count; `period` is a month, or several: `2026-09..2026-11`. Raises ValueError."""
    months = period_of(period) if period else None
    return Scope(
        entity=entity or None,
        practice=practice or None,
        customer=customer or None,
        currency=currency or None,
        since=months.first if months else None,
        until=months.last if months else None,
    )
