"""The kinds of values Kantata's fields take, and how request values become stored ones."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from tieline_standins.core.http import Json

Parse = Callable[[Json], Json]
_LARGEST = 10**12
_INT32 = 2**31  # the contract declares whole numbers as int32


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a resource. `parse` raises ValueError with the end of the message ("is not a number")."""

    parse: Parse
    default: Json = None
    required: str | None = None
    writable: bool = True
    create_only: bool = False
    on_request: bool = False  # only present when named in optional_fields
    cost: bool = False  # only present for account administrators


def text(value: Json) -> Json:
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    raise ValueError("is not a text")


def short_text(limit: int) -> Parse:
    def parse(value: Json) -> Json:
        found: str = text(value)
        if len(found) > limit:
            raise ValueError(f"is too long (maximum is {limit} characters)")
        return found

    return parse


def whole(value: Json) -> Json:
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        value = int(value) if len(value) < 12 else _INT32
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < _INT32 and value == int(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("is not a number")
    if not -_INT32 <= value < _INT32:
        raise ValueError("is out of range")
    return value


def number(value: Json) -> Json:
    """A number with or without a fraction."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}(\.\d{1,9})?", value):
        value = Decimal(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        if not -_LARGEST < value < _LARGEST:
            raise ValueError("is out of range")
        return value
    return whole(value)


def flag(value: Json) -> Json:
    known = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
    if not isinstance(value, bool | int | str) or value not in known:
        raise ValueError("must be true or false")
    return known[value]


def day(value: Json) -> Json:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError as error:
        raise ValueError("is not a date") from error


def moment(value: Json) -> Json:
    """An ISO 8601 datetime in the form all timestamps of this stand-in have, which sorts as text."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("is not a datetime") from error
    return stamp(at if at.tzinfo else at.replace(tzinfo=UTC))


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def one_of(*allowed: str) -> Parse:
    def parse(value: Json) -> Json:
        if value not in allowed:
            raise ValueError("is not included in the list")
        return value

    return parse


def ident(value: Json) -> Json:
    """An id: integers in requests, strings in answers."""
    return str(whole(value))


def idents(value: Json) -> list[str]:
    if isinstance(value, str):
        value = [part for part in value.split(",") if part.strip()]
    if not isinstance(value, list):
        raise ValueError("is not a list of ids")
    return [ident(part.strip() if isinstance(part, str) else part) for part in value]


def anything(value: Json) -> Json:
    return value
