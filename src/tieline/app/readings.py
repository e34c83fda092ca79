"""Readings of meters and of progress, brought by a person or another system as a table."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from tieline.app.site_csv import amount_in, day_in, given_in, rows_of
from tieline.app.site_defects import SiteDefect, SiteError
from tieline.lane.billing_facts import keep_readings
from tieline.store.canonical import contract_of_engagement
from tieline.store.database import Connection, Database

COLUMNS = ("engagement", "meter", "date", "quantity")
Readings = dict[tuple[str, date, str], Decimal]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a table: its readings, and how many of them were news."""

    readings: int
    changed: int


def take_readings(database: Database, file: Path, by: str) -> Taken:
    """Store the readings of a table, all or none; the same table again changes nothing. Raises SiteError."""
    defects: list[SiteDefect] = []
    with database.transaction() as db:
        by_contract = _read(db, file, defects)
        if defects:
            raise SiteError(defects)
        changed = sum(keep_readings(db, contract, found, by) for contract, found in sorted(by_contract.items()))
    return Taken(sum(len(found) for found in by_contract.values()), changed)


def _read(db: Connection, file: Path, defects: list[SiteDefect]) -> Mapping[str, Readings]:
    if not file.is_file():
        raise SiteError([SiteDefect(file, 1, "there is no such file")])
    found: dict[str, Readings] = defaultdict(dict)
    meters: dict[str, tuple[str, frozenset[str]]] = {}
    for line, row in rows_of(file, COLUMNS):
        try:
            contract, known = meters.setdefault(row["engagement"], _meters(db, given_in(row, "engagement")))
            meter = given_in(row, "meter")
            if meter not in known:
                there = ", ".join(sorted(known)) or "none"
                raise ValueError(f"meter: the contract has no '{meter}'; it has {there}")
            key = meter, day_in(row, "date"), row.get("source", "")
            if key in found[contract]:
                raise ValueError("this reading is there twice; remove one, or give each a source")
            found[contract][key] = amount_in(row, "quantity", "quantity")
        except ValueError as error:
            defects.append(SiteDefect(file, line, str(error)))
    return found


def _meters(db: Connection, engagement: str) -> tuple[str, frozenset[str]]:
    """The contract and what it counts: meters of usage, and progress a person enters."""
    contract = contract_of_engagement(db, engagement)
    if contract is None:
        raise ValueError(f"engagement: there is no contract of '{engagement}'")
    terms = contract.billing_terms
    entered = {one.id for one in terms.progress if one.basis == "entered"}
    return contract.id, frozenset({one.meter for one in terms.usage} | entered)
