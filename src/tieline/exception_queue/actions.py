"""Actions on an exception: retry, link to an existing record, create anew, say it happened, ignore, comment."""

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from tieline.engine.feed_lock import lock_feed
from tieline.engine.problem import close_if_empty
from tieline.engine.wake import wake_many
from tieline.exception_queue.unclear_line import book, unclear_line
from tieline.store.database import Connection, Database, repeating


class NoSuchException(LookupError):
    """There is no open exception of that number."""


class NotPossible(ValueError):
    """The exception is of another kind than the action needs; the message says what to do instead."""


@repeating
def retry(database: Database, exception_id: int, by: str) -> int:
    """Try again what waits for it; returns how much: flow instances are woken, transactions marked for the worker."""
    with database.transaction() as db:
        open_item(db, exception_id)
        return retry_all(db, [exception_id], by)


_MARK = """
update exception_item i set retry_by = %(by)s where i.id = any (%(ids)s)
  and exists (select from exception_line l where l.exception_id = i.id and l.transaction_id is not null)
"""


def retry_all(db: Connection, ids: Sequence[int], by: str) -> int:
    """`retry` of open exceptions whose rows are locked; returns how many records are tried again."""
    record_all(db, "exception.retried", ids, by)
    db.execute(_MARK, {"by": by, "ids": list(ids)})
    lines = db.execute(
        "select count(*) as n from exception_line where exception_id = any (%s) and transaction_id is not null",
        [list(ids)],
    ).fetchone()
    return wake_lines(db, ids) + (int(lines["n"]) if lines else 0)


@repeating
def link(database: Database, exception_id: int, external_id: str, by: str) -> int:
    """Say which record over there is ours; it is then updated instead of created.

    An unclear write that must never be repeated counts as done, with that record; so does an unclear line.
    """
    with database.transaction() as db:
        if (line := _locked_line(db, exception_id)) is not None:
            if not book(db, line, external_id):
                raise NotPossible(f"{external_id} of {line['connection']} is another line of ours already")
            record(db, "exception.linked", exception_id, by, external_id=external_id)
            close_if_empty(db, [exception_id], by, "it is there")
            return 1
        item = open_item(db, exception_id)
        target, subject = _one_effect(db, item)
        _refuse_if_taken(db, item["connection"], target, subject, external_id)
        done = item["kind"] == "in_doubt"
        db.execute(
            "update effect set external_id = %s, state = %s, attempts = attempts + 1, quarantine_until = null,"
            " confirmed_hash = case when %s then content_hash else confirmed_hash end, problem = null,"
            " changed_at = clock_timestamp() where connection = %s and target = %s and subject = %s",
            [external_id, "confirmed" if done else "drifted", done, item["connection"], target, subject],
        )
        db.execute(
            "insert into cross_reference (connection, target, subject, external_id) values (%s, %s, %s, %s)"
            " on conflict (connection, target, subject) do update set external_id = excluded.external_id",
            [item["connection"], target, subject, external_id],
        )
        record(db, "exception.linked", exception_id, by, external_id=external_id)
        return wake_lines(db, [exception_id])


@repeating
def create_new(database: Database, exception_id: int, by: str) -> int:
    """Say that none of the records over there is ours, or that an unclear write did not happen: create it."""
    with database.transaction() as db:
        if _locked_line(db, exception_id) is not None:
            record(db, "exception.created_anew", exception_id, by)
            return retry_all(db, [exception_id], by)
        item = open_item(db, exception_id)
        target, subject = _one_effect(db, item)
        db.execute(
            "update effect set external_id = null, state = 'released', ordinal = ordinal + 1,"
            " attempts = attempts + 1, quarantine_until = null, changed_at = clock_timestamp()"
            " where connection = %s and target = %s and subject = %s",
            [item["connection"], target, subject],
        )
        record(db, "exception.created_anew", exception_id, by)
        return wake_lines(db, [exception_id])


@repeating
def adopt(database: Database, exception_id: int, record_id: str, by: str) -> int:
    """Say which of our projects or invoices a record is that arrived from outside."""
    with database.transaction() as db:
        item = open_item(db, exception_id)
        if item["kind"] != "unlinked" or item["connection"] is None:
            raise NotPossible("only a record that belongs to no engagement can be linked to one of ours")
        known = db.execute(_OURS, {"record": item["field"], "id": record_id}).fetchone()
        if known is None:
            raise NotPossible(f"there is no {item['field']} {record_id} of ours; give its id or its code")
        _refuse_if_taken(db, item["connection"], item["field"], known["id"], item["key"])
        row = db.execute(
            "insert into cross_reference (connection, target, subject, external_id) values (%s, %s, %s, %s)"
            " on conflict (connection, target, subject) do nothing returning subject",
            [item["connection"], item["field"], known["id"], item["key"]],
        ).fetchone()
        if row is None:
            raise NotPossible(
                f"{item['field']} {record_id} is linked to another record of {item['connection']} already"
            )
        record(db, "exception.linked", exception_id, by, external_id=known["id"])
        return wake_lines(db, [exception_id])


_OURS = """
select id from project where %(record)s = 'project' and (id = %(id)s or code = %(id)s)
union all select id from invoice where %(record)s = 'invoice' and (id = %(id)s or number = %(id)s) limit 1
"""


@repeating
def ignore(database: Database, exception_id: int, by: str, reason: str) -> None:
    """Leave a record that arrived from outside to its own system, with a reason."""
    if not reason.strip():
        raise NotPossible("say why it is left to its system")
    with database.transaction() as db:
        item = open_item(db, exception_id)
        if item["kind"] != "unlinked":
            raise NotPossible("only a record that belongs to no engagement can be left to its system")
        record(db, "exception.ignored", exception_id, by, reason=reason)
        db.execute("delete from exception_line where exception_id = %s and transaction_id is null", [exception_id])
        close_if_empty(db, [exception_id], by, reason)


def comment(database: Database, exception_id: int, text: str, by: str) -> None:
    """Say something for those who come after."""
    if not text.strip():
        raise NotPossible("the comment is empty")
    with database.transaction() as db:
        open_item(db, exception_id)
        record(db, "exception.commented", exception_id, by, text=text)


def record(db: Connection, action: str, exception_id: int, by: str, **detail: str) -> None:
    """Audit what a person did, with the engagements and deals concerned: once it is solved, nothing else tells them."""
    record_all(db, action, [exception_id], by, **detail)


_RECORD = """
insert into audit_event (actor, action, object, detail)
select %(by)s, %(action)s, i.id::text, %(detail)s::jsonb || jsonb_build_object('concerned', coalesce((
  select jsonb_agg(c.id) from (select distinct coalesce(l.engagement, p.engagement_id, l.key) as id
    from exception_line l left join project_transaction t on t.id = l.transaction_id
      left join project p on p.id = t.project_id where l.exception_id = i.id limit 20) c), '[]'))
from unnest(%(ids)s::bigint[]) with ordinality i (id, place) order by place
"""


def record_all(db: Connection, action: str, ids: Sequence[int], by: str, **detail: str) -> None:
    """`record` of one action on several exceptions."""
    db.execute(_RECORD, {"by": by, "action": action, "detail": Jsonb(detail), "ids": list(ids)})


def open_item(db: Connection, exception_id: int) -> dict[str, Any]:
    """The row of an open exception, locked. Raises NoSuchException."""
    row = db.execute(
        "select id, kind, connection, field, key from exception_item where id = %s and closed_at is null for update",
        [exception_id],
    ).fetchone()
    if row is None:
        raise NoSuchException(f"There is no open exception {exception_id}; list them with: tieline exceptions")
    return row


def _locked_line(db: Connection, exception_id: int) -> dict[str, Any] | None:
    """The line an unclear outcome is about, its feed and the exception locked; None when it is about a record."""
    line = unclear_line(db, exception_id)
    if line is None:
        return None
    lock_feed(db, line["feed"])
    open_item(db, exception_id)
    return unclear_line(db, exception_id)


def _one_effect(db: Connection, item: dict[str, Any]) -> tuple[str, str]:
    """The write a duplicate or an unclear outcome is about, locked. Raises NotPossible."""
    if item["kind"] not in ("duplicate", "in_doubt"):
        raise NotPossible("only a possible duplicate or an unclear write can be linked or created anew; retry this one")
    rows = db.execute(
        "select target, subject from effect e where connection = %s and exists (select from exception_line l"
        " where l.exception_id = %s and l.target = e.target and l.subject = e.subject) for update",
        [item["connection"], item["id"]],
    ).fetchall()
    if len(rows) != 1:
        raise NotPossible("nothing was sent for it yet; retry it first" if not rows else "several records wait for it")
    return rows[0]["target"], rows[0]["subject"]


def _refuse_if_taken(db: Connection, connection: str, target: str, subject: str, external_id: str) -> None:
    row = db.execute(
        "select subject from cross_reference where connection = %s and target = %s and external_id = %s",
        [connection, target, external_id],
    ).fetchone()
    if row is not None and row["subject"] != subject:
        raise NotPossible(f"{target} {external_id} of {connection} is linked to another record already")


def wake_lines(db: Connection, ids: Sequence[int]) -> int:
    """Wake the flow instances that wait for these exceptions; returns how many."""
    lines = db.execute(
        "select distinct flow, key, coalesce(engagement, key) as engagement from exception_line"
        " where exception_id = any (%s) and flow is not null order by flow, key",
        [list(ids)],
    ).fetchall()
    wake_many(db, [(line["flow"], line["key"], line["engagement"]) for line in lines], "operator")
    return len(lines)
