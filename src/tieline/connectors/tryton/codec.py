"""Tryton's typed JSON: decimals, dates and durations travel as objects with `__class__` (fact sheet section 1.4)."""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

MOST_NESTING = 64


class MalformedValue(ValueError):
    """A typed value that cannot be what it says."""


def encode(value: object) -> Any:
    """JSON values of Python values. A moment must be aware; Tryton's are UTC without saying so."""
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, datetime):
        return {"__class__": "datetime", **_parts(value.astimezone(UTC), *_DATE, *_TIME)}
    if isinstance(value, date):
        return {"__class__": "date", **_parts(value, *_DATE)}
    if isinstance(value, timedelta):
        return {"__class__": "timedelta", "seconds": value.total_seconds()}
    if isinstance(value, bytes):
        return {"__class__": "bytes", "base64": base64.b64encode(value).decode()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"Tryton has no form for a {type(value).__name__}")


def decode(value: Any, depth: int = 0) -> Any:
    """Python values of JSON values. Raises MalformedValue."""
    if depth > MOST_NESTING:
        raise MalformedValue("the answer is nested too deeply")
    if isinstance(value, list):
        return [decode(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    read = _READ.get(str(value.get("__class__"))) if "__class__" in value else None
    if read is None:
        return {key: decode(item, depth + 1) for key, item in value.items()}
    try:
        return read(value)
    except (KeyError, TypeError, ValueError, OverflowError, InvalidOperation, binascii.Error) as error:
        raise MalformedValue(f"no valid {value['__class__']}") from error


_DATE = ("year", "month", "day")
_TIME = ("hour", "minute", "second", "microsecond")


def _parts(value: date, *names: str) -> dict[str, int]:
    return {name: getattr(value, name) for name in names}


def _decimal(value: dict[str, Any]) -> Decimal:
    number = Decimal(value["decimal"])
    if not number.is_finite():
        raise ValueError("not finite")
    return number


_READ: dict[str, Callable[[dict[str, Any]], Any]] = {
    "Decimal": _decimal,
    "date": lambda value: date(*(value[name] for name in _DATE)),
    "datetime": lambda value: datetime(*(value[name] for name in (*_DATE, *_TIME))).replace(tzinfo=UTC),  # noqa: DTZ001
    "time": lambda value: time(*(value[name] for name in _TIME)),
    "timedelta": lambda value: timedelta(seconds=float(value["seconds"])),
    "bytes": lambda value: base64.b64decode(value["base64"]),
}
