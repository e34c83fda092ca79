"""Record ids: 15 case-sensitive characters, or 18 with a checksum that makes them safe to compare without case."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "Hm"


def with_checksum(short: str) -> str:
    """The 18-character form of a 15-character id (fact sheet section 9)."""
    suffix = ""
    for block in (short[0:5], short[5:10], short[10:15]):
        suffix += _CHECKSUM[sum(1 << place for place, letter in enumerate(block) if "A" <= letter <= "Z")]
    return short + suffix


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of the n-th record with this key prefix."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    return with_checksum(prefix + _POD + digits.rjust(10, "0"))


def normal_id(text: object) -> str | None:
    """The 18-character form of an id in either form and, when it has a checksum, in any case; None if malformed."""
    if not isinstance(text, str) or not text.isascii() or not text.isalnum():
        return None
    if len(text) == 15:
        return with_checksum(text)
    if len(text) != 18:
        return None
    short = "".join(_cased(text[start : start + 5], text[15 + start // 5].upper()) for start in (0, 5, 10))
    full = with_checksum(short)
    return full if full.upper() == text.upper() else None


def _cased(block: str, check: str) -> str:
    bits = _CHECKSUM.find(check)
    return "".join(
        letter.upper() if bits >= 0 and bits >> place & 1 else letter.lower() for place, letter in enumerate(block)
    )
