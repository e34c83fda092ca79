"""Transforms of numbers: integers, decimals, money in main or minor units, percentages, durations."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import ClassVar, Literal

from pydantic import Field

from tieline.mapping.problems import RefusalError
from tieline.mapping.transforms.base import Codec, Convert, Surroundings, Transform, number, whole
from tieline.model.money import digits as currency_digits

Form = Literal["number", "text"]
UNITS = tuple(Decimal(1).scaleb(-places) for places in range(13))
_HOURS_MINUTES = re.compile(r"([+-]?)(\d{1,7}):([0-5]\d)", re.ASCII)


class Integer(Transform):
    """A whole number; `as = "text"` writes it as text. Whole decimals and texts are read, `5.5` is a problem."""

    canonical_types: ClassVar[tuple[type, ...]] = (int,)
    form: Form = Field(default="number", alias="as")

    def codec(self, surroundings: Surroundings) -> Codec:
        """Numbers of more than 64 bits are refused."""
        return Codec(_texted(whole, str) if self.form == "text" else whole, whole)


class DecimalNumber(Transform):
    """An exact decimal. `places` is how many the vendor keeps: more is a problem, unless `round = true` (half up)."""

    canonical_types: ClassVar[tuple[type, ...]] = (Decimal, int)
    places: int | None = Field(default=None, ge=0, le=12)
    round: bool = False
    form: Form = Field(default="number", alias="as")

    def codec(self, surroundings: Surroundings) -> Codec:
        """Raises ValueError for `round` without `places`."""
        places, rounds = self.places, self.round
        if rounds and places is None:
            raise ValueError("round = true needs places")
        write: Convert = number if places is None else lambda value: _placed(number(value), places, rounds)
        return Codec(_texted(write, _plain) if self.form == "text" else write, number)


class Money(Transform):
    """An amount in main units as a JSON number, exact.

    With `currency = "<canonical path>"` or `digits` an amount with more digits than the currency has is a problem.
    """

    canonical_types: ClassVar[tuple[type, ...]] = (Decimal,)
    currency: str | None = None
    digits: int | None = Field(default=None, ge=0, le=4)
    form: Form = Field(default="number", alias="as")

    def codec(self, surroundings: Surroundings) -> Codec:
        """Raises ValueError when both `currency` and `digits` are given."""
        finish: Callable[[Decimal], object] = _plain if self.form == "text" else _same
        if self.currency is None and self.digits is None:
            return Codec(lambda value: finish(number(value)), number)
        return _with_digits(
            self.currency,
            self.digits,
            write=lambda amount, places: finish(_placed(number(amount), places, rounds=False)),
            read=lambda amount, _: number(amount),
        )


class MoneyMinor(Transform):
    """An amount in minor units (cents) as a whole number; needs `currency = "<canonical path>"` or `digits`."""

    canonical_types: ClassVar[tuple[type, ...]] = (Decimal,)
    currency: str | None = None
    digits: int | None = Field(default=None, ge=0, le=4)

    def codec(self, surroundings: Surroundings) -> Codec:
        """Raises ValueError unless exactly one of `currency` and `digits` is given."""
        return _with_digits(
            self.currency,
            self.digits,
            write=_cents,
            read=lambda cents, places: Decimal(whole(cents)).scaleb(-places),
        )


def _cents(amount: object, places: int) -> int:
    exact = number(amount).scaleb(places)
    cents = int(exact)
    if cents != exact:
        raise RefusalError(f"has more than {places} decimal places")
    return cents


def _with_digits(
    currency: str | None,
    fixed: int | None,
    write: Callable[[object, int], object],
    read: Callable[[object, int], object],
) -> Codec:
    if (currency is None) == (fixed is None):
        raise ValueError('needs either currency = "<canonical path of the currency>" or digits')
    if fixed is not None:
        return Codec(lambda value: write(value, fixed), lambda value: read(value, fixed))

    def paired(convert: Callable[[object, int], object]) -> Convert:
        def pair(value: object) -> object:
            amount, code = value if isinstance(value, tuple) else (value, None)
            if not isinstance(code, str):
                raise RefusalError(f"has no currency: '{currency}' is missing")
            return convert(amount, currency_digits(code))

        return pair

    return Codec(paired(write), paired(read), beside=currency)


class Percent(Transform):
    """A fraction of ours (0.25) as the vendor's percentage (25)."""

    canonical_types: ClassVar[tuple[type, ...]] = (Decimal, int)
    places: int | None = Field(default=None, ge=0, le=12)

    def codec(self, surroundings: Surroundings) -> Codec:
        """`places` are those of the percentage; more is a problem."""
        places = self.places

        def write(value: object) -> object:
            percentage = number(value).scaleb(2)
            return percentage if places is None else _placed(percentage, places, rounds=False)

        return Codec(write, lambda value: number(value).scaleb(-2))


class DurationMinutes(Transform):
    """Whole minutes of ours as the vendor's `hours` (decimal), `hh:mm`, `minutes`, `seconds` or `timedelta`.

    Hours have `places` decimals (20 minutes are 0.3333 hours); read back, they must be a whole minute within that
    rounding. Some NetSuite accounts answer decimal hours where `hh:mm` is written: `hh:mm` reads both.
    """

    canonical_types: ClassVar[tuple[type, ...]] = (int,)
    form: Literal["hours", "hh:mm", "minutes", "seconds", "timedelta"] = Field(default="minutes", alias="as")
    places: int = Field(default=4, ge=2, le=10)

    def codec(self, surroundings: Surroundings) -> Codec:
        """One pair of functions per form."""
        places = self.places
        unit, slack = Decimal(1).scaleb(-places), Decimal(30).scaleb(-places)

        def read_hours(value: object) -> object:
            return _minutes(number(value) * 60, slack)

        def read_clock(value: object) -> object:
            match = _HOURS_MINUTES.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 20 else None
            if match is None:
                return read_hours(value)
            minutes = int(match[2]) * 60 + int(match[3])
            return -minutes if match[1] == "-" else minutes

        pairs: dict[str, tuple[Convert, Convert]] = {
            "minutes": (whole, whole),
            "hours": (lambda value: (Decimal(whole(value)) / 60).quantize(unit, ROUND_HALF_UP), read_hours),
            "hh:mm": (_clock, read_clock),
            "seconds": (lambda value: whole(value) * 60, lambda value: _minutes(number(value) / 60, Decimal(0))),
            "timedelta": (lambda value: timedelta(minutes=whole(value)), _minutes_of_timedelta),
        }
        return Codec(*pairs[self.form])


def _clock(value: object) -> str:
    minutes = whole(value)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else ''}{hours}:{rest:02}"


def _minutes(exact: Decimal, slack: Decimal) -> int:
    minutes = int(exact.to_integral_value(ROUND_HALF_UP))
    if abs(exact - minutes) > slack:
        raise RefusalError("is not a whole number of minutes")
    return minutes


def _minutes_of_timedelta(value: object) -> int:
    if not isinstance(value, timedelta) or value.microseconds or value.seconds % 60:
        raise RefusalError("is not a whole number of minutes")
    return value.days * 1440 + value.seconds // 60


def _placed(value: Decimal, places: int, rounds: bool) -> Decimal:
    try:
        placed = value.quantize(UNITS[places], ROUND_HALF_UP)
    except InvalidOperation as error:
        raise RefusalError(f"has too many digits to be held with {places} decimal places") from error
    if placed != value and not rounds:
        raise RefusalError(f"has more than {places} decimal places")
    return placed


def _texted(convert: Convert, finish: Callable[[object], object]) -> Convert:
    return lambda value: finish(convert(value))


def _plain(value: object) -> object:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _same(value: object) -> object:
    return value
