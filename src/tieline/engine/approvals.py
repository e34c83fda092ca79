"""Decisions of people, bound to the hash of exactly what was shown."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from tieline.engine.approval_policy import ApprovalPolicy, Asked
from tieline.engine.audit import audit
from tieline.engine.effect import Author
from tieline.engine.wake import wake
from tieline.store.database import Connection, Database, repeating

State = Literal["asked", "approved", "declined", "expired"]
ANYBODY = ApprovalPolicy()


class MayNotDecide(Exception):
    """The site's rules give this decision to others; the text says to whom."""


def ask_approval(db: Connection, author: Author, asked: Asked, content: dict[str, Any], content_hash: bytes) -> State:
    """The decision on this content; asks for one when there is none. An edit voids what was asked or decided."""
    with db.transaction():
        row = db.execute(
            "select id, state, content_hash from approval where flow = %s and key = %s and label = %s"
            " and state in ('asked', 'approved', 'declined', 'expired') order by id desc limit 1 for update",
            [author.flow, author.key, asked.label],
        ).fetchone()
        if row is not None and row["content_hash"] == content_hash:
            state: State = row["state"]
            return state
        if row is not None:
            db.execute("update approval set state = 'void' where id = %s", [row["id"]])
        db.execute(
            "insert into approval (flow, key, label, content_hash, content, amount, currency, legal_entity,"
            " proposed_by) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                author.flow,
                author.key,
                asked.label,
                content_hash,
                Jsonb(content),
                asked.amount,
                asked.currency,
                asked.legal_entity,
                asked.proposed_by,
            ],
        )
    return "asked"


def approved_contents(db: Connection, flow: str, key: str, labels: str) -> list[dict[str, Any]]:
    """What people approved under labels that begin like this, as it was shown to them."""
    rows = db.execute(
        "select content from approval where flow = %s and key = %s and starts_with(label, %s) and state = 'approved'"
        " order by id",
        [flow, key, labels],
    ).fetchall()
    return [row["content"] for row in rows]


def was_declined(db: Connection, author: Author, label: str, content_hash: bytes) -> bool:
    """Whether a person has said no to exactly this content."""
    row = db.execute(
        "select from approval where flow = %s and key = %s and label = %s and state = 'declined' and content_hash = %s",
        [author.flow, author.key, label, content_hash],
    ).fetchone()
    return row is not None


def void_unasked(db: Connection, author: Author, asked: Collection[str]) -> None:
    """What a run did not ask again is no question any more; a decision on it would come too late."""
    db.execute(
        "update approval set state = 'void' where flow = %s and key = %s and state in ('asked', 'expired')"
        " and label <> all(%s)",
        [author.flow, author.key, list(asked)],
    )


def void_approval(db: Connection, author: Author, label: str) -> None:
    """Void what was asked or decided; when the question comes again, it is asked again."""
    db.execute(
        "update approval set state = 'void' where flow = %s and key = %s and label = %s"
        " and state in ('asked', 'approved', 'declined', 'expired')",
        [author.flow, author.key, label],
    )


@repeating
def decide_approval(
    database: Database,
    approval_id: int,
    *,
    approve: bool,
    by: str,
    reason: str = "",
    policy: ApprovalPolicy = ANYBODY,
) -> Literal["approved", "declined", "counted"] | None:
    """Record a person's word, and wake the flow when it decides; `counted`: further persons must approve too.

    None when it was decided, voided or expired meanwhile. One person who declines decides. Raises MayNotDecide.
    """
    with database.transaction() as db:
        row = db.execute(
            "select id, flow, key, label, amount, currency, legal_entity, proposed_by from approval"
            " where id = %s and state = 'asked' for update",
            [approval_id],
        ).fetchone()
        if row is None:
            return None
        asked = _asked(row)
        refusal = policy.refusal(asked, by, datetime.now(UTC).date())
        if refusal is not None:
            raise MayNotDecide(refusal)
        if approve and not _enough(db, policy, asked, approval_id, by, reason):
            _tell(db, row, "approval.counted", by, reason)
            return "counted"
        state: Literal["approved", "declined"] = "approved" if approve else "declined"
        db.execute(
            "update approval set state = %s, decided_by = %s, decided_at = clock_timestamp(), reason = %s"
            " where id = %s",
            [state, by, reason, approval_id],
        )
        wake(db, row["flow"], row["key"], _tell(db, row, f"approval.{state}", by, reason), "decision")
    return state


@repeating
def ask_again(database: Database, approval_id: int, by: str) -> bool:
    """Ask a question anew that expired; False when it has not, or the flow needs no decision any more."""
    with database.transaction() as db:
        row = db.execute(
            "update approval set state = 'void' where id = %s and state = 'expired' returning flow, key, label",
            [approval_id],
        ).fetchone()
        if row is None:
            return False
        wake(db, row["flow"], row["key"], _tell(db, row, "approval.asked_again", by, ""), "decision")
    return True


@repeating
def expire_approvals(database: Database, policy: ApprovalPolicy) -> int:
    """End what nobody decided within the time of its rule; returns how many. Nothing is done that was asked for."""
    ended = 0
    with database.transaction() as db:
        rows = db.execute(
            "select id, flow, key, label, amount, currency, legal_entity, proposed_by,"
            " clock_timestamp() - asked_at as age from approval where state = 'asked' order by id for update"
        ).fetchall()
        for row in rows:
            rule = policy.rule(_asked(row))
            if rule is None or rule.expires_after is None or row["age"] < rule.expires_after:
                continue
            db.execute("update approval set state = 'expired' where id = %s", [row["id"]])
            wake(db, row["flow"], row["key"], _tell(db, row, "approval.expired", "tieline", ""), "decision")
            ended += 1
    return ended


def _asked(row: dict[str, Any]) -> Asked:
    names = ("label", "legal_entity", "amount", "currency", "proposed_by")
    return Asked(**{name: row[name] for name in names})


def _enough(db: Connection, policy: ApprovalPolicy, asked: Asked, approval_id: int, by: str, reason: str) -> bool:
    """Count a person's approval; whether it was the last one needed. A second word of one person changes nothing."""
    db.execute(
        "insert into approval_vote (approval_id, person, reason) values (%s, %s, %s) on conflict do nothing",
        [approval_id, policy.person(by), reason],
    )
    row = db.execute(
        "select count(*)::int as votes from approval_vote where approval_id = %s", [approval_id]
    ).fetchone()
    assert row is not None
    rule = policy.rule(asked)
    return rule is None or int(row["votes"]) >= rule.people


def _tell(db: Connection, row: dict[str, Any], action: str, by: str, reason: str) -> str:
    """Into the audit trail; returns the engagement it belongs to."""
    agenda = db.execute(
        "select engagement from agenda where flow = %s and key = %s", [row["flow"], row["key"]]
    ).fetchone()
    engagement = str(agenda["engagement"] if agenda else row["key"])
    audit(db, action, engagement=engagement, actor=by, object_=row["label"], detail={"reason": reason})
    return engagement
