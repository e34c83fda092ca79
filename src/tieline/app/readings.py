"""Readings of meters and of progress: a table, a program or a person brings them, all or none."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tieline.app.site_csv import amount_in, day_in, given_in, rows_of
from tieline.app.site_defects import SiteDefect, SiteError
from tieline.lane.billing_facts import keep_readings
from tieline.model.contract import ContractVersion
from tieline.store.canonical import contract_of_engagement
from tieline.store.database import Connection, Database, repeating

COLUMNS = ("engagement", "meter", "date", "quantity")
LONGEST = 200
"""Of a meter's or a source's name."""
Readings = dict[tuple[str, date, str], Decimal]
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of readings: how many there were, and how many of them were news."""

    readings: int
    changed: int


class BadReadings(ValueError):
    """None of them was stored; `defects` says what is wrong where: (place, message)."""

    def __init__(self, defects: list[tuple[int, str]]) -> None:
        self.defects = defects
        super().__init__("; ".join(f"reading {place}: {message}" for place, message in defects))


def take_readings(database: Database, file: Path, by: str) -> Taken:
    """Store the readings of a table, all or none; the same table again changes nothing. Raises SiteError."""
    if not file.is_file():
        raise SiteError([SiteDefect(file, 1, "there is no such file")])
    try:
        return store_readings(database, list(rows_of(file, COLUMNS)), by)
    except BadReadings as error:
        raise SiteError([SiteDefect(file, line, message) for line, message in error.defects]) from error


@repeating
def store_readings(database: Database, rows: Iterable[tuple[int, Row]], by: str) -> Taken:
    """Store readings, each with its place and the cells of `COLUMNS` and perhaps `source`. Raises BadReadings."""
    defects: list[tuple[int, str]] = []
    with database.transaction() as db:
        by_contract = _read(db, rows, defects)
        if defects:
            raise BadReadings(defects)
        changed = sum(keep_readings(db, contract, found, by) for contract, found in sorted(by_contract.items()))
    return Taken(sum(len(found) for found in by_contract.values()), changed)


def _read(db: Connection, rows: Iterable[tuple[int, Row]], defects: list[tuple[int, str]]) -> Mapping[str, Readings]:
    found: dict[str, Readings] = defaultdict(dict)
    meters: dict[str, tuple[str, Mapping[str, Meter]]] = {}
    for place, cells in rows:
        row = dict(cells)
        try:
            engagement = given_in(row, "engagement")
            if engagement not in meters:
                meters[engagement] = _meters(db, engagement)
            contract, known = meters[engagement]
            meter = given_in(row, "meter")
            if meter not in known:
                there = ", ".join(sorted(known)) or "none"
                raise ValueError(f"meter: the contract has no '{meter}'; it has {there}")
            key = meter, day_in(row, "date"), row.get("source", "")
            if key in found[contract]:
                raise ValueError("this reading is there twice; remove one, or give each a source")
            found[contract][key] = _quantity(row, known[meter])
        except ValueError as error:
            defects.append((place, str(error)))
    return found


def _quantity(row: dict[str, str], meter: "Meter") -> Decimal:
    quantity = amount_in(row, "quantity", "quantity")
    if meter.is_progress and quantity > 100:
        raise ValueError(f"quantity: {quantity:f} is more than 100 per cent complete")
    return quantity


# ---- what is counted, and what was ----


@dataclass(frozen=True, slots=True)
class Meter:
    """What a contract counts."""

    name: str
    words: str
    """What it is charged as."""
    is_progress: bool
    """Per cent complete; else a quantity of a period."""


@dataclass(frozen=True, slots=True)
class KeptReading:
    """One reading as it counts now."""

    meter: str
    day: date
    source: str
    quantity: Decimal
    read_by: str | None
    read_at: datetime


@dataclass(frozen=True, slots=True)
class MeterReadings:
    """The meters of an engagement and the newest readings."""

    meters: tuple[Meter, ...]
    readings: tuple[KeptReading, ...]


MOST = 200
_KEPT = """
select meter, day, source, quantity, read_by, read_at from meter_reading where contract_id = %s
order by day desc, meter, source limit %s
"""


def read_readings(db: Connection, engagement_id: str, limit: int = MOST) -> MeterReadings | None:
    """None when there is no such engagement, or no contract yet."""
    contract = contract_of_engagement(db, engagement_id)
    if contract is None:
        return None
    rows = db.execute(_KEPT, [contract.id, limit]).fetchall()
    return MeterReadings(tuple(_meters_of(contract).values()), tuple(KeptReading(**row) for row in rows))


def _meters(db: Connection, engagement: str) -> tuple[str, Mapping[str, Meter]]:
    contract = contract_of_engagement(db, engagement)
    if contract is None:
        raise ValueError(f"engagement: there is no contract of '{engagement}'")
    return contract.id, _meters_of(contract)


def _meters_of(contract: ContractVersion) -> dict[str, Meter]:
    """Meters of usage and outcomes, and progress a person enters."""
    terms = contract.billing_terms
    found = {one.meter: Meter(one.meter, one.name, is_progress=False) for one in terms.usage}
    entered = {one.id: Meter(one.id, one.id, is_progress=True) for one in terms.progress if one.basis == "entered"}
    return {**found, **entered}
