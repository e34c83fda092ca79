"""Dates in the account's own format, as q filters take them and SuiteQL shows them (fact sheet section 4)."""

import re
from datetime import datetime, timedelta

# Format -> the order of its parts; the separator is whatever stands between them.
_PATTERNS = {
    "M/D/YYYY": re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})"),
    "D/M/YYYY": re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})"),
    "DD.MM.YYYY": re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})"),
    "YYYY-MM-DD": re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
}
FORMATS = tuple(_PATTERNS)
_TIME = re.compile(r"\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?", re.IGNORECASE)


def read_date(text: str, date_format: str) -> tuple[str, bool] | None:
    """`1/31/2026` or `1/31/2026 1:05 pm` as ISO text, and whether it had a time; None if it is not in the format."""
    found = _PATTERNS[date_format].match(text)
    if found is None:
        return None
    rest = text[found.end() :]
    time = _TIME.fullmatch(rest)
    if rest.strip() and time is None:
        return None
    hour, minute, second = (int(part or 0) for part in time.groups()[:3]) if time else (0, 0, 0)
    if time and time[4]:
        hour = hour % 12 + (12 if time[4].lower() == "pm" else 0)
    try:
        at = datetime(int(found["y"]), int(found["m"]), int(found["d"]), hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
    return f"{at:%Y-%m-%dT%H:%M:%S}Z", time is not None


def show_date(iso: str, date_format: str) -> str:
    """The date part of ISO text in the account's format."""
    year, month, day = iso[:4], iso[5:7], iso[8:10]
    match date_format:
        case "D/M/YYYY":
            return f"{int(day)}/{int(month)}/{year}"
        case "DD.MM.YYYY":
            return f"{day}.{month}.{year}"
        case "YYYY-MM-DD":
            return f"{year}-{month}-{day}"
    return f"{int(month)}/{int(day)}/{year}"


def later(iso: str, **duration: float) -> str:
    """ISO text moved by days or minutes. Raises OverflowError."""
    return f"{datetime.fromisoformat(iso) + timedelta(**duration):%Y-%m-%dT%H:%M:%S}Z"
