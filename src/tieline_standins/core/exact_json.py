"""JSON in and out without ever passing a number through binary floating point."""

from decimal import Decimal
from typing import Any

import msgspec

# Any JSON value; vendors' payloads are untyped by nature.
Json = Any

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class BadJsonError(ValueError):
    """The body is not the JSON the receiver can work with."""


def loads(body: bytes | str) -> Json:
    """Parse JSON; fractions become Decimal. Raises BadJsonError for anything else, NaN and bad UTF-8 included."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadJsonError(str(error) or "nested too deeply") from error


def dumps(value: Json) -> bytes:
    """Compact UTF-8 JSON; a Decimal is written digit for digit."""
    return _encoder.encode(value)
