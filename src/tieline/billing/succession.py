"""What a successor contract takes over: the open balance at a rate, and the rest of a retainer as a top-up."""

from datetime import date
from decimal import Decimal

from tieline.billing.closing import Remainder
from tieline.billing.facts import SIXTY, Span, spans
from tieline.billing.fx import Conversion, FxRates
from tieline.model.billing_terms import Retainer, TopUp
from tieline.model.contract import ContractVersion
from tieline.model.money import Money, rounded
from tieline.model.succession import Carried

SAME = Conversion(Decimal(1), "the same currency")
CENT = Decimal("0.01")
CARRIED = "carried-over"
"""The id of the top-up that stands for what was paid for before."""


def conversion(closed: ContractVersion, successor: ContractVersion, rates: FxRates, day: date) -> Conversion | None:
    """By the rate the successor fixes, else by the site's of the day; None where there is none."""
    if closed.currency == successor.currency:
        return SAME
    terms = successor.billing_terms.expenses
    fixed = terms.fx_rates.get(closed.currency)
    if fixed is not None:
        return Conversion(fixed, "fixed by the contract")
    return rates.find(closed.currency, successor.currency, day) if terms.fx == "site" else None


def carried_over(
    closed: ContractVersion,
    billed: Money,
    left: Remainder | None,
    successor: ContractVersion,
    by: Conversion,
    day: date,
) -> Carried:
    """What goes over on the day of the close."""
    more = top_up(left, successor, by, day) if left is not None else None
    open_balance = (closed.value - billed).amount * by.rate
    return Carried(
        id=closed.id,
        day=day,
        value=closed.value,
        billed=billed,
        converted=Money(amount=rounded(open_balance, successor.currency), currency=successor.currency),
        rate=by.rate if by is not SAME else None,
        source=by.words if by is not SAME else None,
        retainer=left.value if left is not None and more is not None else None,
        top_up=more,
    )


def top_up(left: Remainder, successor: ContractVersion, by: Conversion, day: date) -> TopUp | None:
    """The rest of a retainer in the successor's, in its first period from that day on; None when none can hold it.

    Hours stay hours; where the two count otherwise, it is what it was bought for.
    """
    wanted, place = successor.billing_terms.retainer, period_of(successor, day)
    if left.retainer.remainder != "successor" or wanted is None or place is None:
        return None
    included = _included(left, wanted, by, successor.currency)
    if included is None or included <= 0:
        return None
    return TopUp(id=CARRIED, on=max(day, place.first), included=included, fee=Decimal(0))


def _included(left: Remainder, wanted: Retainer, by: Conversion, currency: str) -> Decimal | None:
    if wanted.hours is not None and left.minutes is not None:
        return (left.minutes / SIXTY).quantize(CENT)
    value = left.value.amount * by.rate
    if wanted.hours is None:
        return rounded(value, currency)
    return (value * wanted.hours / wanted.fee).quantize(CENT) if wanted.fee else None


def period_of(contract: ContractVersion, day: date) -> Span | None:
    """The first period of the retainer that has not ended on a day, and which no later version is in force before."""
    retainer = contract.billing_terms.retainer
    if retainer is None:
        return None
    first = contract.effective_from or contract.start_date
    found = spans(*retainer.days(contract.start_date, contract.end_date), retainer.period)
    return next((span for span in found if span.last >= day and span.first >= first), None)


def with_top_up(retainer: Retainer, more: TopUp) -> Retainer:
    """The retainer with what was carried over, instead of what was carried over before."""
    return retainer.model_copy(update={"top_ups": (*(one for one in retainer.top_ups if one.id != CARRIED), more)})
