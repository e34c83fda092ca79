"""Limits: what lies above a cap is taken off in the month it was worked, and comes back when the cap is raised.

At the end of each month all that lies above is what the cap in force then does not cover; a month's charge is the
difference to the month before. So the sum never exceeds the cap, in whatever order work arrives.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from tieline.billing.facts import SIXTY, ZERO, DerivedCharge, Timeline, Work, spans, unique
from tieline.model.billing_terms import Cap
from tieline.model.contract import ContractVersion
from tieline.model.money import Money, rounded

Limit = tuple[Decimal | None, Decimal | None]


def cap_charges(
    timeline: Timeline, work: Sequence[Work], until: date, approved: Mapping[str, Decimal]
) -> Iterator[DerivedCharge]:
    """What every cap takes off. `approved`: cap -> the value above it that a person has let pass."""
    caps = [cap for _, version in timeline.versions for cap in version.billing_terms.caps]
    for cap_id in unique(cap.id for cap in caps):
        covers = next(cap for cap in caps if cap.id == cap_id)
        covered = sorted((one for one in work if one.day <= until and counts(covers, one)), key=lambda one: one.order)
        yield from _of_cap(timeline, cap_id, covered, until, approved.get(cap_id, ZERO))


def counts(cap: Cap, line: Work) -> bool:
    """Whether a line is under a cap."""
    if line.disposition != "billable" or line.kind not in ("time", "expense"):
        return False
    kind = cap.covers == "all" or (line.kind == "expense") == (cap.covers == "expenses")
    return kind and cap.workstream in (None, line.workstream)


def _of_cap(
    timeline: Timeline, cap_id: str, covered: Sequence[Work], until: date, approved: Decimal
) -> Iterator[DerivedCharge]:
    if not covered:
        return
    currency = timeline.newest.currency
    spread: dict[Limit, dict[tuple[str, str], Decimal]] = {}
    sums: dict[Limit, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    before: Mapping[str, Decimal] = {}
    projects = sorted({line.project_id for line in covered})
    months = spans(covered[0].day.replace(day=1), until, "month")
    limits = {_limit(_cap_at(timeline, cap_id, month.last), approved) for month in months}
    for limit in limits:
        spread[limit] = _above(limit, covered, currency)
    for month in months:
        version = timeline.at(month.last)
        cap = _cap_at(timeline, cap_id, month.last)
        for limit in limits:
            for project in projects:
                sums[limit][project] += spread[limit].get((month.label, project), ZERO)
        now = dict(sums[_limit(cap, approved)])
        for project in projects:
            difference = now[project] - before.get(project, ZERO)
            if difference:
                yield _charge(timeline, version, cap, project, (cap_id, month.label), month.last, -difference)
        before = now


def _charge(
    timeline: Timeline,
    version: ContractVersion,
    cap: Cap | None,
    project: str,
    key: tuple[str, str],
    day: date,
    amount: Decimal,
) -> DerivedCharge:
    limit = cap_words(cap, version.currency) if cap else "the limit that ended"
    return DerivedCharge(
        key=timeline.key(project, "cap", *key),
        kind="credit",
        project_id=project,
        day=day,
        amount=amount,
        text=f"{'Over' if amount < 0 else 'Now within'} {limit}, {key[1]}",
        rule=f"cap '{key[0]}' of contract version {version.version}: {limit}",
        version=version.version,
    )


def cap_words(cap: Cap, currency: str) -> str:
    """A cap as people say it."""
    what = f"{cap.hours.normalize():f} hours" if cap.hours is not None else str(_money(cap.amount or ZERO, currency))
    where = f" for {cap.workstream}" if cap.workstream else ""
    return f"the limit of {what}{where}"


def above(timeline: Timeline, cap_id: str, work: Sequence[Work], until: date, approved: Decimal) -> Decimal:
    """The value that a cap takes off by now."""
    return -sum(
        (one.amount for one in cap_charges(timeline, work, until, {cap_id: approved}) if f":cap:{cap_id}:" in one.key),
        ZERO,
    )


def _money(amount: Decimal, currency: str) -> Money:
    return Money(amount=amount, currency=currency)


def _cap_at(timeline: Timeline, cap_id: str, day: date) -> Cap | None:
    return next((cap for cap in timeline.at(day).billing_terms.caps if cap.id == cap_id), None)


def _limit(cap: Cap | None, approved: Decimal) -> Limit:
    """(value, hours); neither: there is no limit. A person lets a value pass, whatever the cap counts."""
    if cap is None:
        return None, None
    return (cap.amount + approved, None) if cap.amount is not None else (approved, cap.hours)


def _above(limit: Limit, covered: Sequence[Work], currency: str) -> dict[tuple[str, str], Decimal]:
    """(month, project) -> the value of the lines, in their order, that lies above the limit."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    value, hours = limit
    used = ZERO
    if hours is None and value is None:
        return found
    let_pass = value or ZERO if hours is not None else ZERO
    for line in covered:
        if hours is None:
            assert value is not None
            over = _part(line.amount, used + line.amount - value)
            used += line.amount
        else:
            minutes = _part(line.minutes, used + line.minutes - hours * SIXTY)
            used += line.minutes
            over = rounded(line.amount * minutes / line.minutes, currency) if line.minutes else ZERO
            passing = min(over, let_pass)
            over, let_pass = over - passing, let_pass - passing
        if over:
            found[f"{line.day:%Y-%m}", line.project_id] += over
    return found


def _part(whole: Decimal, above: Decimal) -> Decimal:
    return min(whole, max(ZERO, above))


def usage_of(cap: Cap, work: Sequence[Work], until: date) -> Decimal:
    """How much of a cap is used up: a share, above 1 when it is exceeded."""
    covered = [line for line in work if line.day <= until and counts(cap, line)]
    if cap.hours is not None:
        used, whole = sum((line.minutes for line in covered), ZERO) / SIXTY, cap.hours
    else:
        used, whole = sum((line.amount for line in covered), ZERO), cap.amount or ZERO
    return used / whole if whole else Decimal(int(used > 0) * 10)
