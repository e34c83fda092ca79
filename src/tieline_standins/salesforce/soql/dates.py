"""Date literals such as THIS_MONTH or LAST_N_DAYS:7: each names a range of days, first day included, last excluded."""

from datetime import date, datetime, timedelta

_FIXED = {
    "YESTERDAY": ("day", -1, 0),
    "TODAY": ("day", 0, 1),
    "TOMORROW": ("day", 1, 2),
    "LAST_90_DAYS": ("day", -90, 1),
    "NEXT_90_DAYS": ("day", 1, 91),
}
_UNITS = ("WEEK", "MONTH", "QUARTER", "YEAR")
_COUNTED = ("DAY", *_UNITS)


def is_date_literal(word: str) -> bool:
    return word.upper() in _FIXED or _named(word.upper()) is not None or _counted(word.upper()) is not None


def date_range(word: str, count: int, now: datetime) -> tuple[date, date]:
    """The days a literal stands for, counted from `now` in UTC. Raises OverflowError when they leave the calendar."""
    if word in _FIXED:
        unit, first, last = _FIXED[word]
    elif named := _named(word):
        unit, first = named
        last = first + 1
    else:
        unit, direction = _counted(word) or ("day", "LAST")
        first, last = {"LAST": (-count, 0), "NEXT": (1, count + 1), "AGO": (-count, -count + 1)}[direction]
        if direction == "LAST" and unit == "day":
            last = 1  # LAST_N_DAYS ends with today
    return _shifted(unit, now.date(), first), _shifted(unit, now.date(), last)


def _named(word: str) -> tuple[str, int] | None:
    which, _, unit = word.partition("_")
    if unit in _UNITS and which in ("LAST", "THIS", "NEXT"):
        return unit.lower(), {"LAST": -1, "THIS": 0, "NEXT": 1}[which]
    return None


def _counted(word: str) -> tuple[str, str] | None:
    for unit in _COUNTED:
        for direction, form in (("LAST", f"LAST_N_{unit}S"), ("NEXT", f"NEXT_N_{unit}S"), ("AGO", f"N_{unit}S_AGO")):
            if word == form:
                return unit.lower(), direction
    return None


def _shifted(unit: str, day: date, by: int) -> date:
    if unit == "day":
        return day + timedelta(days=by)
    if unit == "week":  # weeks begin on Sunday, as in an org with the US locale
        return day - timedelta(days=(day.weekday() + 1) % 7) + timedelta(weeks=by)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    start = (day.year * 12 + day.month - 1) // months * months + by * months
    if not 12 <= start < 48_000:
        raise OverflowError("the date literal leaves the calendar")
    return date(start // 12, start % 12 + 1, 1)
