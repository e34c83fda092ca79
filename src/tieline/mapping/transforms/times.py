"""Transforms of calendar days and moments: dates, datetimes, and version stamps in microseconds."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from tieline.mapping.problems import RefusalError
from tieline.mapping.transforms.base import Codec, Convert, Surroundings, Transform, whole

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST = 40
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_ODATA_V2 = re.compile(r"/Date\((-?\d{1,16})([+-]\d{1,4})?\)/", re.ASCII)


class Date(Transform):
    """A calendar day. Formats: iso 2026-05-31; midnight 2026-05-31T00:00:00Z (the day as sent, in any zone);
    us 5/31/2026; compact 20260531; epoch_ms and odata_v2 /Date(ms)/ (midnight UTC); python (a `date`)."""

    canonical_types: ClassVar[tuple[type, ...]] = (date,)
    format: Literal["iso", "midnight", "us", "compact", "epoch_ms", "odata_v2", "python"] = "iso"

    def codec(self, surroundings: Surroundings) -> Codec:
        """One pair of functions per format."""
        write, read = _DATES[self.format]
        example = write(date(2026, 5, 31))

        def checked_write(value: object) -> object:
            if type(value) is not date:
                raise RefusalError("is not a date")
            return write(value)

        return Codec(checked_write, _guarded(read, f"is not a date such as {example}"))


class DateTime(Transform):
    """A moment, aware. Formats: iso 2026-05-01T07:25:37Z; salesforce 2026-05-01T07:25:37.000+0000 (milliseconds);
    seconds 2026-05-01T07:25:37+00:00; epoch_s, epoch_ms, odata_v2 /Date(ms)/; python (an aware `datetime`).

    A text without offset is a problem, unless `zone` (an IANA name) says where its clock stands.
    """

    canonical_types: ClassVar[tuple[type, ...]] = (datetime,)
    format: Literal["iso", "salesforce", "seconds", "epoch_s", "epoch_ms", "odata_v2", "python"] = "iso"
    zone: str | None = None

    def codec(self, surroundings: Surroundings) -> Codec:
        """Raises ValueError for an unknown zone."""
        return Codec(_moment_writer(self.format), _moment_reader(self.format, _zone(self.zone)))


class Stamp(Transform):
    """A moment of the vendor as microseconds since 1970, the form of our `source_version`; formats as for datetime."""

    canonical_types: ClassVar[tuple[type, ...]] = (int,)
    format: Literal["iso", "salesforce", "seconds", "epoch_s", "epoch_ms", "odata_v2", "python"] = "iso"
    zone: str | None = Field(default=None)

    def codec(self, surroundings: Surroundings) -> Codec:
        """Raises ValueError for an unknown zone."""
        writer, reader = _moment_writer(self.format), _moment_reader(self.format, _zone(self.zone))
        write = _guarded(lambda value: writer(EPOCH + timedelta(microseconds=whole(value))), "is not a version stamp")

        def read(value: object) -> object:
            moment = reader(value)
            return (moment - EPOCH) // MICROSECOND if isinstance(moment, datetime) else None

        return Codec(write, read)


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is no time zone: write an IANA name such as Europe/Berlin") from error


def _guarded(read: Convert, text: str) -> Convert:
    def guarded(value: object) -> object:
        if isinstance(value, str) and len(value) > LONGEST:
            raise RefusalError(text)
        if value == "":
            return None
        try:
            return read(value)
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            raise RefusalError(text) from error

    return guarded


def _moment_writer(form: str) -> Convert:
    write = _MOMENTS[form][0]

    def checked(value: object) -> object:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise RefusalError("is not a moment with a time zone")
        try:
            return write(value.astimezone(UTC))
        except OverflowError as error:
            raise RefusalError("is a moment outside the calendar") from error

    return checked


def _moment_reader(form: str, zone: ZoneInfo | None) -> Convert:
    write, read = _MOMENTS[form]
    example = write(datetime(2026, 5, 1, 7, 25, 37, tzinfo=UTC))

    def aware(value: object) -> object:
        moment = read(value)
        if moment.tzinfo is None:
            if zone is None:
                raise RefusalError("has no time zone; the mapping can name one (zone)")
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)

    return _guarded(aware, f"is not a moment such as {example}")


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value.strip()


def _iso_date(value: object) -> date:
    text = _as_text(value)
    if len(text) != 10 or text[7] != "-":
        raise ValueError("not a plain date")
    return date.fromisoformat(text)


def _midnight(value: object) -> date:
    return datetime.fromisoformat(_as_text(value)).date()


def _us_date(value: object) -> date:
    match = _US_DATE.fullmatch(_as_text(value))
    if match is None:
        raise ValueError("not month/day/year")
    return date(int(match[3]), int(match[1]), int(match[2]))


def _compact_date(value: object) -> date:
    text = _as_text(value)
    if len(text) != 8 or not text.isdigit():
        raise ValueError("not eight digits")
    return date.fromisoformat(text)


def _python_date(value: object) -> date:
    if type(value) is not date:
        raise TypeError("not a date")
    return value


def _python_moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError("not a moment")
    return value


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _of_milliseconds(value: object) -> datetime:
    return EPOCH + timedelta(milliseconds=whole(value))


def _of_odata(value: object) -> datetime:
    match = _ODATA_V2.fullmatch(_as_text(value))
    if match is None:
        raise ValueError("not /Date(ms)/")
    return _of_milliseconds(match[1])


def _utc_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


_DATES: dict[str, tuple[Callable[[date], object], Convert]] = {
    "iso": (date.isoformat, _iso_date),
    "midnight": (lambda day: f"{day.isoformat()}T00:00:00Z", _midnight),
    "us": (lambda day: f"{day.month}/{day.day}/{day.year:04}", _us_date),
    "compact": (lambda day: day.isoformat().replace("-", ""), _compact_date),
    "epoch_ms": (lambda day: _milliseconds(_utc_midnight(day)), lambda value: _of_milliseconds(value).date()),
    "odata_v2": (lambda day: f"/Date({_milliseconds(_utc_midnight(day))})/", lambda value: _of_odata(value).date()),
    "python": (lambda day: day, _python_date),
}
_MOMENTS: dict[str, tuple[Callable[[datetime], object], Callable[[object], datetime]]] = {
    "iso": (_iso, lambda value: datetime.fromisoformat(_as_text(value))),
    "salesforce": (
        lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "+0000"),
        lambda value: datetime.fromisoformat(_as_text(value)),
    ),
    "seconds": (
        lambda moment: moment.isoformat(timespec="seconds"),
        lambda value: datetime.fromisoformat(_as_text(value)),
    ),
    "epoch_s": (lambda moment: _milliseconds(moment) // 1000, lambda value: _of_milliseconds(whole(value) * 1000)),
    "epoch_ms": (_milliseconds, _of_milliseconds),
    "odata_v2": (lambda moment: f"/Date({_milliseconds(moment)})/", _of_odata),
    "python": (lambda moment: moment, _python_moment),
}
