"""Key figures as the books tell them: whole, or by entity, region, practice, customer, month or part; their records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from tieline.billing.fx import Conversion
from tieline.insights.definition import Definition, Unit
from tieline.insights.working_days import WorkingPeople
from tieline.model.contract import RateCardRow
from tieline.model.firm import Firm
from tieline.model.money import rounded
from tieline.store.database import Connection

By = Literal["entity", "region", "practice", "customer", "month", "part"]
HUNDRED = Decimal(100)
NOBODY = WorkingPeople(Firm(id="nobody", name="", legal_entities=(), service_lines=()))
_STEPS: dict[Unit, Decimal] = {"percent": Decimal("0.1"), "days": Decimal("0.1")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which records count; None asks for all. `customer` is an id or a name, `since` and `until` are both included."""

    entity: str | None = None
    practice: str | None = None
    customer: str | None = None
    currency: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What of the site a figure needs, and what day it is."""

    today: date
    within: timedelta
    """The promise for transactions."""
    standard_rates: tuple[RateCardRow, ...] = ()
    people: WorkingPeople | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One value with what it is known by. Money of different currencies is never added up."""

    key: str | None
    """What it is of, when there are several: an entity, a region, a practice, a customer's id, a month, a part."""
    name: str | None
    currency: str | None
    value: Decimal | None
    """None: there is not enough data. Percent as people say it: 93.5."""
    numerator: Decimal
    denominator: Decimal | None
    """None of a sum."""
    records: int
    """It rests on so many."""
    missing: int
    """So many belong to it and are not known."""
    converted: str | None = None
    """At which rates of which day, where it was converted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRecord:
    """One record a figure rests on; their numerators add up to the figure's, and so do their denominators."""

    record: str
    record_id: str
    label: str | None
    engagement_id: str | None
    engagement: str | None
    legal_entity: str | None
    practice: str | None
    customer: str | None
    currency: str | None
    day: date | None
    part: str | None
    numerator: Decimal | None
    """None: it is not known."""
    denominator: Decimal | None


def read_figures(
    db: Connection, definition: Definition, scope: Scope, setting: Setting, by: By | None = None
) -> list[Figure]:
    """One value per currency, and per group when `by` is given; a sum of nothing is zero."""
    rows = _rows(db, _sql(definition, "figures"), {**_values(definition, scope, setting), "by": by})
    figures = [_figure(definition, row) for row in rows]
    if by == "part":
        places = {name: place for place, name in enumerate(definition.order)}
        figures.sort(key=lambda one: places.get(one.key or "", len(places)))
    return figures if figures or by is not None else together(definition, [])


def read_records(
    db: Connection, definition: Definition, scope: Scope, setting: Setting, *, after: int = 0, limit: int = 50
) -> list[FigureRecord]:
    """The records the figure rests on, those that weigh most first, `after` so many of them."""
    values = {**_values(definition, scope, setting), "after": after, "limit": limit}
    return [FigureRecord(**row) for row in _rows(db, _sql(definition, "records"), values)]


def _rows(db: Connection, query: bytes, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Compiling such a statement takes longer than running it; its joins of all lines shall stay in memory."""
    with db.transaction():
        db.execute("set local jit = off")
        db.execute("set local work_mem = '64MB'")
        return db.execute(query, values).fetchall()


def value_of(definition: Definition, numerator: Decimal, denominator: Decimal | None) -> Decimal | None:
    """The figure; None when there is nothing to divide by."""
    if not definition.is_ratio:
        return numerator
    if not denominator:
        return None
    return (numerator * (HUNDRED if definition.unit == "percent" else 1) / denominator).quantize(
        _STEPS[definition.unit]
    )


def _figure(definition: Definition, row: dict[str, Any]) -> Figure:
    numerator = row.pop("numerator") or Decimal(0)
    denominator = row.pop("denominator") if definition.is_ratio else row.pop("denominator") and None
    known = row["records"] or not row["missing"]
    value = value_of(definition, numerator, denominator) if known else None
    return Figure(value=value, numerator=numerator, denominator=denominator, **row)


@dataclass(frozen=True, slots=True)
class Into:
    """The currency that figures are told in, and where its rates come from."""

    currency: str
    find: Callable[[str], Conversion | None]
    """Another currency -> so much of this one for one of it, and whose rate that is."""


class NoRate(ValueError):
    """A currency has no rate to be converted at."""


def converted(definition: Definition, figures: Sequence[Figure], into: Into) -> list[Figure]:
    """Figures of several currencies as one each; those without a currency stay as they are. Raises NoRate."""
    found: dict[tuple[str | None, bool], Figure] = {}
    for one in figures:
        place = (one.key, one.currency is None)
        found[place] = _added(definition, found.get(place), _turned(one, into))
    return [_rounded(definition, one) for one in found.values()]


def _turned(one: Figure, into: Into) -> Figure:
    if one.currency in (None, into.currency):
        return one
    rate = into.find(one.currency)
    if rate is None:
        raise NoRate(f"There is no rate from {one.currency} into {into.currency}; add it, or leave currencies apart.")
    turned = _times(one, rate.rate)
    return replace(turned, currency=into.currency, converted=f"{one.currency} {rate.rate} ({rate.words})")


def _rounded(definition: Definition, one: Figure) -> Figure:
    if definition.unit != "money" or one.currency is None or one.value is None:
        return one
    return replace(one, value=rounded(one.value, one.currency))


def _times(one: Figure, rate: Decimal) -> Figure:
    below = None if one.denominator is None else one.denominator * rate
    return replace(one, numerator=one.numerator * rate, denominator=below)


def _added(definition: Definition, before: Figure | None, one: Figure) -> Figure:
    numerator = one.numerator + (before.numerator if before else 0)
    parts = [each.denominator for each in (before, one) if each and each.denominator is not None]
    denominator = sum(parts, Decimal(0)) if parts else None
    records = one.records + (before.records if before else 0)
    missing = one.missing + (before.missing if before else 0)
    rates = [each.converted for each in (before, one) if each and each.converted]
    told = "; ".join(dict.fromkeys(name for text in rates for name in text.split("; ")))
    return replace(
        one,
        value=value_of(definition, numerator, denominator) if records or not missing else None,
        numerator=numerator,
        denominator=denominator,
        records=records,
        missing=missing,
        converted=told or None,
    )


def together(definition: Definition, groups: Sequence[Figure]) -> list[Figure]:
    """The whole, from its groups: one figure per currency."""
    whole: dict[str | None, Figure] = {}
    for one in groups:
        added = _added(definition, whole.get(one.currency), one)
        whole[one.currency] = replace(added, key=None, name=None)
    nothing = Figure(
        key=None, name=None, currency=None, value=value_of(definition, Decimal(0), None), numerator=Decimal(0),
        denominator=None, records=0, missing=0,
    )  # fmt: skip
    return sorted(whole.values(), key=lambda one: one.currency or "") or [nothing]


_PRACTICES = """
select distinct on (1) practice from (
  select coalesce(body->'dimensions'->>'practice', body->>'service_line') as practice from contract_version) v
where practice is not null order by 1 limit 200
"""


def read_practices(db: Connection) -> list[str]:
    """The practices of all contracts."""
    return [row["practice"] for row in db.execute(_PRACTICES).fetchall()]


@cache
def _sql(definition: Definition, ending: str) -> bytes:
    around, end = (_text(name) for name in ("around", ending))
    # A record may belong to no engagement and still to a practice: the home of the person.
    practice = "coalesce(d.practice, f.home)" if " as home" in definition.sql else "d.practice"
    return (around.replace("{definition}", definition.sql).replace("{practice}", practice) + end).encode()


def _text(name: str) -> str:
    return (files("tieline.insights") / f"{name}.sql").read_text("utf-8")


def _values(definition: Definition, scope: Scope, setting: Setting) -> dict[str, Any]:
    of_people = "%(workers)s" in definition.sql
    people = setting.people or NOBODY
    entities = people.firm.legal_entities
    rates = [one for one in setting.standard_rates if one.role is not None and one.is_general]
    return {
        **{name: getattr(scope, name) for name in ("entity", "practice", "customer", "currency", "since", "until")},
        "entities": [one.id for one in entities],
        "regions": [one.region for one in entities],
        "today": setting.today,
        "within": setting.within.total_seconds(),
        "roles": [one.role for one in rates],
        "currencies": [one.currency for one in rates],
        "rates": [one.rate for one in rates],
        "froms": [one.valid_from for one in rates],
        "tos": [one.valid_to for one in rates],
        **(people.values(scope.since, scope.until, setting.today) if of_people else {}),
    }
