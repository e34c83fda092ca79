"""The rate that is in force for a person and role on a project on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.model.contract import RateCardRow

_NAMES = {
    1: "assignment rate",
    2: "person rate",
    3: "project rate card",
    4: "contract rate card",
    5: "standard rate card",
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A row of a rate card, ready for look-up; `rule` is what an invoice query is answered with."""

    precedence: int
    role: str | None
    person: str | None
    contract_id: str | None
    project_id: str | None
    currency: str
    amount: Decimal
    valid_from: date
    valid_to: date | None
    rule: str

    def in_force(self, day: date) -> bool:
        """Whether the row counts on a day; `valid_to` itself does not."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def fits(self, role: str | None, person: str | None, contract_id: str, project_id: str, currency: str) -> bool:
        """Whether each qualifier the row names is the one asked for."""
        return (
            self.currency == currency
            and self.role in (None, role)
            and self.person in (None, person)
            and self.contract_id in (None, contract_id)
            and self.project_id in (None, project_id)
        )


def rate_of(row: RateCardRow) -> Rate:
    """A canonical row as a rate."""
    whom = row.role or row.person or "all"
    return Rate(
        precedence=row.precedence,
        role=row.role,
        person=row.person,
        contract_id=row.contract_id,
        project_id=row.project_id,
        currency=row.currency,
        amount=row.rate,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        rule=f"{_NAMES[row.precedence]}: {whom} {row.currency} {row.rate:.2f} from {row.valid_from}",
    )


class RateCard:
    """All rates that may count for a project; look-ups are remembered, so a card is made once per contract version."""

    def __init__(self, rates: Iterable[Rate], contract_id: str, project_id: str, currency: str) -> None:
        self._where = (contract_id, project_id, currency)
        # Lowest precedence first; within one the newest row, as a change order adds a row and seldom ends the old one.
        self._rates = sorted(rates, key=lambda rate: (rate.precedence, -rate.valid_from.toordinal(), rate.amount))
        self._fitting: dict[tuple[str | None, str | None], tuple[Rate, ...]] = {}

    def find(self, role: str | None, person: str | None, day: date) -> Rate | None:
        """The rate in force, or None."""
        key = (role, person)
        fitting = self._fitting.get(key)
        if fitting is None:
            fitting = tuple(rate for rate in self._rates if rate.fits(role, person, *self._where))
            self._fitting[key] = fitting
        for rate in fitting:
            if rate.in_force(day):
                return rate
        return None
