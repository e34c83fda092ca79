"""Lengths of time as people say them."""

from datetime import timedelta

_UNITS = ((86_400.0, "day", "days"), (3600.0, "hour", "hours"), (60.0, "minute", "minutes"))


def spoken(length: timedelta) -> str:
    """`5 minutes`, `1.5 hours`, `0.4 seconds`: in the largest unit that gives one or more."""
    seconds = length.total_seconds()
    size, one, many = next((unit for unit in _UNITS if seconds >= unit[0]), (1.0, "second", "seconds"))
    number = f"{seconds / size:,.1f}".removesuffix(".0")
    return f"{number} {one if number == '1' else many}"


def shortly(seconds: float | None) -> str:
    """`118 ms`, `2.1 s`, `9 min`, `5 h 58 min`, `3 d`: for a table."""
    if seconds is None:
        return "\N{EN DASH}"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d"
