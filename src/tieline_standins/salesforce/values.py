"""Turns what a caller sends for one field into what the org stores, or refuses it as the vendor would.

Stored values are ready for JSON and compare as they are: dates and date-times are texts of fixed width in UTC.
"""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from tieline_standins.core.http import Json
from tieline_standins.salesforce.api_error import ApiError, bad_json
from tieline_standins.salesforce.schema import Field

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def label(field: Field) -> str:
    """The label a user sees: given, or made of the name (`AccountId` -> `Account ID`)."""
    if field.label:
        return field.label
    words = _WORDS.sub(" ", field.name.removesuffix("__c").replace("_", " "))
    return re.sub(r"\bId\b", "ID", words)


def as_text(moment: datetime) -> str:
    """A date-time as Salesforce answers it; records carry whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def accept(field: Field, value: Json) -> Json:
    """The stored form of a value given for a field. Raises ApiError."""
    if value is None or value == "":
        if field.type == "boolean":
            raise _unreadable(field, "VALUE_NULL" if value is None else "VALUE_STRING", value)
        return None
    if isinstance(value, dict | list):
        raise bad_json(f"Cannot deserialize instance of {_xsd(field)} from START_{_container(value)} value at field "
                       f"{field.name}")  # fmt: skip
    return _ACCEPT[field.type](field, value)


def _text(field: Field, value: Json) -> Json:
    text = value if isinstance(value, str) else ("true" if value is True else "false" if value is False else str(value))
    text = text.strip()
    if len(text) > field.length:
        message = f"{label(field)}: data value too large: {text} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", message[:1000], [field.name])
    return text or None


def _email(field: Field, value: Json) -> Json:
    text = _text(field, value)
    if text is not None and not _EMAIL.fullmatch(text):
        message = f"{label(field)}: invalid email address: {text}"
        raise ApiError(400, "INVALID_EMAIL_ADDRESS", message, [field.name])
    return text


def _picklist(field: Field, value: Json) -> Json:
    text = _text(field, value)
    chosen = (text or "").split(";") if field.type == "multipicklist" else [text]
    if field.restricted and text is not None and any(each not in field.picklist for each in chosen):
        message = f"{label(field)}: bad value for restricted picklist field: {text}"
        raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return text


def _boolean(field: Field, value: Json) -> Json:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _unreadable(field, _token(value), value)


def _number(field: Field, value: Json) -> Json:
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise _unreadable(field, _token(value), value) from error
    if isinstance(value, bool) or not number.is_finite():
        raise _unreadable(field, _token(value), value)
    whole_digits = field.precision - field.scale if field.type != "int" else 10
    if number and number.adjusted() + 1 > whole_digits:
        message = f"{label(field)}: value outside of valid range on numeric field: {value}"
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    if field.type == "int":
        if number != number.to_integral_value():
            raise _unreadable(field, _token(value), value)
        return int(number)
    return number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP)


def _date(field: Field, value: Json) -> Json:
    try:
        return date.fromisoformat(value).isoformat() if len(value) == 10 else _refuse()
    except (ValueError, TypeError) as error:
        raise _unreadable(field, _token(value), value) from error


def _datetime(field: Field, value: Json) -> Json:
    """`yyyy-MM-ddTHH:mm:ss.SSS` with an offset or Z (fact sheet section 4); an instant without one is refused."""
    try:
        moment = datetime.fromisoformat(value) if "T" in value else _refuse()
        return as_text(moment) if moment.tzinfo else _refuse()
    except (ValueError, TypeError, OverflowError) as error:
        raise _unreadable(field, _token(value), value) from error


def _base64(field: Field, value: Json) -> Json:
    """Kept as its text; decoded when it is read as a file."""
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise _unreadable(field, _token(value), str(value)[:40]) from error
    return value


def _refuse() -> datetime:
    raise ValueError("not in the documented form")


def _unreadable(field: Field, token: str, value: Json) -> ApiError:
    return bad_json(
        f"Cannot deserialize instance of {_xsd(field)} from {token} value {str(value)[:100]} or request may be missing "
        f"a required field at field {field.name}"
    )


def _xsd(field: Field) -> str:
    return {"currency": "double", "percent": "double"}.get(field.type, field.type)


def _container(value: Json) -> str:
    return "ARRAY" if isinstance(value, list) else "OBJECT"


def _token(value: Json) -> str:
    if isinstance(value, bool):
        return "VALUE_TRUE" if value else "VALUE_FALSE"
    return "VALUE_STRING" if isinstance(value, str) else "VALUE_NUMBER"


_ACCEPT: dict[str, Callable[[Field, Json], Json]] = {
    **dict.fromkeys(("string", "textarea", "phone", "url", "combobox", "id", "reference"), _text),
    **dict.fromkeys(("picklist", "multipicklist"), _picklist),
    **dict.fromkeys(("double", "currency", "percent", "int"), _number),
    "email": _email,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "base64": _base64,
}
