"""Subscriptions and managed services: a price per period, by days where a period is cut or its price changes."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from tieline.billing.facts import ZERO, DerivedCharge, Span, Timeline, spans, unique
from tieline.billing.proration import by_days, prorated
from tieline.model.billing_terms import Subscription
from tieline.model.money import Money

_DAY = timedelta(days=1)


def subscription_charges(timeline: Timeline, until: date, today: date) -> Iterator[DerivedCharge]:
    """One charge per period: on its first day if in advance, else on its last."""
    agreed = [one for _, version in timeline.versions for one in version.billing_terms.subscriptions]
    for subscription_id in unique(one.id for one in agreed):
        newest = next(one for one in reversed(agreed) if one.id == subscription_id)
        start, end = newest.days(timeline.newest.start_date, timeline.newest.end_date)
        for span in spans(start, end, newest.period):
            due = span.first if newest.in_advance else span.last
            if due <= (today if newest.in_advance else until):
                yield from _period(timeline, newest, span, due)


def _period(timeline: Timeline, newest: Subscription, span: Span, due: date) -> Iterator[DerivedCharge]:
    version = timeline.at(span.last)
    amount, days = _price(timeline, newest.id, span)
    if not amount:
        return
    words = span.label if days == span.whole else f"{span.label} ({days} of {span.whole} days)"
    yield DerivedCharge(
        key=timeline.key(timeline.lead, "subscription", newest.id, span.label),
        kind="subscription",
        project_id=timeline.lead,
        day=due,
        amount=amount,
        item=newest.item,
        text=f"{newest.name} {words}",
        rule=f"subscription '{newest.id}' of contract version {version.version}",
        version=version.version,
    )


def earned_subscription(timeline: Timeline, subscription_id: str, at: date) -> Decimal:
    """What is earned by the end of a day, whenever it is billed: the price of each period by its days."""
    agreed = [one for _, version in timeline.versions for one in version.billing_terms.subscriptions]
    newest = next(one for one in reversed(agreed) if one.id == subscription_id)
    start, end = newest.days(timeline.newest.start_date, timeline.newest.end_date)
    total = ZERO
    for span in spans(start, end, newest.period):
        if span.first <= at:
            price = Money(amount=_price(timeline, subscription_id, span)[0], currency=timeline.newest.currency)
            total += by_days(price, span.first, span.last, at)
    return total


def _price(timeline: Timeline, subscription_id: str, span: Span) -> tuple[Decimal, int]:
    """The price of a period and the days it is for; each price of the period counts for its days."""
    each = [span.first + _DAY * number for number in range(span.days)]
    total, covered = ZERO, 0
    for found, days in groupby(each, key=lambda day: _in_force(timeline, subscription_id, day)):
        length = len(list(days))
        if found is None:
            continue
        price = Money(amount=found[0], currency=timeline.newest.currency).rounded()
        covered += length
        total += price.amount if found[1] == "none" else prorated(price, [length], span.whole)[0]
    return total, covered


def _in_force(timeline: Timeline, subscription_id: str, day: date) -> tuple[Decimal, str] | None:
    agreed = timeline.at(day).billing_terms.subscriptions
    found = next((one for one in agreed if one.id == subscription_id), None)
    if found is None or not (found.start_date or day) <= day <= (found.end_date or day):
        return None
    return found.price * found.quantity, found.proration
