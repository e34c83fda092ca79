"""Actions on an exception: retry, link to an existing record, create anew, say it happened, ignore."""

from typing import Any

from tieline.engine.audit import audit
from tieline.engine.problem import close_if_empty
from tieline.engine.wake import wake
from tieline.store.database import Connection, Database


class NoSuchException(LookupError):
    """There is no open exception of that number."""


class NotPossible(ValueError):
    """The exception is of another kind than the action needs; the message says what to do instead."""


def retry(database: Database, exception_id: int, by: str) -> int:
    """Wake all flow instances that wait for it; returns how many. Transactions are released by the bulk lane."""
    with database.transaction() as db:
        _open(db, exception_id)
        audit(db, "exception.retried", actor=by, object_=str(exception_id))
        return _wake_lines(db, exception_id)


def link(database: Database, exception_id: int, external_id: str, by: str) -> int:
    """Say which record over there is ours; it is then updated instead of created."""
    with database.transaction() as db:
        item = _open(db, exception_id)
        if item["kind"] not in ("duplicate", "in_doubt"):
            raise NotPossible("only a possible duplicate or an unclear write can be linked to a record")
        for line in _lines(db, exception_id):
            db.execute(
                "update effect set external_id = %s, state = 'drifted', attempts = attempts + 1, quarantine_until = null"
                " where connection = %s and target = %s and subject = %s",
                [external_id, item["connection"], line["target"], line["subject"]],
            )
        audit(db, "exception.linked", actor=by, object_=str(exception_id), detail={"external_id": external_id})
        return _wake_lines(db, exception_id)


def create_new(database: Database, exception_id: int, by: str) -> int:
    """Say that none of the records over there is ours, or that an unclear write did not happen: create it."""
    with database.transaction() as db:
        item = _open(db, exception_id)
        if item["kind"] not in ("duplicate", "in_doubt"):
            raise NotPossible("only a possible duplicate or an unclear write can be created anew")
        for line in _lines(db, exception_id):
            db.execute(
                "update effect set external_id = null, state = 'released', ordinal = ordinal + 1,"
                " attempts = attempts + 1, quarantine_until = null"
                " where connection = %s and target = %s and subject = %s",
                [item["connection"], line["target"], line["subject"]],
            )
        audit(db, "exception.created_anew", actor=by, object_=str(exception_id))
        return _wake_lines(db, exception_id)


def ignore(database: Database, exception_id: int, by: str, reason: str) -> None:
    """Leave a record that arrived from outside to its own system, with a reason."""
    if not reason.strip():
        raise NotPossible("say why it is left to its system")
    with database.transaction() as db:
        item = _open(db, exception_id)
        if item["kind"] != "unlinked":
            raise NotPossible("only a record that belongs to no engagement can be left to its system")
        audit(db, "exception.ignored", actor=by, object_=str(exception_id), detail={"reason": reason})
        db.execute(
            "delete from exception_line where exception_id = %s and transaction_id is null returning exception_id",
            [exception_id],
        )
        close_if_empty(db, [exception_id], by, reason)


def _open(db: Connection, exception_id: int) -> dict[str, Any]:
    row = db.execute(
        "select id, kind, connection, field, key from exception_item where id = %s and closed_at is null for update",
        [exception_id],
    ).fetchone()
    if row is None:
        raise NoSuchException(f"there is no open exception {exception_id}; list them with: tieline exceptions")
    return row


def _lines(db: Connection, exception_id: int) -> list[dict[str, Any]]:
    return db.execute(
        "select flow, key, engagement, target, subject from exception_line where exception_id = %s"
        " and flow is not null order by flow, key",
        [exception_id],
    ).fetchall()


def _wake_lines(db: Connection, exception_id: int) -> int:
    lines = _lines(db, exception_id)
    for line in lines:
        wake(db, line["flow"], line["key"], line["engagement"] or line["key"], "operator")
    return len(lines)
