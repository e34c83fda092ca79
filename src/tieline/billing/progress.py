"""Percent complete: at the end of each period the price times what is done, less what was billed before."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from tieline.billing.facts import SIXTY, ZERO, DerivedCharge, Reading, Timeline, Work, spans, unique
from tieline.model.billing_terms import Progress
from tieline.model.contract import ContractVersion
from tieline.model.money import rounded

_ONE, _PERCENT = Decimal(1), Decimal("0.1")


def progress_charges(
    timeline: Timeline, work: Sequence[Work], readings: Sequence[Reading], until: date
) -> Iterator[DerivedCharge]:
    """One charge per period in which something was done."""
    agreed = [one for _, version in timeline.versions for one in version.billing_terms.progress]
    for progress_id in unique(one.id for one in agreed):
        newest = next(one for one in reversed(agreed) if one.id == progress_id)
        start, end = newest.days(timeline.newest.start_date, timeline.newest.end_date)
        before = ZERO
        for span in spans(start, end, newest.period):
            version = timeline.at(span.last)
            terms = next((one for one in version.billing_terms.progress if one.id == progress_id), None)
            if span.last > until or terms is None:
                continue
            share = done(terms, version, work, readings, span.last)
            earned = rounded(price_of(terms, version) * share, version.currency)
            if earned != before:
                yield DerivedCharge(
                    key=timeline.key(timeline.lead, "progress", progress_id, span.label),
                    kind="progress",
                    project_id=timeline.lead,
                    day=span.last,
                    amount=earned - before,
                    item=terms.item,
                    text=f"{terms.name} {span.label}: {(share * 100).quantize(_PERCENT)} % complete",
                    rule=f"percent complete '{progress_id}' of contract version {version.version}, by {terms.basis}",
                    version=version.version,
                )
            before = earned


def price_of(terms: Progress, version: ContractVersion) -> Decimal:
    """The fixed price that is billed by progress."""
    if terms.amount is not None:
        return terms.amount
    return sum(
        (
            line.amount.amount
            for line in version.lines
            if (line.billing_method or version.billing_method) in ("fixed_price", "milestone")
            and terms.workstream in (None, line.workstream)
        ),
        ZERO,
    )


def done(
    terms: Progress, version: ContractVersion, work: Sequence[Work], readings: Sequence[Reading], until: date
) -> Decimal:
    """The share that is complete on a day, at most 1."""
    if terms.basis == "entered":
        entered = [(one.day, one.quantity) for one in readings if one.meter == terms.id and one.day <= until]
        return min(_ONE, max(ZERO, max(entered)[1] / 100)) if entered else ZERO
    covered = ("fixed_price",) if terms.basis == "hours" else ("fixed_price", "non_billable")
    lines = [
        one
        for one in work
        if one.day <= until
        and one.disposition in covered
        and (terms.workstream is None or one.workstream == terms.workstream)
    ]
    if terms.basis == "hours":
        used, whole = sum((one.minutes for one in lines), ZERO) / SIXTY, terms.total or version.budget.hours
    else:
        planned = version.budget.cost.amount if version.budget.cost else ZERO
        used, whole = sum((one.cost or ZERO for one in lines), ZERO), terms.total or planned
    return min(_ONE, used / whole) if whole else ZERO
