"""What Salesforce's error codes mean to the firm: the three errors, in plain words (fact sheet section 8)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tieline.sdk import jsontext
from tieline.sdk.errors import ExceptionKind, Rejected, Throttled, Unauthorized, Unavailable
from tieline.sdk.http import HttpAnswer, retry_after


@dataclass(frozen=True, slots=True)
class Meaning:
    """A code in business words; `{fields}` are the fields it names."""

    kind: ExceptionKind
    words: str
    owner: str = "integration"


_GONE = Meaning("master_data", "the record does not exist in Salesforce any more")
_NO_FIELD = Meaning("schema_drift", "Salesforce does not know {fields}, or the integration user may not see it")
_NO_RIGHT = Meaning("auth", "the integration user lacks the right to do this")
_AUTOMATION = Meaning("business_rule", "an automation in Salesforce refused it", "sales")
_TWICE = Meaning("duplicate", "Salesforce holds another record that counts as the same", "sales")
_REFERENCE = Meaning("master_data", "it points to a record that Salesforce does not have ({fields})")

MEANINGS = {
    "REQUIRED_FIELD_MISSING": Meaning("missing_field", "Salesforce wants a value in {fields}"),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Meaning(
        "business_rule", "a validation rule of Salesforce refused it", "sales"
    ),
    "FIELD_INTEGRITY_EXCEPTION": Meaning("business_rule", "Salesforce does not accept the value of {fields}"),
    "STRING_TOO_LONG": Meaning("mapping", "the text is too long for {fields}"),
    "NUMBER_OUTSIDE_VALID_RANGE": Meaning("mapping", "the number does not fit into {fields}"),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Meaning("mapping", "the value is not in the list of {fields}"),
    "JSON_PARSER_ERROR": Meaning("mapping", "Salesforce cannot read the value of {fields}"),
    "INVALID_FIELD": _NO_FIELD,
    "INVALID_FIELD_FOR_INSERT_UPDATE": Meaning("schema_drift", "Salesforce does not let us write {fields}"),
    "INVALID_TYPE": Meaning("schema_drift", "Salesforce does not know the object, or we may not see it"),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": Meaning("mapping", "the value has the wrong type for {fields}"),
    "DUPLICATE_VALUE": _TWICE,
    "DUPLICATES_DETECTED": _TWICE,
    "DUPLICATE_EXTERNAL_ID": Meaning("duplicate", "several records in Salesforce carry our reference"),
    "INVALID_CROSS_REFERENCE_KEY": _REFERENCE,
    "MALFORMED_ID": _REFERENCE,
    "ENTITY_IS_DELETED": _GONE,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Meaning("auth", "we may not see the record it points to"),
    "INSUFFICIENT_ACCESS_OR_READONLY": _NO_RIGHT,
    "INSUFFICIENT_ACCESS": _NO_RIGHT,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _AUTOMATION,
    "CANNOT_EXECUTE_FLOW_TRIGGER": _AUTOMATION,
}
BUSY = {
    "UNABLE_TO_LOCK_ROW": timedelta(seconds=5),
    "QUERY_TIMEOUT": timedelta(seconds=60),
    "INVALID_QUERY_LOCATOR": timedelta(seconds=5),
    "OPERATION_TOO_LARGE": timedelta(minutes=5),
}
CLOSED = ("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "INVALID_LOGIN", "INACTIVE_ORG_OR_USER")
LONGEST_MESSAGE = 500
_NO_COLUMN = re.compile(r"No such column '(\w{1,80})'")
"""Salesforce names an unknown field in the text alone."""


@dataclass(frozen=True, slots=True)
class VendorError:
    """One element of the error array."""

    code: str
    message: str
    fields: tuple[str, ...]


def refusal(answer: HttpAnswer) -> Exception | None:
    """The error an answer outside 2xx stands for; None leaves 401, 429 and 5xx to the general rules."""
    if answer.status in (401, 429) or answer.status >= 500:
        return None
    if answer.status == 300:
        return _rejected(answer.system, [VendorError("DUPLICATE_EXTERNAL_ID", "", ())])
    errors = errors_in(answer.body)
    codes = [error.code for error in errors]
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        words = " ".join(error.message for error in errors)
        return _over_limit(answer.system, words, retry_after(answer.headers.get("retry-after")))
    for code in codes:
        if code in BUSY:
            return Unavailable(answer.system, f"is busy ({code})", BUSY[code])
        if code in CLOSED:
            return Unauthorized(answer.system, f"has closed its API to us ({code})")
    return _rejected(answer.system, errors) if errors else None


def errors_in(body: bytes) -> Sequence[VendorError]:
    """The errors of a body: `[{"errorCode", "message", "fields"}]`; collections and Bulk say `statusCode`."""
    try:
        parsed = jsontext.loads(body)
    except jsontext.MalformedJson:
        return ()
    rows = parsed if isinstance(parsed, list) else [parsed]
    return [_error(row) for row in rows[:20] if isinstance(row, dict) and ("errorCode" in row or "statusCode" in row)]


def _error(row: dict[str, Any]) -> VendorError:
    fields = row.get("fields")
    names = tuple(str(field) for field in fields[:20]) if isinstance(fields, list) else ()
    code = row.get("errorCode", row.get("statusCode"))
    message = " ".join(str(row.get("message") or "").split())
    if not names and (unknown := _NO_COLUMN.match(message)):
        names = (unknown[1],)
    return VendorError(str(code), message[:LONGEST_MESSAGE], names)


def _over_limit(system: str, message: str, wish: timedelta | None) -> Throttled:
    # "TotalRequests" counts a rolling day; every other limit (calls at once) is over within a minute.
    daily = "TotalRequests" in message
    words = "the organisation has used up its calls for today" if daily else "has too many calls at once"
    usual = timedelta(minutes=15) if daily else timedelta(seconds=30)
    return Throttled(system, words, wish or usual, at_once=not daily)


def _rejected(system: str, errors: Sequence[VendorError]) -> Rejected:
    first = errors[0]
    meaning = _meaning(first)
    return Rejected(
        system,
        "; ".join(_sentence(error) for error in errors),
        kind=meaning.kind,
        field=first.fields[0] if first.fields else None,
        owner=meaning.owner,
    )


def _meaning(error: VendorError) -> Meaning:
    if error.code == "NOT_FOUND":
        return _NO_FIELD if "external ID field" in error.message else _GONE
    return MEANINGS.get(error.code, Meaning("business_rule", f"Salesforce refused it ({error.code})"))


def _sentence(error: VendorError) -> str:
    words = _meaning(error).words.replace("{fields}", " and ".join(error.fields) or "a field")
    return f"{words} (Salesforce: {error.message})" if error.message else words
