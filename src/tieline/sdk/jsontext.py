"""JSON as text, exactly: decimals stay decimals, and hostile input becomes one clear error."""

from decimal import Decimal
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class MalformedJson(ValueError):
    """The text is no JSON we accept: broken, too deep, not UTF-8 or holding U+0000."""


def dumps(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys, so that equal values give equal bytes (hashes rely on it)."""
    return _encoder.encode(value)


def loads(text: bytes | str) -> Any:
    """Parse JSON; numbers with a point or exponent become Decimal. Raises MalformedJson."""
    try:
        value = _decoder.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedJson(f"not valid JSON: {error}") from error
    if (b"\\u0000" if isinstance(text, bytes) else "\\u0000") in text:  # type: ignore[operator]
        raise MalformedJson("the text holds a NUL character, which cannot be stored")
    return value
