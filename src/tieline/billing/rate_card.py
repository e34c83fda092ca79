"""The rate that is in force for a person and role on a project on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from tieline.model.contract import RateCardRow

_NAMES = {
    1: "assignment rate",
    2: "person rate",
    3: "project rate card",
    4: "contract rate card",
    5: "standard rate card",
}


class Whom(Protocol):
    """What a row may ask of a person."""

    @property
    def email(self) -> str: ...
    @property
    def level(self) -> str | None: ...
    @property
    def location(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """What the rates are looked up for: a project of a contract, in a currency."""

    contract_id: str
    project_id: str
    currency: str
    customer_id: str | None = None
    service_line: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """A row of a rate card, ready for look-up; `rule` is what an invoice query is answered with."""

    row: RateCardRow
    amount: Decimal
    valid_from: date
    valid_to: date | None
    rule: str

    def in_force(self, day: date) -> bool:
        """Whether the row counts on a day; `valid_to` itself does not."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def counts_in(self, place: Place) -> bool:
        """Whether each qualifier the row names of a project is the one asked for."""
        row = self.row
        return (
            row.currency == place.currency
            and row.contract_id in (None, place.contract_id)
            and row.project_id in (None, place.project_id)
            and row.customer_id in (None, place.customer_id)
            and row.service_line in (None, place.service_line)
            and row.region in (None, place.region)
        )

    def fits(self, role: str | None, whom: Whom | None) -> bool:
        """Whether each qualifier the row names of a person is the one asked for."""
        row = self.row
        return (
            row.role in (None, role)
            and row.person in (None, whom.email if whom else None)
            and row.level in (None, whom.level if whom else None)
            and row.location in (None, whom.location if whom else None)
        )

    @property
    def order(self) -> tuple[int, int, int, int, Decimal]:
        """Lowest precedence first, then what says more; within one the newest row, as a change order adds a row and
        seldom ends the old one."""
        row = self.row
        named = (row.customer_id, row.service_line, row.region)
        place = -4 if row.customer_id else -sum(one is not None for one in named)
        said = sum(one is not None for one in (row.role, row.person, row.level, row.location))
        return row.precedence, place, -said, -row.valid_from.toordinal(), row.rate


def rate_of(row: RateCardRow) -> Rate:
    """A canonical row as a rate."""
    named = (row.role or row.person, row.level, row.location)
    whom = ", ".join(one for one in named if one) or "all"
    card = _NAMES[row.precedence]
    if row.precedence == 5 and row.customer_id:
        card = "customer rate card"
    elif row.precedence == 5 and (row.service_line or row.region):
        card = f"rate card of {' in '.join(one for one in (row.service_line, row.region) if one)}"
    return Rate(
        row=row,
        amount=row.rate,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        rule=f"{card}: {whom} {row.currency} {row.rate:.2f} from {row.valid_from}",
    )


class RateCard:
    """All rates that may count for a project; look-ups are remembered, so a card is made once per contract version."""

    def __init__(self, rates: Iterable[Rate], place: Place) -> None:
        self._rates = sorted((rate for rate in rates if rate.counts_in(place)), key=lambda rate: rate.order)
        self._fitting: dict[tuple[str | None, str | None], tuple[Rate, ...]] = {}

    def find(self, role: str | None, whom: Whom | None, day: date) -> Rate | None:
        """The rate in force, or None."""
        key = (role, whom.email if whom is not None else None)
        fitting = self._fitting.get(key)
        if fitting is None:
            fitting = tuple(rate for rate in self._rates if rate.fits(role, whom))
            self._fitting[key] = fitting
        for rate in fitting:
            if rate.in_force(day):
                return rate
        return None
