"""Postal addresses: a street is its number, its direction and its name; spelling and abbreviations do not count."""

import re
from typing import NamedTuple

from tieline.matching.names import normal_words

_KINDS = (
    "street st str strasse straße avenue ave av road rd boulevard blvd drive dr place pl lane ln court ct parkway pkwy"
    " terrace ter square sq highway hwy rue via calle weg platz allee gasse laan straat plein vei gata"
)
KINDS = frozenset(_KINDS.split())
DIRECTIONS = {"north": "n", "south": "s", "east": "e", "west": "w"}
_UNITS = "suite ste floor fl unit room rm apt level building bldg etage stock og"
UNITS = frozenset(_UNITS.split())
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_NUMBER = re.compile(r"\d+[a-z]?")
_JOINED = re.compile(r"(.{3,})(?:strasse|str|straat|gasse|weg|platz)")  # Hauptstrasse, Hauptstr.


class Street(NamedTuple):
    """A street as it is compared."""

    number: str
    direction: str
    name: tuple[str, ...]


def street_of(text: str) -> Street:
    """The parts of a street line; the number may stand first or last."""
    words = [DIRECTIONS.get(word, word) for word in _without_unit(list(normal_words(text)))]
    number, rest = _number(words)
    if len(rest) > 1 and rest[0] in DIRECTIONS.values():
        direction, rest = rest[0], rest[1:]
    elif len(rest) > 1 and rest[-1] in DIRECTIONS.values():
        direction, rest = rest[-1], rest[:-1]
    else:
        direction = ""
    name = tuple(_spelled(word) for word in rest if word not in KINDS) or tuple(rest)
    return Street(number, direction, name)


def normal_postal_code(text: str | None) -> str:
    """Letters and digits; of a US ZIP+4 the first five."""
    code = re.sub(r"[^0-9A-Z]", "", (text or "").upper())
    return code[:5] if len(code) == 9 and code.isdigit() else code


def _without_unit(words: list[str]) -> list[str]:
    for place, word in enumerate(words):
        if place >= 2 and word in UNITS:
            return words[:place]
    return words


def _number(words: list[str]) -> tuple[str, list[str]]:
    if words and _NUMBER.fullmatch(words[0]):
        return words[0], words[1:]
    if len(words) > 1 and _NUMBER.fullmatch(words[-1]):
        return words[-1], words[:-1]
    return "", words


def _spelled(word: str) -> str:
    if ordinal := _ORDINAL.fullmatch(word):
        return ordinal[1]
    joined = _JOINED.fullmatch(word)
    return joined[1] if joined else word
