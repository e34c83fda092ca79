"""Baselines: how the key figures were on a day, or before the start as the firm tells it, and the change since."""

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from tieline.insights.definition import Definition, definitions
from tieline.insights.figure import By, Figure, Scope, Setting, read_figures
from tieline.model.money import CURRENCIES, LARGEST
from tieline.store.database import Connection

COLUMNS = ("kpi", "value", "legal_entity", "currency", "note")
MOST = 5_000
"""Rows of one file."""


class BadBaseline(ValueError):
    """A file of figures that cannot be taken, with every row that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineFigure:
    """One figure as it was."""

    kpi: str
    value: Decimal
    legal_entity: str | None = None
    """None: of the whole firm."""
    currency: str | None = None
    records: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One time at which figures were taken."""

    id: int
    name: str
    origin: Literal["measured", "brought"]
    since: date | None
    until: date | None
    taken_by: str
    taken_at: datetime
    figures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure beside the newest baseline that tells it."""

    before: Decimal
    since: str
    """The baseline's name."""
    difference: Decimal
    """Now less before; of a percentage in points."""
    verdict: Literal["better", "worse", "same", "other"]
    """`other`: neither way is better."""


def measured(db: Connection, scope: Scope, setting: Setting) -> list[BaselineFigure]:
    """Every figure as it is, of the firm and of each legal entity; what has not enough data is left out."""
    found = []
    for one in definitions().values():
        whole = read_figures(db, one, scope, setting)
        each = [figure for figure in read_figures(db, one, scope, setting, "entity") if figure.key is not None]
        found += [
            BaselineFigure(
                kpi=one.id,
                value=figure.value,
                legal_entity=figure.key,
                currency=figure.currency,
                records=figure.records,
            )
            for figure in [*whole, *each]
            if figure.value is not None and figure.records
        ]
    return found


def brought(name: str, text: str, entities: Collection[str]) -> list[BaselineFigure]:
    """The rows of a firm's CSV. Raises BadBaseline with every row that is wrong and why."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="")
    given = tuple(reader.fieldnames or ())
    if not {"kpi", "value"} <= set(given) <= set(COLUMNS):
        wanted = "kpi,value and, where needed, legal_entity, currency, note"
        raise BadBaseline([f"{name}, row 1: the columns must be {wanted}, not {','.join(given)[:100]}"])
    found: dict[tuple[str, str | None, str | None], BaselineFigure] = {}
    problems = []
    try:
        for row in reader:
            try:
                one = _brought(row, entities)
                key = (one.kpi, one.legal_entity, one.currency)
                if key in found:
                    raise ValueError("this figure is there twice; remove one")
                found[key] = one
            except ValueError as error:
                problems.append(f"{name}, row {reader.line_num}: {error}")
            if len(found) + len(problems) > MOST:
                raise BadBaseline([f"{name}: more than {MOST:,} rows; bring only the figures of one time"])
    except csv.Error as error:
        problems.append(f"{name}, row {reader.line_num}: {error}")
    if problems or not found:
        raise BadBaseline(problems or [f"{name}: there is no figure in it"])
    return list(found.values())


def _brought(row: dict[str, str | None], entities: Collection[str]) -> BaselineFigure:
    if "" in row:
        raise ValueError("it has more cells than the heading")
    kpi, number, entity, currency, note = ((row.get(name) or "").strip() for name in COLUMNS)
    definition = definitions().get(kpi)
    if definition is None:
        raise ValueError(f"kpi: there is no key figure '{kpi[:60]}'; tieline kpi lists them")
    if entity and entity not in entities:
        raise ValueError(f"legal_entity: '{entity[:60]}' is not one of the site's")
    if currency and currency not in CURRENCIES:
        raise ValueError(f"currency: '{currency[:60]}' is no ISO 4217 code")
    if definition.unit == "money" and not currency:
        raise ValueError(f"currency: {kpi} is an amount and needs one")
    if "\0" in note or len(note) > 500:
        raise ValueError("note: it must be a text of at most 500 characters")
    return BaselineFigure(
        kpi=kpi,
        value=_number(number),
        legal_entity=entity or None,
        currency=currency or None,
        note=note or None,
    )


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"value: '{text[:60]}' is no number such as 52.5") from error
    if not number.is_finite() or abs(number) >= LARGEST:
        raise ValueError(f"value: '{text[:60]}' is no number below {LARGEST:,}")
    return number


_KEEP = """
insert into kpi_baseline (name, origin, since, until, taken_by) values
  (%(name)s, %(origin)s, %(since)s, %(until)s, %(by)s) returning id
"""
_FIGURE = """
insert into kpi_baseline_figure (baseline_id, kpi, legal_entity, currency, value, records, note)
values (%s, %s, %s, %s, %s, %s, %s)
"""


def keep(
    db: Connection, name: str, origin: Literal["measured", "brought"], by: str, scope: Scope,
    figures: Iterable[BaselineFigure],
) -> int:  # fmt: skip
    """Store a baseline; returns its number. Call inside a transaction."""
    values = {"name": name, "origin": origin, "by": by, "since": scope.since, "until": scope.until}
    row = db.execute(_KEEP, values).fetchone()
    assert row is not None
    number = int(row["id"])
    rows = [(number, f.kpi, f.legal_entity, f.currency, f.value, f.records, f.note) for f in figures]
    with db.cursor() as cursor:
        cursor.executemany(_FIGURE, rows)
    return number


_LIST = """
select b.*, (select count(*) from kpi_baseline_figure f where f.baseline_id = b.id)::int as figures
from kpi_baseline b order by b.id desc limit 100
"""


def list_baselines(db: Connection) -> list[Baseline]:
    """The newest first."""
    return [Baseline(**row) for row in db.execute(_LIST).fetchall()]


_BEFORE = """
select distinct on (f.kpi, f.legal_entity, f.currency) f.kpi, f.legal_entity, f.currency, f.value, b.name
from kpi_baseline_figure f join kpi_baseline b on b.id = f.baseline_id
where f.kpi = any (%s) order by f.kpi, f.legal_entity, f.currency, b.id desc
"""
Known = dict[tuple[str, str | None, str | None], tuple[Decimal, str]]


def known_before(db: Connection, kpis: Sequence[str]) -> Known:
    """(figure, legal entity, currency) -> value and name of the newest baseline that tells it."""
    rows = db.execute(_BEFORE, [list(kpis)]).fetchall()
    return {(row["kpi"], row["legal_entity"], row["currency"]): (row["value"], row["name"]) for row in rows}


def change_of(before: Known, definition: Definition, scope: Scope, by: By | None, figure: Figure) -> Change | None:
    """What has changed since; None where no baseline tells of these very records."""
    if scope.practice or scope.customer or figure.value is None or by not in (None, "entity"):
        return None
    entity = figure.key if by == "entity" else scope.entity
    if by == "entity" and entity is None:
        return None
    known = before.get((definition.id, entity, figure.currency)) or before.get((definition.id, entity, None))
    if known is None:
        return None
    difference = figure.value - known[0]
    return Change(before=known[0], since=known[1], difference=difference, verdict=_verdict(definition, difference))


def _verdict(definition: Definition, difference: Decimal) -> Literal["better", "worse", "same", "other"]:
    if not difference:
        return "same"
    if definition.better == "neither":
        return "other"
    return "better" if (difference > 0) == (definition.better == "higher") else "worse"
