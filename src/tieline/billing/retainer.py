"""Retainers: a fee per period that includes hours or money, drawn down oldest first, with what is used above."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tieline.billing.facts import SIXTY, ZERO, DerivedCharge, Span, Timeline, Work, spans
from tieline.billing.proration import by_days, prorated
from tieline.model.billing_terms import Retainer
from tieline.model.contract import ContractVersion
from tieline.model.money import Money, rounded


@dataclass(slots=True)
class Portion:
    """A part of a line that no grant covered: minutes or money, and its value at the rates of the contract."""

    project_id: str
    units: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """A period of a retainer, in minutes or money: what there was, was used, expired, and stays."""

    span: Span
    retainer: Retainer
    version: ContractVersion
    brought: Decimal
    """From periods before; below zero when more was drawn than there was."""
    granted: Decimal
    used: Decimal
    expired: Decimal
    above: tuple[Portion, ...]
    """Used above all grants and billed for this period."""

    @property
    def balance(self) -> Decimal:
        """What stays for the next period."""
        return self.brought + self.granted + sum((one.units for one in self.above), ZERO) - self.used - self.expired


@dataclass(slots=True)
class _Account:
    grants: list[list[Decimal]] = field(default_factory=list)
    """[last period it may be used in, units left]"""
    debts: list[Portion] = field(default_factory=list)

    @property
    def balance(self) -> Decimal:
        return sum((left for _, left in self.grants), ZERO) - sum((one.units for one in self.debts), ZERO)

    def grant(self, units: Decimal, last: Decimal) -> None:
        """Add; debts are paid first, oldest first."""
        for debt in list(self.debts):
            paid = min(units, debt.units)
            debt.value -= debt.value * paid / debt.units
            debt.units -= paid
            units -= paid
            if not debt.units:
                self.debts.remove(debt)
        if units:
            self.grants.append([last, units])
            self.grants.sort(key=lambda grant: grant[0])

    def draw(self, units: Decimal) -> Decimal:
        """Use what expires first; returns what nothing was left for."""
        for grant in self.grants:
            taken = min(units, grant[1])
            grant[1] -= taken
            units -= taken
        self.grants = [grant for grant in self.grants if grant[1]]
        return units

    def expire(self, number: int) -> Decimal:
        gone = sum((left for last, left in self.grants if last <= number), ZERO)
        self.grants = [grant for grant in self.grants if grant[0] > number]
        return gone


def statements(timeline: Timeline, work: Sequence[Work], until: date) -> list[Statement]:
    """The periods that have begun, one after the other."""
    newest = timeline.newest
    drawn = sorted((one for one in work if one.disposition == "retainer"), key=lambda one: one.order)
    terms = next((v.billing_terms.retainer for _, v in timeline.versions if v.billing_terms.retainer), None)
    if terms is None:
        return []
    account, found = _Account(), []
    all_spans = spans(*terms.days(newest.start_date, newest.end_date), terms.period)
    for number, span in enumerate(all_spans):
        if span.first > until:
            break
        version = timeline.at(span.first)
        retainer = version.billing_terms.retainer
        if retainer is not None:
            found.append(_period(account, retainer, version, number, span, drawn, last=number == len(all_spans) - 1))
    return found


def _period(
    account: _Account,
    retainer: Retainer,
    version: ContractVersion,
    number: int,
    span: Span,
    drawn: Sequence[Work],
    *,
    last: bool,
) -> Statement:
    brought, ever = account.balance, Decimal("Infinity")
    roll = ever if retainer.roll_over == "term" else Decimal(number + retainer.roll_over)
    included = _included(retainer, version, span)
    account.grant(included, roll)
    bought = sum((one.included for one in retainer.top_ups if span.first <= one.on <= span.last), ZERO)
    if retainer.hours is not None:
        bought *= SIXTY
    account.grant(bought, ever)
    used, above = ZERO, []
    for line in drawn:
        if span.first <= line.day <= span.last:
            units = line.minutes if retainer.hours is not None else line.amount
            left = account.draw(units)
            used += units
            if left:
                above.append(Portion(line.project_id, left, line.amount * left / units))
    if retainer.may_go_negative:
        account.debts += above
        above = account.debts if last else []
        if last:
            account.debts = []
    expired = account.expire(number)
    return Statement(span, retainer, version, brought, included + bought, used, expired, tuple(above))


def _included(retainer: Retainer, version: ContractVersion, span: Span) -> Decimal:
    if retainer.hours is None:
        return _fee(retainer.amount or ZERO, version.currency, span, retainer)
    minutes = retainer.hours * SIXTY
    cut = retainer.proration == "days" and span.days < span.whole
    return (minutes * span.days / span.whole).quantize(Decimal(1)) if cut else minutes


def _fee(amount: Decimal, currency: str, span: Span, retainer: Retainer) -> Decimal:
    money = Money(amount=amount, currency=currency)
    return money.rounded().amount if retainer.proration == "none" else prorated(money, [span.days], span.whole)[0]


def retainer_charges(timeline: Timeline, work: Sequence[Work], until: date, today: date) -> Iterator[DerivedCharge]:
    """Fees and top-ups when they are due, and what was used above at the end of each period."""
    for one in statements(timeline, work, max(until, today)):
        retainer, span = one.retainer, one.span
        due = span.first if retainer.in_advance else span.last
        if due <= (today if retainer.in_advance else until):
            fee = _fee(retainer.fee, one.version.currency, span, retainer)
            yield _charge(timeline, one, "fee", due, fee, f"Retainer {span.words}")
        for top_up in retainer.top_ups:
            if span.first <= top_up.on <= span.last and top_up.on <= today:
                text = f"Retainer top-up of {top_up.on}"
                yield _charge(timeline, one, f"top-up:{top_up.id}", top_up.on, top_up.fee, text)
        if span.last <= until:
            yield from _overage(timeline, one)


def earned_fees(timeline: Timeline, work: Sequence[Work], at: date) -> Iterator[tuple[str, Decimal]]:
    """(project, amount) earned by the end of a day, whenever it is billed.

    Fees by the days of their period, top-ups by the days that are left of the term, and what was used above.
    """
    newest = timeline.newest
    for one in statements(timeline, work, at):
        retainer, span, currency = one.retainer, one.span, one.version.currency
        fee = Money(amount=_fee(retainer.fee, currency, span, retainer), currency=currency)
        yield timeline.lead, by_days(fee, span.first, span.last, at)
        _, ends_on = retainer.days(newest.start_date, newest.end_date)
        for top_up in retainer.top_ups:
            if span.first <= top_up.on <= span.last:
                paid = Money(amount=top_up.fee, currency=currency)
                yield timeline.lead, by_days(paid, top_up.on, max(ends_on, top_up.on), at)
        for charge in _overage(timeline, one):
            yield charge.project_id, charge.amount


def _overage(timeline: Timeline, one: Statement) -> Iterator[DerivedCharge]:
    retainer, currency = one.retainer, one.version.currency
    units: dict[str, Decimal] = defaultdict(Decimal)
    values: dict[str, Decimal] = defaultdict(Decimal)
    for portion in one.above:
        units[portion.project_id] += portion.units
        values[portion.project_id] += portion.value
    for project in sorted(units):
        rate = retainer.overage_rate
        hours = units[project] / SIXTY
        amount = rounded(values[project] if rate is None else units[project] * rate / SIXTY, currency)
        what = f"{hours.quantize(Decimal('0.01')).normalize():f} hours " if retainer.hours is not None else ""
        how = f" at {currency} {rate:,.2f}" if rate is not None else ""
        text = f"{what}above the retainer {one.span.label}{how}"
        yield _charge(timeline, one, "overage", one.span.last, amount, text[0].upper() + text[1:], project)


def _charge(
    timeline: Timeline, one: Statement, what: str, day: date, amount: Decimal, text: str, project: str | None = None
) -> DerivedCharge:
    owner = project or timeline.lead
    return DerivedCharge(
        key=timeline.key(owner, "retainer", one.retainer.id, one.span.label, what),
        kind="retainer",
        project_id=owner,
        day=day,
        amount=amount,
        item=one.retainer.item,
        text=text,
        rule=f"retainer '{one.retainer.id}' of contract version {one.version.version}: {what.split(':')[0]}",
        version=one.version.version,
    )
