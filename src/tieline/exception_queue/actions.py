"""Actions on an exception: retry, link to an existing record, create anew, say it happened, ignore, assign, comment."""

from typing import Any, Final

from tieline.engine.audit import audit
from tieline.engine.problem import close_if_empty
from tieline.engine.wake import wake
from tieline.store.database import Connection, Database

OWNERS: Final = ("finance", "delivery", "sales", "resource", "integration")
"""Who may mend an exception."""


class NoSuchException(LookupError):
    """There is no open exception of that number."""


class NotPossible(ValueError):
    """The exception is of another kind than the action needs; the message says what to do instead."""


def retry(database: Database, exception_id: int, by: str) -> int:
    """Try again what waits for it; returns how much: flow instances are woken, transactions marked for the worker."""
    with database.transaction() as db:
        _open(db, exception_id)
        record(db, "exception.retried", exception_id, by)
        lines = db.execute(
            "update exception_item set retry_by = %(by)s where id = %(id)s and exists (select from exception_line"
            " where exception_id = %(id)s and transaction_id is not null) returning (select count(*)"
            " from exception_line where exception_id = %(id)s and transaction_id is not null) as lines",
            {"id": exception_id, "by": by},
        ).fetchone()
        return _wake_lines(db, exception_id) + (int(lines["lines"]) if lines else 0)


def link(database: Database, exception_id: int, external_id: str, by: str) -> int:
    """Say which record over there is ours; it is then updated instead of created.

    An unclear write that must never be repeated counts as done, with that record.
    """
    with database.transaction() as db:
        item = _open(db, exception_id)
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
        return _wake_lines(db, exception_id)


def create_new(database: Database, exception_id: int, by: str) -> int:
    """Say that none of the records over there is ours, or that an unclear write did not happen: create it."""
    with database.transaction() as db:
        item = _open(db, exception_id)
        target, subject = _one_effect(db, item)
        db.execute(
            "update effect set external_id = null, state = 'released', ordinal = ordinal + 1,"
            " attempts = attempts + 1, quarantine_until = null, changed_at = clock_timestamp()"
            " where connection = %s and target = %s and subject = %s",
            [item["connection"], target, subject],
        )
        record(db, "exception.created_anew", exception_id, by)
        return _wake_lines(db, exception_id)


def adopt(database: Database, exception_id: int, record_id: str, by: str) -> int:
    """Say which of our projects or invoices a record is that arrived from outside."""
    with database.transaction() as db:
        item = _open(db, exception_id)
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
        return _wake_lines(db, exception_id)


_OURS = """
select id from project where %(record)s = 'project' and (id = %(id)s or code = %(id)s)
union all select id from invoice where %(record)s = 'invoice' and (id = %(id)s or number = %(id)s) limit 1
"""


def ignore(database: Database, exception_id: int, by: str, reason: str) -> None:
    """Leave a record that arrived from outside to its own system, with a reason."""
    if not reason.strip():
        raise NotPossible("say why it is left to its system")
    with database.transaction() as db:
        item = _open(db, exception_id)
        if item["kind"] != "unlinked":
            raise NotPossible("only a record that belongs to no engagement can be left to its system")
        record(db, "exception.ignored", exception_id, by, reason=reason)
        db.execute("delete from exception_line where exception_id = %s and transaction_id is null", [exception_id])
        close_if_empty(db, [exception_id], by, reason)


def assign(database: Database, exception_id: int, owner: str, by: str) -> None:
    """Give it to another team."""
    if owner not in OWNERS:
        raise NotPossible(f"there is no team '{owner}'; there are {', '.join(OWNERS)}")
    with database.transaction() as db:
        _open(db, exception_id)
        db.execute("update exception_item set owner = %s where id = %s", [owner, exception_id])
        record(db, "exception.assigned", exception_id, by, text=owner)


def comment(database: Database, exception_id: int, text: str, by: str) -> None:
    """Say something for those who come after."""
    if not text.strip():
        raise NotPossible("the comment is empty")
    with database.transaction() as db:
        _open(db, exception_id)
        record(db, "exception.commented", exception_id, by, text=text)


def record(db: Connection, action: str, exception_id: int, by: str, **detail: str) -> None:
    """Audit what a person did, with the engagements and deals concerned: once it is solved, nothing else tells them."""
    row = db.execute(
        "select array_agg(id) as ids from (select distinct coalesce(l.engagement, p.engagement_id, l.key) as id"
        " from exception_line l left join project_transaction t on t.id = l.transaction_id"
        " left join project p on p.id = t.project_id where l.exception_id = %s limit 20) concerned",
        [exception_id],
    ).fetchone()
    audit(db, action, actor=by, object_=str(exception_id), detail={**detail, "concerned": (row and row["ids"]) or []})


def _open(db: Connection, exception_id: int) -> dict[str, Any]:
    row = db.execute(
        "select id, kind, connection, field, key from exception_item where id = %s and closed_at is null for update",
        [exception_id],
    ).fetchone()
    if row is None:
        raise NoSuchException(f"There is no open exception {exception_id}; list them with: tieline exceptions")
    return row


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


def _wake_lines(db: Connection, exception_id: int) -> int:
    lines = db.execute(
        "select flow, key, engagement from exception_line where exception_id = %s and flow is not null"
        " order by flow, key",
        [exception_id],
    ).fetchall()
    for line in lines:
        wake(db, line["flow"], line["key"], line["engagement"] or line["key"], "operator")
    return len(lines)
