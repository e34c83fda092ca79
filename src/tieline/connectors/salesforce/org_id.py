"""Salesforce ids: 15 case-sensitive characters, or the same with a 3-character checksum (fact sheet section 9)."""

import re

_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", re.ASCII)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def is_id(text: str) -> bool:
    """Whether a text has the form of a record id."""
    return _ID.fullmatch(text) is not None


def eighteen(identifier: str) -> str:
    """The 18-character form. Raises ValueError for what is no id."""
    if not is_id(identifier):
        raise ValueError(f"'{identifier[:40]}' is no Salesforce id")
    bare = identifier[:15]
    blocks = (bare[start : start + 5] for start in (0, 5, 10))
    checksum = (_LETTERS[sum(1 << place for place, char in enumerate(block) if char.isupper())] for block in blocks)
    return bare + "".join(checksum)
