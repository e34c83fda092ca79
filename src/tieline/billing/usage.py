"""Usage: what a meter counted in a period, less what is included, priced by tiers, at least the minimum."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from tieline.billing.facts import ZERO, DerivedCharge, Reading, Timeline, spans, unique
from tieline.model.billing_terms import Usage
from tieline.model.money import rounded


def usage_charges(timeline: Timeline, readings: Sequence[Reading], until: date) -> Iterator[DerivedCharge]:
    """One charge per meter and period that has ended."""
    agreed = [one for _, version in timeline.versions for one in version.billing_terms.usage]
    for usage_id in unique(one.id for one in agreed):
        newest = next(one for one in reversed(agreed) if one.id == usage_id)
        start, end = newest.days(timeline.newest.start_date, timeline.newest.end_date)
        for span in spans(start, end, newest.period):
            version = timeline.at(span.last)
            terms = next((one for one in version.billing_terms.usage if one.id == usage_id), None)
            if span.last > until or terms is None:
                continue
            counted = sum(
                (one.quantity for one in readings if one.meter == terms.meter and span.first <= one.day <= span.last),
                ZERO,
            )
            amount = rounded(worth(terms, counted), version.currency)
            if amount:
                yield DerivedCharge(
                    key=timeline.key(timeline.lead, "usage", usage_id, span.label),
                    kind="usage",
                    project_id=timeline.lead,
                    day=span.last,
                    amount=amount,
                    item=terms.item,
                    text=f"{terms.name} {span.label}: {_words(terms, counted)}",
                    rule=f"usage '{usage_id}' of contract version {version.version}, {terms.mode}",
                    version=version.version,
                )


def worth(terms: Usage, counted: Decimal) -> Decimal:
    """The price of a period's use, unrounded."""
    charged = max(ZERO, counted - terms.included)
    return max(terms.minimum, _volume(terms, charged) if terms.mode == "volume" else _graduated(terms, charged))


def _graduated(terms: Usage, charged: Decimal) -> Decimal:
    total = below = ZERO
    for tier in terms.tiers:
        if charged <= below:
            break
        upper = charged if tier.up_to is None else min(charged, tier.up_to)
        total += (upper - below) * tier.unit_price + tier.flat_fee
        below = upper
    return total


def _volume(terms: Usage, charged: Decimal) -> Decimal:
    if not charged:
        return ZERO
    tier = next(one for one in terms.tiers if one.up_to is None or charged <= one.up_to)
    return charged * tier.unit_price + tier.flat_fee


def _words(terms: Usage, counted: Decimal) -> str:
    free = f", {terms.included.normalize():,f} included" if terms.included else ""
    return f"{counted.normalize():,f} {terms.unit}{free}"
