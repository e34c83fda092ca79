"""What a contract hands over to the one that follows it in another currency, legal entity, or for another customer."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from tieline.model.billing_terms import TopUp
from tieline.model.money import Money
from tieline.model.record import Owned, Record


class Carried(Record):
    """The open balance on the day of the close, and what of a retainer goes over; `id` is the closed contract's id."""

    day: date
    value: Annotated[Money, Owned("tieline", "C2")]
    """Of the closed contract."""
    billed: Annotated[Money, Owned("tieline", "C2")]
    """Of that value: invoiced, less credits; expenses are none of it."""
    converted: Annotated[Money, Owned("tieline", "C2")]
    """The open balance in the currency of the successor."""
    rate: Annotated[Decimal | None, Owned("tieline", "C2")] = None
    source: str | None = None
    retainer: Annotated[Money | None, Owned("tieline", "C2")] = None
    """What was paid for, not used, and is used in the successor."""
    top_up: TopUp | None = None
    """The same as the successor's retainer counts it."""

    @property
    def open_balance(self) -> Money:
        """What the closed contract was still worth; below nothing when more was billed."""
        return self.value - self.billed
