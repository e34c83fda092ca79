"""What NetSuite's error codes and texts mean to the firm: the three errors, in plain words (fact sheet section 3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tieline.sdk import jsontext
from tieline.sdk.errors import ExceptionKind, Rejected, Throttled, Unauthorized
from tieline.sdk.http import HttpAnswer, retry_after

LONGEST_DETAIL = 400
BUSY = {"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "WS_REQUEST_BLOCKED", "WS_CONCUR_SESSION_DISALLWD"}
PROGRAMMING = {"INVALID_REQUEST", "INVALID_PARAMETER", "NONEXISTENT_FIELD", "INVALID_HEADER"}

_PREFIX = re.compile(r"^Error while accessing (?:a )?resource[:.]\s*", re.IGNORECASE)
_PERIOD = re.compile(r"period.{0,80}\b(?:closed|locked)|\b(?:closed|locked)\b.{0,80}period", re.IGNORECASE | re.DOTALL)
_MISSING = re.compile(r"Please enter (?:a )?value(?:\(s\))? for:?\s*(.{1,200}?)\.?\s*$", re.IGNORECASE)
_BAD_VALUE = re.compile(r"Invalid Field Value (.{1,100}?) for the following field:\s*(\w{0,60})", re.IGNORECASE)
_BAD_KEY = re.compile(r"Invalid (\w{1,60}) reference key (\S{1,60}?)(?: for .*)?\.?$", re.IGNORECASE)
_UNKNOWN = re.compile(r"unknown property name '?([\w.\[\]]{1,100})|unknown .{0,20}(?:field|column)", re.IGNORECASE)
_EXISTS = re.compile(r"already exists|DUP_|duplicate", re.IGNORECASE)


@dataclass(eq=False)
class Gone(Rejected):
    """The record we asked for does not exist."""


@dataclass(eq=False)
class AlreadySubmitted(Rejected):
    """An asynchronous request with this idempotency key was accepted before; `location` is its job."""

    location: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """One element of `o:errorDetails`."""

    code: str
    text: str
    path: str


def refusal(answer: HttpAnswer) -> Exception | None:
    """The error an answer outside 2xx stands for; None leaves plain 401, 429 and 5xx to the general rules."""
    details = details_in(answer.body)
    codes = {detail.code for detail in details}
    if codes & BUSY:
        # No Retry-After is documented: without one a short pause of our own.
        wish = retry_after(answer.headers.get("retry-after")) or timedelta(seconds=2)
        return Throttled(answer.system, "has too many requests at once", wish, at_once=True)
    if answer.status >= 500 or not details:
        return None
    if "INVALID_LOGIN" in codes:
        return Unauthorized(answer.system, "NetSuite refused our credentials; its Login Audit Trail tells why")
    if "INSUFFICIENT_PERMISSION" in codes or answer.status == 403:
        return Unauthorized(answer.system, f"the integration role lacks a permission (NetSuite: {_joined(details)})")
    if "IDEMPOTENCY_ERROR" in codes:
        location = answer.headers.get("location", "")
        return AlreadySubmitted(answer.system, "this batch was submitted before", kind="duplicate", location=location)
    if answer.status == 404:
        return Gone(
            answer.system, "the record does not exist in NetSuite any more", kind="master_data", owner="finance"
        )
    return _rejected(answer.system, details)


def details_in(body: bytes) -> Sequence[Detail]:
    """The errors of a body; RESTlets say `{"error": {"code", "message"}}`."""
    try:
        parsed = jsontext.loads(body)
    except jsontext.MalformedJson:
        return ()
    if not isinstance(parsed, dict):
        return ()
    restlet = parsed.get("error")
    rows = parsed.get("o:errorDetails")
    if isinstance(restlet, dict):
        rows = [{"o:errorCode": restlet.get("code"), "detail": restlet.get("message")}]
    return [_detail(row) for row in rows[:20] if isinstance(row, dict)] if isinstance(rows, list) else ()


def _detail(row: dict[str, Any]) -> Detail:
    text = " ".join(str(row.get("detail") or "").split())[:LONGEST_DETAIL]
    return Detail(str(row.get("o:errorCode") or ""), _PREFIX.sub("", text), str(row.get("o:errorPath") or "")[:100])


def _joined(details: Sequence[Detail]) -> str:
    return "; ".join(detail.text or detail.code for detail in details)


def _rejected(system: str, details: Sequence[Detail]) -> Rejected:
    """The first detail decides kind and owner, the message has all of them."""
    first = details[0]
    kind, owner, words, field, key = _meaning(first)
    return Rejected(system, f"{words} (NetSuite: {_joined(details)})", kind=kind, field=field, key=key, owner=owner)


def _meaning(detail: Detail) -> tuple[ExceptionKind, str, str, str | None, str | None]:
    """Kind, owner, words, field and key; by the text, since most refusals share the code USER_ERROR."""
    field = detail.path or None
    if _PERIOD.search(detail.text):
        return "closed_period", "finance", "the accounting period is closed or locked", field, None
    if missing := _MISSING.search(detail.text):
        return "missing_field", "finance", f"NetSuite wants a value for {missing[1]}", missing[1], None
    if bad := _BAD_VALUE.search(detail.text):
        name = bad[2] or detail.path or "a field"
        return "master_data", "finance", f"NetSuite does not know '{bad[1]}' as {name}", name, bad[1]
    if bad := _BAD_KEY.search(detail.text):
        return "master_data", "finance", f"NetSuite does not know '{bad[2]}' as {bad[1]} here", bad[1], bad[2]
    if detail.code in PROGRAMMING or _UNKNOWN.search(detail.text):
        return "schema_drift", "integration", f"NetSuite does not know {field or 'a field'} we sent", field, None
    if _EXISTS.search(detail.text):
        return "duplicate", "finance", "NetSuite holds another record of that name or number", field, None
    if detail.code == "NONEXISTENT_ID":
        return "master_data", "finance", f"NetSuite has no such record for {field or 'a reference'}", field, None
    return "business_rule", "finance", "a rule of NetSuite refused it", field, None
