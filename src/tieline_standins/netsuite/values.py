"""One field value from JSON into the store and back, by the kind of the field (fact sheet section 5)."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tieline_standins.core.http import Json
from tieline_standins.netsuite.errors import RefusalError, invalid_value, user_error
from tieline_standins.netsuite.schema import Field
from tieline_standins.netsuite.settings import Settings
from tieline_standins.netsuite.store import Store

_CENT = Decimal("0.01")
_LARGEST = Decimal("1e15")
_HOURS = re.compile(r"(-?)(\d{1,6}):([0-5]?\d)", re.ASCII)


class BadValueError(ValueError):
    """The value does not fit the field; `shown` is what the refusal quotes."""

    def __init__(self, shown: Json) -> None:
        super().__init__(str(shown)[:200])
        self.shown = str(shown)[:200]

    def refusal(self, name: str, path: str) -> RefusalError:
        return invalid_value(self.shown, name, path)


class Parser:
    """Turns JSON values into stored ones. Raises BadValueError, or RefusalError for a text that is too long."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._by_kind: dict[str, Callable[[Field, Json], Any]] = {
            "string": self._string,
            "text": self._text,
            "integer": _integer,
            "number": _number,
            "currency": _number,
            "boolean": _boolean,
            "date": _date,
            "datetime": _datetime,
            "duration": _duration,
            "any": _any,
            "enum": _choice,
            "ref": self._reference,
            "sub": self._subrecord,
        }

    def parse(self, field: Field, value: Json) -> Any:
        return None if value is None else self._by_kind[field.kind](field, value)

    def _string(self, field: Field, value: Json) -> str:
        return self._limited(field, value, self._settings.string_length)

    def _text(self, field: Field, value: Json) -> str:
        return self._limited(field, value, self._settings.text_length)

    def _limited(self, field: Field, value: Json, limit: int) -> str:
        if not isinstance(value, str):
            raise BadValueError(value)
        if len(value) > limit:
            raise user_error(self._settings.too_long.format(field=field.name, limit=limit), field.name)
        return value

    def _reference(self, field: Field, value: Json) -> int:
        if not isinstance(value, dict):
            if not self._settings.plain_references:
                raise BadValueError(value)
            value = {"id": value}
        shown = value.get("id")
        if shown is not None:
            number = record_id(shown)
            record = self._store.find(field.targets, number) if number is not None else None
            found = record.id if record is not None else None
        else:
            shown = value.get("externalId")
            found = self._by_external_id(field, shown) if isinstance(shown, str) else None
        if found is None:
            raise BadValueError(shown)
        return found

    def _by_external_id(self, field: Field, external_id: str) -> int | None:
        for target in field.targets:
            record = self._store.by_external_id(target, external_id)
            if record is not None:
                return record.id
        return None

    def _subrecord(self, field: Field, value: Json) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise BadValueError(value)
        parts = {name: part for name, part in value.items() if name in field.parts}
        return {name: self.parse(field.parts[name], part) for name, part in parts.items()}


def record_id(value: Json) -> int | None:
    """An internal id arrives as a number or as decimal text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        return value
    return int(value) if value.isascii() and value.removeprefix("-").isdigit() and len(value) < 19 else None


def _integer(_: Field, value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValueError(value)
    return value


def _number(_: Field, value: Json) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or abs(Decimal(value)) > _LARGEST:
        raise BadValueError(value)
    return Decimal(value)


def _boolean(_: Field, value: Json) -> bool:
    if not isinstance(value, bool):
        raise BadValueError(value)
    return value


def _date(_: Field, value: Json) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (ValueError, TypeError) as error:
        raise BadValueError(value) from error


def _datetime(_: Field, value: Json) -> str:
    try:
        at = datetime.fromisoformat(value)
    except (ValueError, TypeError) as error:
        raise BadValueError(value) from error
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def _duration(_: Field, value: Json) -> int:
    """Minutes. `"7:30"` is documented; a number of hours is taken too, as accounts that show decimals send it."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and abs(Decimal(value)) < 1_000_000:
        return int((Decimal(value) * 60).to_integral_value(ROUND_HALF_UP))
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        minutes = int(found[2]) * 60 + int(found[3])
        return -minutes if found[1] else minutes
    raise BadValueError(value)


def _any(_: Field, value: Json) -> Json:
    return value


def _choice(field: Field, value: Json) -> str:
    """`{"id": "A"}` as it is read, or the plain code as simpleEnumFormat shows it."""
    code = value.get("id") if isinstance(value, dict) else value
    if isinstance(code, int) and not isinstance(code, bool):
        code = str(code)
    if not isinstance(code, str) or code not in field.choices:
        raise BadValueError(code)
    return code


def money(amount: Decimal) -> Decimal:
    """Rounded to the cent, half up. Raises RefusalError for what no ledger holds."""
    if abs(amount) > _LARGEST:
        raise user_error("The amount is too large.", "amount")
    return amount.quantize(_CENT, ROUND_HALF_UP)


def hours_text(minutes: int, settings: Settings) -> Json:
    if settings.duration_format == "decimal":
        return hours_number(minutes)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else ''}{hours}:{rest:02d}"


def hours_number(minutes: int) -> Decimal:
    return (Decimal(minutes) / 60).quantize(Decimal("0.000001")).normalize() + Decimal(0)
