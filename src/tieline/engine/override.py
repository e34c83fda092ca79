"""Overrides: a person's correction of one field of a record, applied whenever the record is read again.

It holds as long as the source says what it said when the person corrected it; when the source changes, the source is
right again and the override is void.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeVar

from msgspec.structs import replace
from pydantic import ValidationError

from tieline.engine.audit import audit
from tieline.model.record import Record
from tieline.sdk.feed import SourceLine
from tieline.store.database import Connection

Value = str | bool | None
"""A field's value as JSON holds it; a day is its ISO text."""
FieldType = Literal["text", "words", "day", "yes_no"]
"""`words` must not be empty."""
R = TypeVar("R", bound=Record)

_LINE: Mapping[str, FieldType] = {
    "work_date": "day",
    "project_ref": "words",
    "task_ref": "text",
    "person_ref": "words",
    "billable": "yes_no",
    "note": "text",
}
FIELDS: Mapping[str, Mapping[str, FieldType]] = {
    "opportunity": {
        "legal_entity": "text",
        "service_line": "text",
        "currency": "text",
        "contract_type": "text",
        "billing_method": "text",
        "payment_terms": "text",
        "tax_treatment": "text",
        "po_number": "text",
        "start_date": "day",
        "end_date": "day",
        "region": "text",
        "parent_engagement": "text",
    },
    "customer": {
        "tax_nexus": "text",
        "tax_id": "text",
        "currency": "text",
        "payment_terms": "text",
        "email": "text",
        "phone": "text",
        "website": "text",
    },
    "time": {"role": "text", **_LINE},
    "expense": _LINE,
}
"""What a person may correct, by record. Never a quantity, a price or an amount: those are corrected at their source."""


@dataclass(frozen=True, kw_only=True)
class Override:
    """One correction in force."""

    id: int
    record_id: str
    field: str
    old: Value
    new: Value

    def fits(self, held: Value) -> bool:
        """Whether the source still holds what was corrected; a source without a role names none of its own."""
        return held == self.old or (self.field == "role" and held is None)


_ACTIVE = """
select id, record_id, field, old, new from field_override
where record = %s and record_id = any (%s) and voided_at is null order by id
"""
_VOID = """
update field_override set voided_at = clock_timestamp(), void_note = %s where id = any (%s) and voided_at is null
returning exception_id, record, record_id, field
"""


def active_overrides(db: Connection, record: str, ids: Iterable[str]) -> dict[str, list[Override]]:
    """The corrections in force, by record id."""
    found: dict[str, list[Override]] = {}
    for row in db.execute(_ACTIVE, [record, list(ids)]).fetchall():
        found.setdefault(row["record_id"], []).append(Override(**row))
    return found


def void(db: Connection, ids: Sequence[int], note: str) -> None:
    """These corrections count no more."""
    if not ids:
        return
    for row in db.execute(_VOID, [note, list(ids)]).fetchall():
        detail = {"text": f"{row['field']} of {row['record']} {row['record_id']}: {note}", "concerned": []}
        audit(db, "exception.override_void", object_=str(row["exception_id"]), detail=detail)


def as_read(record: str, read: Record) -> dict[str, Any]:
    """The fields of a record a person may correct, as its source holds them."""
    body = read.model_dump(mode="json", include=set(FIELDS[record]))
    return {"record": record, "id": read.id, "values": body}


def corrected_record(db: Connection, record: str, read: R) -> tuple[R, list[int]]:
    """The record with its corrections, and those whose source has changed since."""
    overrides = active_overrides(db, record, [read.id]).get(read.id, [])
    if not overrides:
        return read, []
    body = read.model_dump(mode="json")
    stale = [one.id for one in overrides if not one.fits(body[one.field])]
    body |= {one.field: one.new for one in overrides if one.id not in stale}
    try:
        return type(read).model_validate(body), stale
    except ValidationError:  # the record has other rules than when the correction was made
        return read, [one.id for one in overrides]


def line_id(connection: str, source_id: str) -> str:
    """What identifies a source line among the overrides."""
    return f"{connection}:{source_id}"


def corrected_lines(db: Connection, connection: str, kind: str, lines: Sequence[SourceLine]) -> list[SourceLine]:
    """Lines of a page with their corrections. Call with the feed's lock held, inside the page's transaction."""
    overrides = active_overrides(db, kind, [line_id(connection, line.source_id) for line in lines])
    if not overrides:
        return list(lines)
    stale: list[int] = []
    corrected = []
    for line in lines:
        own = overrides.get(line_id(connection, line.source_id), [])
        gone = [one.id for one in own if not one.fits(as_json(getattr(line, one.field)))]
        values: dict[str, Any] = {one.field: from_json(kind, one.field, one.new) for one in own if one.id not in gone}
        corrected.append(replace(line, **values) if values else line)
        stale += gone
    void(db, stale, "its source has changed")
    return corrected


def as_json(value: str | bool | date | None) -> Value:
    """A line's value as an override holds it."""
    return value.isoformat() if isinstance(value, date) else value


def from_json(record: str, field: str, value: Value) -> str | bool | date | None:
    """The value of an override as a line holds it."""
    if FIELDS[record][field] == "day" and isinstance(value, str):
        return date.fromisoformat(value)
    return value


LONGEST = 300


def parsed(record: str, field: str, text: str) -> Value:
    """What a person typed, as the field takes it. Raises ValueError with what is wrong."""
    kind = FIELDS.get(record, {}).get(field)
    if kind is None:
        raise ValueError(f"'{field}' of {record} cannot be corrected here; correct it at its source")
    text = text.strip()
    if len(text) > LONGEST or any(not letter.isprintable() for letter in text):
        raise ValueError(f"a value has at most {LONGEST} characters and no line breaks")
    match kind:
        case "yes_no":
            if text.lower() not in ("yes", "no"):
                raise ValueError(f"'{text}' is neither yes nor no")
            return text.lower() == "yes"
        case "day":
            return _day(text)
        case "words" if not text:
            raise ValueError(f"{field.replace('_', ' ')} cannot be empty")
    return text or None


def _day(text: str) -> str:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is no day such as 2026-11-30") from error
    return found.isoformat()
