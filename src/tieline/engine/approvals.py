"""Decisions of people, bound to the hash of exactly what was shown."""

from collections.abc import Collection
from typing import Any, Literal

from psycopg.types.json import Jsonb

from tieline.engine.audit import audit
from tieline.engine.effect import Author
from tieline.engine.wake import wake
from tieline.store.database import Connection, Database, repeating


def ask_approval(
    db: Connection, author: Author, label: str, content: dict[str, Any], content_hash: bytes
) -> Literal["asked", "approved", "declined"]:
    """The decision on this content; asks for one when there is none. An edit voids what was asked or decided."""
    with db.transaction():
        row = db.execute(
            "select id, state, content_hash from approval where flow = %s and key = %s and label = %s"
            " and state in ('asked', 'approved', 'declined') for update",
            [author.flow, author.key, label],
        ).fetchone()
        if row is not None and row["content_hash"] == content_hash:
            state: Literal["asked", "approved", "declined"] = row["state"]
            return state
        if row is not None:
            db.execute("update approval set state = 'void' where id = %s", [row["id"]])
        db.execute(
            "insert into approval (flow, key, label, content_hash, content) values (%s, %s, %s, %s, %s)",
            [author.flow, author.key, label, content_hash, Jsonb(content)],
        )
    return "asked"


def void_unasked(db: Connection, author: Author, asked: Collection[str]) -> None:
    """What a run did not ask again is no question any more; a decision on it would come too late."""
    db.execute(
        "update approval set state = 'void' where flow = %s and key = %s and state = 'asked' and label <> all(%s)",
        [author.flow, author.key, list(asked)],
    )


def void_approval(db: Connection, author: Author, label: str) -> None:
    """Void what was asked or decided; when the question comes again, it is asked again."""
    db.execute(
        "update approval set state = 'void' where flow = %s and key = %s and label = %s"
        " and state in ('asked', 'approved', 'declined')",
        [author.flow, author.key, label],
    )


@repeating
def decide_approval(database: Database, approval_id: int, *, approve: bool, by: str, reason: str = "") -> bool:
    """Record a person's decision and wake the flow; False when it was decided or voided meanwhile."""
    with database.transaction() as db:
        row = db.execute(
            "update approval set state = %s, decided_by = %s, decided_at = clock_timestamp(), reason = %s"
            " where id = %s and state = 'asked' returning flow, key, label",
            ["approved" if approve else "declined", by, reason, approval_id],
        ).fetchone()
        if row is None:
            return False
        agenda = db.execute(
            "select engagement from agenda where flow = %s and key = %s", [row["flow"], row["key"]]
        ).fetchone()
        engagement = agenda["engagement"] if agenda else row["key"]
        action = "approval.approved" if approve else "approval.declined"
        audit(db, action, engagement=engagement, actor=by, object_=row["label"], detail={"reason": reason})
        wake(db, row["flow"], row["key"], engagement, "decision")
    return True
