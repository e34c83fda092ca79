"""What Kantata's error answers mean to the firm: the three errors, in plain words (fact sheet section 3).

There are no error codes: the type, the field and the words of a message are all that tells one refusal from another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tieline.sdk import jsontext
from tieline.sdk.errors import ExceptionKind, Rejected, Unauthorized
from tieline.sdk.http import HttpAnswer

LONGEST_MESSAGE = 400


@dataclass(eq=False)
class Gone(Rejected):
    """The record we asked for does not exist, or we may not see it."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One element of `errors`."""

    type: str
    message: str
    field: str | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """Words of a message, and what they mean in business words; `{field}` is the field it names."""

    marks: tuple[str, ...]
    kind: ExceptionKind
    words: str
    owner: str


MEANINGS = (
    Meaning(("can't be blank", "please give", "is required"), "missing_field", "Kantata wants {field}", "delivery"),
    Meaning(("already been taken",), "duplicate", "Kantata holds another record of that {field}", "delivery"),
    Meaning(("locked",), "closed_period", "the period is locked in Kantata", "finance"),
    Meaning(("invoiced",), "business_rule", "it was invoiced in Kantata already", "finance"),
    Meaning(
        ("is invalid", "does not exist", "not included in the list"),
        "master_data",
        "Kantata has no such {field}",
        "integration",
    ),
)
OTHERWISE = Meaning((), "business_rule", "a rule of Kantata refused it", "delivery")
PROGRAMMING = Meaning((), "schema_drift", "Kantata does not understand what we asked", "integration")


def refusal(answer: HttpAnswer) -> Exception | None:
    """The error an answer outside 2xx stands for; None leaves 429 (no Retry-After, no limits known) and 5xx alone."""
    if answer.status == 429 or answer.status >= 500:
        return None
    complaints = complaints_in(answer.body)
    said = f" (Kantata: {'; '.join(complaint.message for complaint in complaints)})" if complaints else ""
    match answer.status:
        case 401:
            words = "refused the access token: it was revoked, or its user was disabled"
            return Unauthorized(answer.system, f"{words}; put a new one into the site's secrets")
        case 403:
            # One project the user does not take part in is no reason to stop the whole connection.
            return Rejected(answer.system, f"the integration user may not do this in Kantata{said}", kind="auth")
        case 404:
            words = "the record does not exist in Kantata any more, or the integration user may not see it"
            return Gone(answer.system, words, kind="master_data", owner="delivery")
    return _rejected(answer.system, complaints, said) if complaints else None


def complaints_in(body: bytes) -> Sequence[Complaint]:
    """The errors of a body: `{"errors": [{"type", "message", "field"}]}`."""
    try:
        parsed = jsontext.loads(body)
    except jsontext.MalformedJson:
        return ()
    rows = parsed.get("errors") if isinstance(parsed, dict) else None
    return [_complaint(row) for row in rows[:20] if isinstance(row, dict)] if isinstance(rows, list) else ()


def _complaint(row: dict[str, Any]) -> Complaint:
    message = " ".join(str(row.get("message") or "no reason given").split())
    field = row.get("field")
    return Complaint(str(row.get("type")), message[:LONGEST_MESSAGE], field[:100] if isinstance(field, str) else None)


def _rejected(system: str, complaints: Sequence[Complaint], said: str) -> Rejected:
    """The first complaint decides kind and owner, the message has all of them."""
    first = complaints[0]
    meaning = meaning_of(first)
    words = meaning.words.format(field=(first.field or "a field").removesuffix("_id").replace("_", " "))
    return Rejected(system, words + said, kind=meaning.kind, field=first.field, owner=meaning.owner)


def meaning_of(complaint: Complaint) -> Meaning:
    """The first meaning whose words the message has."""
    if complaint.type == "system":
        return PROGRAMMING
    message = complaint.message.casefold()
    return next((one for one in MEANINGS if any(mark in message for mark in one.marks)), OTHERWISE)
