"""What a key figure is: one SQL file each, whose first lines say what it measures and how far to trust it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, cast

Unit = Literal["money", "percent", "days", "count"]
GROUPS = ("From deal to delivery", "Work and time", "Billing", "Cash", "Margin", "Customers", "Control")
_HEADINGS = (
    "name",
    "group",
    "says",
    "formula",
    "unit",
    "figure",
    "better",
    "records",
    "day",
    "sources",
    "known",
    "parts",
    "order",
)


@dataclass(frozen=True, slots=True)
class Definition:
    """One key figure. Its SQL gives one row per record it rests on, with a numerator and a denominator."""

    id: str
    name: str
    group: str
    says: str
    """What it tells, in a sentence."""
    formula: str
    unit: Unit
    is_ratio: bool
    """The numerators' sum by that of the denominators; else the sum alone."""
    better: Literal["higher", "lower", "neither"]
    records: str
    """What it rests on: lines, invoices, projects …"""
    day: str
    """What day of a record decides to which period it belongs."""
    sources: str
    """The fields it is made of, and whose they are."""
    known: str
    """When it is final, and what still moves it later."""
    parts: str | None
    """What it is made up of, when it has parts."""
    order: tuple[str, ...]
    """Its parts in the order in which they are told; others by their names."""
    sql: str


@lru_cache
def definitions() -> Mapping[str, Definition]:
    """All of them, by id, in the order in which they are shown."""
    folder = files("tieline.insights") / "definitions"
    found = [parsed(one.name.removesuffix(".sql"), one.read_text("utf-8")) for one in folder.iterdir()]
    ordered = sorted(found, key=lambda one: (GROUPS.index(one.group), one.name))
    return MappingProxyType({one.id: one for one in ordered})


def parsed(name: str, text: str) -> Definition:
    """A definition from its file. Raises ValueError when its first lines do not say what they must."""
    lines = text.splitlines()
    size = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    told: dict[str, str] = {}
    for line in lines[:size]:
        heading, colon, words = line.removeprefix("-- ").partition(": ")
        if colon and heading in _HEADINGS:
            last = heading
            told[last] = words.strip()
        else:
            told[last] += f" {line.removeprefix('--').strip()}"
    if missing := set(_HEADINGS) - {"parts", "order"} - set(told):
        raise ValueError(f"{name}: nothing is said of {', '.join(sorted(missing))}")
    return Definition(
        id=name,
        name=told["name"],
        group=told["group"],
        says=told["says"],
        formula=told["formula"],
        unit=cast(Unit, told["unit"]),
        is_ratio=told["figure"] == "ratio",
        better=cast(Literal["higher", "lower", "neither"], told["better"]),
        records=told["records"],
        day=told["day"],
        sources=told["sources"],
        known=told["known"],
        parts=told.get("parts"),
        order=tuple(filter(None, told.get("order", "").split(", "))),
        sql="\n".join(lines[size:]).strip(),
    )
