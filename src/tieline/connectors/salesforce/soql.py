"""SOQL text from parts: the only place where values are put into a query, always quoted."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(\.[A-Za-z][A-Za-z0-9_]{0,79}){0,5}", re.ASCII)
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
Value = str | bool | int | Decimal | date | datetime | None


def literal(value: Value) -> str:
    """A value as SOQL writes it. Raises ValueError for what no query can hold (NUL, a naive datetime)."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            if "\x00" in value or not _storable(value):
                raise ValueError("the text holds characters that no query can carry")
            return f"'{value.translate(_ESCAPES)}'"
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a moment needs its time zone")
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return format(value, "f") if isinstance(value, Decimal) else str(value)


def equals(field: str, value: Value) -> str:
    """A condition `field = value`."""
    return f"{name(field)} = {literal(value)}"


def one_of(field: str, values: Iterable[Value]) -> str:
    """A condition `field IN (…)`; at least one value."""
    return f"{name(field)} IN ({', '.join(map(literal, values))})"


def name(field: str) -> str:
    """A field's API name, dots for parents. Raises ValueError for anything else: names come from mappings."""
    if not FIELD.fullmatch(field):
        raise ValueError(f"'{field[:80]}' is no API name of a Salesforce field")
    return field


def select(
    fields: Sequence[str],
    source: str,
    *,
    where: str | None = None,
    order: Sequence[str] = (),
    limit: int | None = None,
    children: Sequence[str] = (),
) -> str:
    """A query; `children` are sub-selects, made by this function as well, `where` conditions made here."""
    wanted = [name(field) for field in dict.fromkeys(fields)] + [f"({child})" for child in children]
    text = f"SELECT {', '.join(wanted)} FROM {name(source)}"  # noqa: S608 - SOQL has no bind parameters; names are checked, values quoted
    if where:
        text += f" WHERE {where}"
    if order:
        text += f" ORDER BY {', '.join(map(name, order))}"
    return text if limit is None else f"{text} LIMIT {limit}"


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
