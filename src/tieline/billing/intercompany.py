"""What entities owe each other for a period: hours of people on projects of another entity, at the site's prices."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.billing.fx import FxRates
from tieline.model.intercompany import ANY, TransferRule
from tieline.model.money import Money, rounded, total

SIXTY, HUNDRED, ZERO = Decimal(60), Decimal(100), Decimal(0)


@dataclass(frozen=True, slots=True)
class Delivered:
    """Approved time of somebody of `deliverer` on a project of `seller`. Amounts are unrounded sums."""

    deliverer: str
    seller: str
    project_id: str
    code: str
    engagement_id: str
    engagement: str
    role: str | None
    day: date
    minutes: Decimal
    cost: Decimal | None
    cost_currency: str | None
    worth: Decimal
    """At the bill rates of the contract, also where a fixed price covers it."""
    currency: str


@dataclass(frozen=True, slots=True)
class ProjectShare:
    """What one project has of a pair's figure; the shares add up to it."""

    project_id: str
    code: str
    engagement_id: str
    engagement: str
    minutes: Decimal
    amount: Money


@dataclass(frozen=True, slots=True)
class PairFigure:
    """What the seller owes the deliverer for a period: the same amount is income there and cost here."""

    deliverer: str
    seller: str
    minutes: Decimal
    amount: Money
    rules: tuple[str, ...]
    """By what it was priced."""
    projects: tuple[ProjectShare, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours that have no price, and why."""

    deliverer: str
    seller: str
    reason: str
    minutes: Decimal


@dataclass(frozen=True, slots=True)
class Intercompany:
    """All pairs of a period, and what could not be priced."""

    pairs: tuple[PairFigure, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class _Priced:
    line: Delivered
    amount: Decimal
    currency: str
    words: str


def figures(
    lines: Iterable[Delivered],
    rules: Sequence[TransferRule],
    home: Mapping[str, str],
    fx: FxRates,
    until: date,
) -> Intercompany:
    """Each pair and currency rounded once. `home`: home currency by entity; `until`: the last day of the period."""
    priced: defaultdict[tuple[str, str, str], list[_Priced]] = defaultdict(list)
    gaps: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.deliverer == line.seller:
            continue
        found = _price(line, rules, home, fx, until)
        if isinstance(found, str):
            gaps[line.deliverer, line.seller, found] += line.minutes
        else:
            priced[line.deliverer, line.seller, found.currency].append(found)
    pairs = tuple(_pair(*key, priced[key]) for key in sorted(priced))
    return Intercompany(pairs, tuple(Gap(*key, gaps[key]) for key in sorted(gaps)))


def _price(
    line: Delivered, rules: Sequence[TransferRule], home: Mapping[str, str], fx: FxRates, until: date
) -> _Priced | str:
    """The price of a line, or why it has none."""
    fitting = [rule for rule in rules if rule.fits(line.deliverer, line.seller, line.day)]
    if not fitting:
        return "the site has no price for this pair"
    rule = max(fitting, key=lambda one: one.valid_from)  # of several the first
    wanted = rule.currency or home.get(line.deliverer, line.currency)
    basis = _BASES[rule.price](rule, line, wanted)
    if isinstance(basis, str):
        return basis
    amount, currency = basis
    if currency == wanted:
        return _Priced(line, amount, wanted, rule.words)
    day = until if rule.fx == "period_end" else line.day
    rate = fx.find(currency, wanted, day)
    if rate is None:
        return f"no rate of {currency} into {wanted} is known for {day}"
    return _Priced(line, amount * rate.rate, wanted, f"{rule.words}, {currency} x {rate.rate} ({rate.words})")


_Basis = tuple[Decimal, str] | str


def _at_cost(rule: TransferRule, line: Delivered, _wanted: str) -> _Basis:
    if line.cost is None or line.cost_currency is None:
        return "what an hour of these people costs is not known"
    return line.cost * (1 + rule.percent / HUNDRED), line.cost_currency


def _share_of_bill(rule: TransferRule, line: Delivered, _wanted: str) -> _Basis:
    return line.worth * rule.percent / HUNDRED, line.currency


def _by_card(rule: TransferRule, line: Delivered, wanted: str) -> _Basis:
    rate = rule.rates.get(line.role or "", rule.rates.get(ANY))
    if rate is None:
        return f"the rate card of the pair has no {line.role or 'price for people without a role'}"
    return line.minutes * rate / SIXTY, wanted


_BASES: Mapping[str, Callable[[TransferRule, Delivered, str], _Basis]] = {
    "cost_plus": _at_cost,
    "bill_share": _share_of_bill,
    "rate_card": _by_card,
}


def _pair(deliverer: str, seller: str, currency: str, lines: Sequence[_Priced]) -> PairFigure:
    by_project: defaultdict[str, list[_Priced]] = defaultdict(list)
    for one in lines:
        by_project[one.line.project_id].append(one)
    exact = {project: sum((one.amount for one in some), ZERO) for project, some in by_project.items()}
    whole = Money(amount=rounded(sum(exact.values(), ZERO), currency), currency=currency)
    nothing = Money(amount=ZERO, currency=currency)
    parts = whole.split(list(exact.values())) if whole.amount else [nothing] * len(exact)
    shares = [_share(by_project[project], part) for project, part in zip(exact, parts, strict=True)]
    return PairFigure(
        deliverer=deliverer,
        seller=seller,
        minutes=sum((one.line.minutes for one in lines), ZERO),
        amount=whole,
        rules=tuple(sorted({one.words for one in lines})),
        projects=tuple(sorted(shares, key=lambda one: one.code)),
    )


def _share(lines: Sequence[_Priced], amount: Money) -> ProjectShare:
    first = lines[0].line
    minutes = sum((one.line.minutes for one in lines), ZERO)
    return ProjectShare(first.project_id, first.code, first.engagement_id, first.engagement, minutes, amount)


def positions(pairs: Iterable[PairFigure]) -> dict[tuple[str, str], Money]:
    """(entity, currency) -> what others owe it, or below zero what it owes them; over all entities this is zero."""
    found: defaultdict[tuple[str, str], list[Money]] = defaultdict(list)
    for pair in pairs:
        found[pair.deliverer, pair.amount.currency].append(pair.amount)
        found[pair.seller, pair.amount.currency].append(-pair.amount)
    return {key: total(amounts, key[1]) for key, amounts in sorted(found.items())}
