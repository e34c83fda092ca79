"""What a transform is: options checked at load, and two functions, ours to the vendor's and back."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from tieline.mapping.problems import RefusalError
from tieline.mapping.value_tables import ValueTable

Convert = Callable[[object], object]

_NUMBER = re.compile(r"[+-]?(\d{1,30})(\.\d{1,20})?([eE][+-]?\d{1,2})?", re.ASCII)
_DIGITS = re.compile(r"-?\d{1,18}", re.ASCII)
LARGEST_EXPONENT = 30


@dataclass(frozen=True, slots=True)
class Codec:
    """The two compiled directions: each takes a value other than None, answers None for "no value" or refuses.

    With `beside` (a canonical path) both functions take a pair: the value, and the value under that path.
    """

    write: Convert
    read: Convert
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a row tells its transform: names for messages, the directions used, and the value tables."""

    field_words: str
    vendor: str
    writes: bool
    reads: bool
    table: Callable[[str], ValueTable]


class Transform(BaseModel):
    """Options of one transform, by name; unknown options are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    canonical_types: ClassVar[tuple[type, ...]] = (str,)
    """Python types of canonical fields this transform fits."""
    write_only: ClassVar[bool] = False

    def codec(self, surroundings: Surroundings) -> Codec:
        """The compiled pair of functions. Raises ValueError when the options do not fit together."""
        raise TypeError(f"{type(self).__name__} has no codec")

    @property
    def table_name(self) -> str | None:
        """The value table this transform looks into, if any."""
        return None


def number(value: object) -> Decimal:
    """A finite number of sensible size from an int, a Decimal or its text; floats are refused as inexact."""
    if type(value) is Decimal and value.is_finite():
        return _sized(value)
    if isinstance(value, bool):
        raise RefusalError("is not a number")
    if isinstance(value, str):
        text = value.strip() if len(value) < LARGEST_EXPONENT * 3 else ""
        if not _NUMBER.fullmatch(text):
            raise RefusalError("is not a number")
        value = Decimal(text)
    elif isinstance(value, int):
        return _sized(Decimal(value))
    if isinstance(value, float):
        raise RefusalError("is a binary float, which is inexact: the JSON must be parsed with Decimal")
    if not isinstance(value, Decimal) or not value.is_finite():
        raise RefusalError("is not a number")
    return _sized(value)


def _sized(value: Decimal) -> Decimal:
    if value and (abs(value.adjusted()) >= LARGEST_EXPONENT or value != +value):  # + rounds to the 28 digits of Decimal
        raise RefusalError("has more digits than a number can be meant to have")
    return value


def whole(value: object) -> int:
    """A whole number within 64 bits from an int, a Decimal or its text."""
    if type(value) is not int:
        value = int(value) if type(value) is str and _DIGITS.fullmatch(value) else _integral(number(value))
    if not -(2**63) <= value < 2**63:
        raise RefusalError("is a number too large to be meant")
    return value


def _integral(value: Decimal) -> int:
    exact = int(value)
    if exact != value:
        raise RefusalError("is not a whole number")
    return exact


def text_of(value: object) -> str:
    """A text (or whole number, as some vendors send ids) without what no database can hold."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(whole(value))
    if not isinstance(value, str):
        raise RefusalError("is not a text")
    if "\x00" in value or not (value.isascii() or _encodable(value)):
        raise RefusalError("contains characters that no system can store")
    return value


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
