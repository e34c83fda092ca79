"""Figures as people read them, how each is known, and as CSV."""

import csv
import io
from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal

from tieline.insights.baseline import Change
from tieline.insights.definition import Definition
from tieline.insights.figure import Figure, FigureRecord
from tieline.model.money import Money

NOT_ENOUGH = "not enough data"
_ONE = {"money": "", "percent": " %", "days": " days", "count": ""}


def told(definition: Definition, figure: Figure) -> str:
    """`EUR 11,062.50`, `93.5 %`, `12.4 days`, or `not enough data`."""
    return told_value(definition, figure.value, figure.currency)


def told_value(definition: Definition, value: Decimal | None, currency: str | None) -> str:
    """The same of a bare value."""
    if value is None:
        return NOT_ENOUGH
    if definition.unit == "money" and currency:
        return str(Money(amount=value, currency=currency))
    whole = definition.unit in ("count", "money")
    return f"{value:,.0f}{_ONE[definition.unit]}" if whole else f"{value:,.1f}{_ONE[definition.unit]}"


def known_by(definition: Definition, figure: Figure) -> str:
    """What it rests on: `11,062.50 of 89,437.50, from 65 lines; 3 more are not known`."""
    parts = []
    if definition.is_ratio and figure.denominator is not None and definition.unit == "percent":
        parts.append(f"{_plain(figure.numerator)} of {_plain(figure.denominator)}")
    parts.append(f"{figure.records:,} {_named(definition, figure.records)}")
    missing = f"; {figure.missing:,} more not known" if figure.missing else ""
    rates = f"; converted: {figure.converted}" if figure.converted else ""
    return ", ".join(parts) + missing + rates


def told_change(definition: Definition, change: Change, currency: str | None) -> str:
    """`5.0 days better than 52.0 days (before the start)`."""
    before = f"{told_value(definition, change.before, currency)} ({change.since})"
    if change.verdict == "same":
        return f"as before: {before}"
    unit = " points" if definition.unit == "percent" else None
    size = (
        told_value(definition, abs(change.difference), currency) if unit is None else f"{abs(change.difference):,.1f}"
    )
    word = {"better": "better", "worse": "worse", "other": "more" if change.difference > 0 else "less"}[change.verdict]
    return f"{size}{unit or ''} {word} than {before}"


def _named(definition: Definition, count: int) -> str:
    what, space, more = definition.records.partition(",")[0].partition(" ")
    return (what.removesuffix("s") if count == 1 else what) + space + more


def _plain(number: Decimal) -> str:
    return f"{number:,.2f}".removesuffix(".00")


def csv_of(kind: type[Figure | FigureRecord], rows: Iterable[Figure | FigureRecord]) -> str:
    """Rows with a heading; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    names = [one.name for one in fields(kind)]
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([csv_cell(getattr(row, name)) for name in names])
    return told.getvalue()


def csv_cell(value: object) -> object:
    """A value as it stands in a table for a spreadsheet."""
    formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return "" if value is None else f"'{value}" if formula else value
