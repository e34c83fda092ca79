"""Editing: a person corrects one field of the records that wait for an exception, after seeing what would change."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from tieline.engine.feed_lock import lock_feed
from tieline.engine.override import FIELDS, FieldType, Value, as_json, from_json, line_id, parsed
from tieline.exception_queue.actions import NotPossible, open_item, record, retry_all
from tieline.store.database import Connection, Database, repeating

LINES = ("time", "expense")
MOST_GROUPS = 50


@dataclass(frozen=True, kw_only=True)
class EditableField:
    """A field that may be corrected for an exception."""

    record: str
    field: str
    type: FieldType
    named: bool
    """The exception itself names this field."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Records that hold the same value now."""

    now: Value
    records: int
    source: Value
    """What their source holds; another value than `now` when it was corrected before."""


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What an edit would change. `shown` names exactly this content."""

    exception_id: int
    record: str
    field: str
    new: Value
    groups: tuple[Group, ...]
    records: int
    shown: str


@dataclass(frozen=True, slots=True)
class _Held:
    """One waiting record's value: ours now, and its source's."""

    record_id: str
    now: Value
    source: Value
    line: int | None = None


def editable_fields(db: Connection, exception_id: int) -> list[EditableField]:
    """What may be corrected of the records that wait; the fields the exception names first."""
    item = db.execute("select field, message from exception_item where id = %s", [exception_id]).fetchone()
    rows = db.execute(_RECORDS, {"id": exception_id}).fetchall()
    found = [
        EditableField(record=row["record"], field=name, type=kind, named=_is_named(item, name))
        for row in rows
        for name, kind in FIELDS.get(row["record"], {}).items()
    ]
    return sorted(found, key=lambda one: not one.named)


_RECORDS = """
select distinct t.kind as record from exception_line l join project_transaction t on t.id = l.transaction_id
where l.exception_id = %(id)s and t.state = 'in_exception'
union select distinct r->>'record' from exception_line l, jsonb_array_elements(l.records) r
where l.exception_id = %(id)s order by record
"""


def _is_named(item: dict[str, Any] | None, field: str) -> bool:
    if item is None:
        return False
    words = field.removesuffix("_ref").replace("_", " ")
    return words == str(item["field"] or "").replace("_", " ") or f"the {words}" in str(item["message"])


def preview(db: Connection, exception_id: int, record_kind: str, field: str, text: str) -> Diff:
    """What the edit would change, and nothing else. Raises NotPossible with what is wrong with it."""
    new = _parsed(record_kind, field, text)
    held = _held(db, exception_id, record_kind, field)
    return _diff(exception_id, record_kind, field, new, held)


@repeating
def edit(database: Database, exception_id: int, diff: Diff, by: str, reason: str) -> int:
    """Take the edit that was shown, and try what waits again; returns how many records it corrects.

    Raises NotPossible when what waits is not what was shown any more.
    """
    if not reason.strip():
        raise NotPossible("say why it is corrected")
    with database.transaction() as db:
        for feed in db.execute(_FEEDS, [exception_id]).fetchall():
            lock_feed(db, feed["feed"])
        open_item(db, exception_id)
        held = _held(db, exception_id, diff.record, diff.field, lock=True)
        if _diff(exception_id, diff.record, diff.field, diff.new, held).shown != diff.shown:
            raise NotPossible("what waits has changed since it was shown; look at the difference again")
        changed = [one for one in held if one.now != diff.new]
        if not changed:
            raise NotPossible("what waits holds this value already; nothing was changed")
        _override(db, exception_id, diff, changed, by, reason.strip())
        _restate(db, diff, [one.line for one in changed if one.line is not None])
        what = f"{diff.field.replace('_', ' ')} of {len(changed):,} {'record' if len(changed) == 1 else 'records'}"
        told = f"{what} is now {shown_value(diff.new)}: {reason.strip()}"
        record(db, "exception.edited", exception_id, by, text=told, field=f"{diff.record}.{diff.field}")
        retry_all(db, [exception_id], by)
    return len(changed)


def shown_value(value: Value) -> str:
    """A value as people read it."""
    return "empty" if value is None else ("yes" if value else "no") if isinstance(value, bool) else f"“{value}”"


def _parsed(record_kind: str, field: str, text: str) -> Value:
    try:
        return parsed(record_kind, field, text)
    except ValueError as error:
        raise NotPossible(str(error)) from error


def _diff(exception_id: int, record_kind: str, field: str, new: Value, held: Sequence[_Held]) -> Diff:
    if not held:
        raise NotPossible(f"no {record_kind} that could be corrected waits for it")
    counts: dict[tuple[Value, Value], int] = {}
    for one in held:
        counts[one.now, one.source] = counts.get((one.now, one.source), 0) + 1
    whole = json.dumps(
        [record_kind, field, new, sorted((one.record_id, str(one.now), str(one.source)) for one in held)]
    )
    largest = sorted(counts.items(), key=lambda pair: -pair[1])[:MOST_GROUPS]
    return Diff(
        exception_id=exception_id,
        record=record_kind,
        field=field,
        new=new,
        groups=tuple(Group(now=now, source=source, records=count) for (now, source), count in largest),
        records=len(held),
        shown=hashlib.sha256(whole.encode()).hexdigest()[:16],
    )


# ---- what waits ----

_FEEDS = """
select distinct t.connection || ':' || t.kind as feed from exception_line l
join project_transaction t on t.id = l.transaction_id where l.exception_id = %s order by feed
"""
_HELD_LINES = sql.SQL("""
select t.id, t.connection, t.source_id, to_jsonb(t)->%(field)s as now, o.old, o.id is not null as corrected,
  v.transaction_id is not null as invoiced
from exception_line l join project_transaction t on t.id = l.transaction_id
  left join field_override o on o.record = t.kind and o.record_id = t.connection || ':' || t.source_id
    and o.field = %(field)s and o.voided_at is null
  left join invoice_line v on v.transaction_id = t.id
where l.exception_id = %(id)s and t.kind = %(kind)s and t.state = 'in_exception' and t.live and t.sign = 1
order by t.id {lock}
""")
_HELD_RECORDS = """
select distinct on (r->>'id') r->>'id' as id, r->'values'->%(field)s as source, o.new, o.id is not null as corrected
from exception_line l cross join jsonb_array_elements(l.records) r
  left join field_override o on o.record = r->>'record' and o.record_id = r->>'id' and o.field = %(field)s
    and o.voided_at is null and o.old = r->'values'->%(field)s
where l.exception_id = %(id)s and r->>'record' = %(kind)s order by 1
"""


def _held(db: Connection, exception_id: int, record_kind: str, field: str, *, lock: bool = False) -> list[_Held]:
    values = {"id": exception_id, "kind": record_kind, "field": field}
    if record_kind not in LINES:
        return [
            _Held(row["id"], row["new"] if row["corrected"] else row["source"], row["source"])
            for row in db.execute(_HELD_RECORDS, values).fetchall()
        ]
    locked = sql.SQL("for update of t" if lock else "")
    rows = db.execute(_HELD_LINES.format(lock=locked), values).fetchall()
    if any(row["invoiced"] for row in rows):
        raise NotPossible("some of it is on an invoice; correct it at its source, which credits and bills it anew")
    return [
        _Held(
            line_id(row["connection"], row["source_id"]),
            row["now"],
            row["old"] if row["corrected"] else row["now"],
            row["id"],
        )
        for row in rows
    ]


# ---- what is kept ----

_VOID = """
update field_override o set voided_at = clock_timestamp(), void_note = 'replaced by ' || %(by)s::text
from unnest(%(ids)s::text[]) n (id)
where o.record = %(record)s and o.record_id = n.id and o.field = %(field)s and o.voided_at is null
"""
_KEEP = """
insert into field_override (record, record_id, field, old, new, person, reason, exception_id)
select %(record)s, n.id, %(field)s, n.old::jsonb, %(new)s, %(by)s, %(reason)s, %(exception)s
from unnest(%(ids)s::text[], %(olds)s::text[]) n (id, old) where n.old::jsonb <> %(new)s
"""


def _override(db: Connection, exception_id: int, diff: Diff, changed: Sequence[_Held], by: str, reason: str) -> None:
    """Back to what the source holds is no override any more."""
    values = {
        "record": diff.record,
        "field": diff.field,
        "new": Jsonb(diff.new),
        "by": by,
        "reason": reason,
        "exception": exception_id,
        "ids": [one.record_id for one in changed],
        "olds": [json.dumps(one.source) for one in changed],
    }
    db.execute(_VOID, values)
    db.execute(_KEEP, values)


# A line the ERP refused has a price; with another role, day or project it is priced anew.
_RESTATE = sql.SQL("""
update project_transaction set {column} = %(value)s, currency = null, rate = null, amount = null, rate_rule = null,
  cost_rate = null, cost_currency = null, contract_version = null, item_code = null, disposition = null
where id = any (%(ids)s) and state = 'in_exception'
""")


def _restate(db: Connection, diff: Diff, lines: Sequence[int]) -> None:
    if lines:
        value = from_json(diff.record, diff.field, diff.new)
        assert isinstance(value, str | bool | date | None)
        assert as_json(value) == diff.new
        db.execute(_RESTATE.format(column=sql.Identifier(diff.field)), {"value": value, "ids": list(lines)})
