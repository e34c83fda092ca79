"""The firm's lists in the site folder: standard rates and people, one row each."""

import csv
import io
from collections.abc import Callable, Collection, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from tieline.app.site_defects import SiteDefect, SiteError, read_text
from tieline.model.contract import RateCardRow
from tieline.model.firm import CostRate, FxRate, Person
from tieline.model.ids import derived
from tieline.model.money import CURRENCIES
from tieline.model.record import Record

R = TypeVar("R", bound=Record)
Row = dict[str, str]
QUALIFIERS = {
    "customer": "customer_id",
    "service_line": "service_line",
    "region": "region",
    "level": "level",
    "location": "location",
}
"""Optional columns of rates.csv, and what they are called in a row of a rate card."""


def read_rates(file: Path, defects: list[SiteDefect]) -> tuple[RateCardRow, ...]:
    """The firm's rates; what is wrong is added to `defects`, as two rows that hold for the same work on one day."""
    lines: dict[str, int] = {}
    rows = _records(file, ("role", "currency", "rate", "valid_from"), _rate, defects, lines)
    alike: dict[tuple[str | None, ...], list[RateCardRow]] = {}
    for row in sorted(rows, key=lambda one: one.valid_from):
        alike.setdefault((row.role, row.currency, *(getattr(row, name) for name in QUALIFIERS.values())), []).append(
            row
        )
    for same in alike.values():
        for earlier, later in pairwise(same):
            if earlier.valid_to is not None and later.valid_from < earlier.valid_to:
                message = (
                    f"this row begins on {later.valid_from}, but the one of line {lines[earlier.id]} for the same work"
                    f" holds until {earlier.valid_to}; end that one before, or begin this one later"
                )
                defects.append(SiteDefect(file, lines[later.id], message))
    return rows


def read_fx_rates(file: Path, defects: list[SiteDefect]) -> tuple[FxRate, ...]:
    """The exchange rates; what is wrong is added to `defects`."""
    return _records(file, ("date", "from", "to", "rate", "source"), _fx_rate, defects)


def read_people(file: Path, entities: Collection[str], defects: list[SiteDefect]) -> tuple[Person, ...]:
    """The people of these legal entities with their costs; what is wrong is added to `defects`."""
    columns = ("email", "name", "role", "legal_entity", "cost_rate")
    return _records(file, columns, lambda row: _person(row, entities), defects)


def read_cost_rates(
    file: Path, people: Collection[Person], entities: Collection[str], defects: list[SiteDefect]
) -> tuple[CostRate, ...]:
    """What hours cost from which day on; what is wrong is added to `defects`, never with an amount."""
    emails, roles = {one.id for one in people}, {one.role for one in people}
    columns = ("email", "role", "legal_entity", "cost_rate", "valid_from")
    return _records(file, columns, lambda row: _cost_rate(row, emails, roles, entities), defects)


def _cost_rate(row: Row, emails: Collection[str], roles: Collection[str | None], entities: Collection[str]) -> CostRate:
    person, role, entity = row["email"].lower(), row["role"], row["legal_entity"]
    if bool(person) == bool(role):
        raise ValueError("give an email or a role, not both")
    if person and entity:
        raise ValueError("legal_entity: a person has one already; leave it empty")
    if person and person not in emails:
        raise ValueError(f"email: '{person}' is nobody of people.csv")
    if role and role not in roles:
        raise ValueError(f"role: nobody of people.csv has the role '{role}'")
    if entity and entity not in entities:
        raise ValueError(f"legal entity '{entity}' is not one of the site's")
    return CostRate(
        id=f"{person or role} {entity} {row['valid_from']}",
        person=person or None,
        role=role or None,
        legal_entity=entity or None,
        cost_rate=_cost_in(row),
        valid_from=day_in(row, "valid_from"),
    )


def _cost_in(row: Row) -> Decimal:
    """What somebody costs stands in no message."""
    try:
        return amount_in(row, "cost_rate")
    except ValueError:
        raise ValueError("cost_rate: this is no amount per hour") from None


def _rate(row: Row) -> RateCardRow:
    named = {name: row.get(column) or None for column, name in QUALIFIERS.items()}
    said = [f"{name}={value}" for name, value in named.items() if value]
    return RateCardRow(
        id=derived("rate_card", "standard", row["role"], row["currency"], row["valid_from"], *said),
        precedence=5,
        **named,
        role=given_in(row, "role"),
        currency=_currency(row, "currency"),
        rate=amount_in(row, "rate"),
        valid_from=day_in(row, "valid_from"),
        valid_to=_end(row),
    )


def _end(row: Row) -> date | None:
    end = day_in(row, "valid_to") if row.get("valid_to") else None
    if end is not None and end <= day_in(row, "valid_from"):
        raise ValueError(f"valid_to: {end} is not after valid_from; that day no longer counts")
    return end


def _fx_rate(row: Row) -> FxRate:
    rate = amount_in(row, "rate")
    if not rate:
        raise ValueError("rate: must be more than zero")
    return FxRate(
        id=f"{row['date']} {row['from']} {row['to']}",
        day=day_in(row, "date"),
        base=_currency(row, "from"),
        quote=_currency(row, "to"),
        rate=rate,
        source=given_in(row, "source"),
    )


def _currency(row: Row, column: str) -> str:
    if row[column] not in CURRENCIES:
        raise ValueError(f"{column}: '{row[column]}' is no ISO 4217 currency code such as USD")
    return row[column]


def _person(row: Row, entities: Collection[str]) -> Person:
    if given_in(row, "legal_entity") not in entities:
        raise ValueError(f"legal entity '{row['legal_entity']}' is not one of the site's")
    joined, left = (day_in(row, name) if row.get(name) else None for name in ("joined", "left"))
    if joined and left and left < joined:
        raise ValueError(f"left: {left} lies before joined, {joined}")
    return Person(
        id=given_in(row, "email").lower(),
        name=given_in(row, "name"),
        role=row["role"] or None,
        level=row.get("level") or None,
        location=row.get("location") or None,
        practice=row.get("practice") or None,
        skills=tuple(filter(None, (one.strip() for one in (row.get("skills") or "").split(";")))),
        legal_entity=row["legal_entity"],
        hours_per_week=_hours_in(row, "hours_per_week"),
        joined=joined,
        left=left,
        cost_rate=_cost_in(row) if row["cost_rate"] else None,
    )


def _hours_in(row: Row, column: str) -> Decimal | None:
    if not row.get(column):
        return None
    hours = amount_in(row, column, "number of hours a week")
    if not 0 < hours <= 168:
        raise ValueError(f"{column}: {row[column]} is no number of hours a week")
    return hours


def _records(
    file: Path,
    columns: tuple[str, ...],
    made: Callable[[Row], R],
    defects: list[SiteDefect],
    lines: dict[str, int] | None = None,
) -> tuple[R, ...]:
    """The rows as records; `lines` learns the line of each."""
    found: dict[str, R] = {}
    try:
        for line, row in rows_of(file, columns):
            try:
                record = made(row)
            except ValidationError as error:
                words = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
                defects.append(SiteDefect(file, line, words))
            except ValueError as error:
                defects.append(SiteDefect(file, line, str(error)))
            else:
                if record.id in found:
                    defects.append(SiteDefect(file, line, "this row is there twice; remove one"))
                found[record.id] = record
                if lines is not None:
                    lines[record.id] = line
    except SiteError as error:
        defects += error.defects
    return tuple(found.values())


def rows_of(file: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, Row]]:
    """Rows with the line each ends in. Raises SiteError when the file is no such table."""
    if not file.is_file():
        return
    reader = csv.DictReader(io.StringIO(read_text(file), newline=""), restkey="", strict=True)
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise SiteError([SiteDefect(file, 1, f"the header lacks the columns {', '.join(missing)}")])
    try:
        for row in reader:
            if "" in row or None in row.values():
                wanted = len(reader.fieldnames or ())
                raise SiteError([SiteDefect(file, reader.reader.line_num, f"this row does not have {wanted} cells")])
            yield reader.reader.line_num, {name: cell.strip() for name, cell in row.items()}
    except csv.Error as error:
        raise SiteError([SiteDefect(file, reader.reader.line_num, f"this is no CSV: {error}")]) from error


def given_in(row: Row, column: str) -> str:
    """A cell that must not be empty. Raises ValueError."""
    if not row[column]:
        raise ValueError(f"{column} is empty")
    return row[column]


def amount_in(row: Row, column: str, what: str = "amount per hour") -> Decimal:
    """A number of zero or more. Raises ValueError."""
    try:
        value = Decimal(row[column])
    except InvalidOperation:
        raise ValueError(f"{column}: '{row[column]}' is no number") from None
    if not (value.is_finite() and 0 <= value < 1_000_000_000):
        raise ValueError(f"{column}: {row[column]} is no {what}")
    return value


def day_in(row: Row, column: str) -> date:
    """A date. Raises ValueError."""
    try:
        return date.fromisoformat(row[column])
    except ValueError:
        raise ValueError(f"{column}: '{row[column]}' is no date such as 2026-01-31") from None
