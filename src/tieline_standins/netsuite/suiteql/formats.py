"""Oracle's date format models, for TO_DATE and TO_CHAR: `YYYY-MM-DD"T"HH24:MI:SS"Z"`."""

import re
from datetime import datetime
from functools import lru_cache

from tieline_standins.netsuite.suiteql.syntax import refused

_PART = re.compile(r'"([^"]*)"|(YYYY|HH24|HH12|HH|MI|SS|MM|MON|DD|DY|AM|PM)|([^A-Za-z"])', re.IGNORECASE)
_DIGITS = {"YYYY": 4, "HH24": 2, "HH12": 2, "HH": 2, "MI": 2, "SS": 2, "MM": 2, "DD": 2}
_NUMBERS = {2: re.compile(r"\d{1,2}"), 4: re.compile(r"\d{1,4}")}
_WRITTEN = {
    "YYYY": "%Y",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "MM": "%m",
    "DD": "%d",
    "MON": "%b",
    "DY": "%a",
    "AM": "%p",
    "PM": "%p",
}


@lru_cache(maxsize=64)
def _parts(model: str) -> tuple[tuple[str, str], ...]:
    """Pairs of kind (text or part) and content. Raises RefusalError."""
    found, position = [], 0
    while position < len(model):
        match = _PART.match(model, position)
        if match is None:
            raise refused(f"Date format not recognized: '{model[:50]}'")
        text, part, mark = match.groups()
        found.append(("part", part.upper()) if part else ("text", mark if mark else text))
        position = match.end()
    return tuple(found)


def write_date(iso: str, model: str) -> str:
    """ISO text in a format model."""
    at = datetime.fromisoformat(iso)
    return "".join(at.strftime(_WRITTEN[part]) if kind == "part" else part for kind, part in _parts(model))


@lru_cache(maxsize=4096)
def read_model(text: str, model: str) -> str:
    """Text in a format model as ISO text. Raises RefusalError."""
    values = {"YYYY": 1970, "MM": 1, "DD": 1, "HH24": 0, "HH12": 0, "HH": 0, "MI": 0, "SS": 0}
    position, afternoon = 0, False
    for kind, part in _parts(model):
        if kind == "text":
            if not text.startswith(part, position):
                raise _mismatch(text, model)
            position += len(part)
        elif part in _DIGITS:
            match = _NUMBERS[_DIGITS[part]].match(text, position)
            if match is None:
                raise _mismatch(text, model)
            values[part] = int(match[0])
            position = match.end()
        elif part in ("AM", "PM"):
            afternoon = text[position : position + 2].upper() == "PM"
            position += 2
        else:
            raise refused(f"Date format not supported for reading: '{part}'")
    if text[position:].strip():
        raise _mismatch(text, model)
    return _iso(values, afternoon, text, model)


def _iso(values: dict[str, int], afternoon: bool, text: str, model: str) -> str:
    half = (values["HH12"] or values["HH"]) % 12 + (12 if afternoon else 0)
    try:
        at = datetime(  # noqa: DTZ001
            values["YYYY"], values["MM"], values["DD"], values["HH24"] or half, values["MI"], values["SS"]
        )
    except ValueError as error:
        raise _mismatch(text, model) from error
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def _mismatch(text: str, model: str) -> Exception:
    return refused(f"'{text[:50]}' does not match the date format '{model[:50]}'")
