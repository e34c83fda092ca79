"""Derived charges: everything billed that follows from other lines or from the calendar, as it must stand in total.

A pure function of the contract's versions, the approved work and the readings: the same whatever the order of arrival.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from tieline.billing.facts import DerivedCharge, Reading, Timeline, Work
from tieline.billing.limits import cap_charges
from tieline.billing.progress import progress_charges
from tieline.billing.retainer import retainer_charges
from tieline.billing.subscription import subscription_charges
from tieline.billing.usage import usage_charges


def derived_charges(
    timeline: Timeline,
    work: Sequence[Work],
    readings: Sequence[Reading],
    *,
    until: date,
    today: date,
    approved: Mapping[str, Decimal] | None = None,
) -> list[DerivedCharge]:
    """All of a contract. `until`: the last day whose work may be billed; what is billed in advance counts to `today`.

    `approved`: cap -> the value above it that a person has let pass.
    """
    found = [
        *retainer_charges(timeline, work, until, today),
        *subscription_charges(timeline, until, today),
        *usage_charges(timeline, readings, until),
        *progress_charges(timeline, work, readings, until),
        *cap_charges(timeline, work, until, approved or {}),
    ]
    return [charge for charge in found if charge.amount]
