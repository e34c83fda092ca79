"""Tax ids: the same number may be written with or without its country, with blanks, points and hyphens."""

import re

_COUNTRIES = "AT BE BG CY CZ DE DK EE EL ES FI FR GB HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI CHE NO GR"
COUNTRIES = frozenset(_COUNTRIES.split())
"""What a European number may begin with; Greece writes EL, Switzerland CHE."""
SHORTEST = 5


def normal_tax_id(text: str | None) -> str:
    """Letters and digits without the country in front; empty when it is too short or one digit repeated."""
    written = re.sub(r"[^0-9A-Z]", "", (text or "").upper())
    for length in (3, 2):
        if written[:length] in COUNTRIES and any(letter.isdigit() for letter in written[length:]):
            written = written[length:]
            break
    return written if len(written) >= SHORTEST and len(set(re.sub(r"\D", "", written))) > 1 else ""
