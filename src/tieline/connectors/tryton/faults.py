"""What Tryton's faults mean to the firm: business errors come with status 200 (fact sheet section 1.4)."""

import re
from collections.abc import Sequence
from typing import Any

from tieline.sdk.errors import ExceptionKind, Rejected, Unauthorized, Unavailable, Unclear
from tieline.sdk.http import HttpAnswer

LONGEST_MESSAGE = 500
_BROKEN_DATABASE = re.compile(r"locked|deadlock|serializ|connection|server closed|terminat|timeout|timed out", re.I)
"""Texts of database failures (SQLite, psycopg); all else that fails inside Tryton was rolled back."""
_NO_ACCESS = re.compile(r"^You are not allowed to access ", re.I)
_CLOSED = re.compile(r"period|fiscal ?year", re.I)
_MISSING = re.compile(r'value for field "(?P<field>[^"]+)" in .* is required', re.I)


def refusal(answer: HttpAnswer) -> Exception | None:
    """The error an answer outside 2xx stands for; None leaves 401, 429 and 5xx to the general rules."""
    if answer.status == 403:
        return Rejected(
            answer.system, "Tryton does not offer this call: a module is missing, or not activated", kind="schema_drift"
        )
    if answer.status == 404:
        return Unauthorized(
            answer.system, "found no Tryton 8 with this database there; check the address and the option database"
        )
    return None


def fault(connection: str, error: Any, *, write: bool) -> Exception:
    """The error of a fault `[name, details]`. An unnamed one is an exception inside Tryton, with its traceback."""
    name, details = _parts(error)
    if name == "UserError":
        return _user_error(connection, details)
    if name == "UserWarning":
        words = _words(details[1:3])
        return Rejected(connection, f"Tryton wants a person to confirm: {words}", kind="approval", owner="finance")
    if name == "ConcurrencyException":
        return Unavailable(connection, "the record was changed by somebody else at the same time")
    if name == "LoginException":
        return Unauthorized(connection, f"Tryton wants more to sign in: {_words(details[1:2])}")
    if _BROKEN_DATABASE.search(name):
        kind = Unclear if write else Unavailable
        return kind(connection, f"Tryton's database failed: {_cut(name)}")
    return Rejected(connection, f"Tryton failed inside: {_cut(name)}", kind="schema_drift")


def _parts(error: Any) -> tuple[str, Sequence[Any]]:
    if not isinstance(error, list) or not error:
        return str(error), ()
    details = error[1] if len(error) > 1 else ()
    return str(error[0]), details if isinstance(details, list) else (details,)


def _user_error(connection: str, details: Sequence[Any]) -> Exception:
    words = _words(details[:2])
    if _NO_ACCESS.search(words):
        return Unauthorized(connection, f"the integration user lacks a right: {words}")
    missing = _MISSING.search(words)
    if missing:
        return Rejected(connection, words, kind="missing_field", field=missing["field"], owner="finance")
    kind: ExceptionKind = "closed_period" if _CLOSED.search(words) else "business_rule"
    return Rejected(connection, words, kind=kind, owner="finance")


def _words(parts: Sequence[Any]) -> str:
    return _cut(" ".join(str(part) for part in parts if part) or "Tryton gave no reason")


def _cut(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:LONGEST_MESSAGE]
