"""The timeline of an engagement: what was done in which system, and what waits now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tieline.store.database import Connection

OUTCOMES = {
    "effect.confirmed": "confirmed",
    "effect.rejected": "refused",
    "effect.in_doubt": "unclear",
    "effect.refused_for_now": "tried again",
    "effect.accepted": "accepted",
    "contract.activated": "done",
    "approval.approved": "approved",
    "approval.declined": "declined",
    "lines.posted": "confirmed",
    "lines.written_off": "written_off",
    "invoice.changed": "done",
}
OPEN_STEPS = ("refused", "in_doubt", "waiting", "retrying", "accepted", "asks")


@dataclass(frozen=True, kw_only=True)
class TimelineItem:
    """One line."""

    number: int
    at: datetime
    step: str
    connection: str | None
    target: str | None
    outcome: str
    vendor_id: str | None
    detail: str | None
    actor: str
    run_id: int | None = None


def read_timeline(db: Connection, engagement_id: str, *, after: int = 0, limit: int = 500) -> list[TimelineItem]:
    """What happened, oldest first, after item number `after`."""
    rows = db.execute(
        "select id, at, actor, action, object, detail, run_id from audit_event where engagement = %s and id > %s"
        " order by id limit %s",
        [engagement_id, after, limit],
    ).fetchall()
    return [_item(row) for row in rows]


def read_newest(
    db: Connection, engagement_id: str, *, before: int | None = None, limit: int = 200
) -> list[TimelineItem]:
    """What happened, newest first, before item number `before`."""
    rows = db.execute(
        "select id, at, actor, action, object, detail, run_id from audit_event where engagement = %s"
        " and (%s::bigint is null or id < %s) order by id desc limit %s",
        [engagement_id, before, before, limit],
    ).fetchall()
    return [_item(row) for row in rows]


def _item(row: dict[str, Any]) -> TimelineItem:
    detail: dict[str, Any] = row["detail"] or {}
    told = detail.get("problem") or detail.get("value") or detail.get("reason")
    connection, target = None, None
    if row["action"].startswith(("effect.", "lines.", "invoice.")):
        connection, _, rest = str(row["object"] or "").partition(":")
        target = rest.partition(":")[0] or None
    return TimelineItem(
        number=row["id"],
        at=row["at"],
        step=str(detail.get("label") or row["object"] or row["action"]),
        connection=connection or None,
        target=target,
        outcome=OUTCOMES.get(row["action"], row["action"]),
        vendor_id=detail.get("external_id"),
        detail=str(told)[:1000] if told else None,
        actor=row["actor"],
        run_id=row["run_id"],
    )


@dataclass(frozen=True, kw_only=True)
class WaitingStep:
    """A step of the newest run of a flow that is not settled."""

    flow: str
    label: str
    what: str
    connection: str | None
    detail: str | None
    due_at: datetime | None = None
    """When it is tried again by itself."""


def read_waiting(db: Connection, engagement_id: str) -> list[WaitingStep]:
    """What waits now, by the newest run of each flow instance."""
    rows = db.execute(
        "select r.flow, r.steps, a.due_at from agenda a cross join lateral (select flow, steps from run"
        " where run.flow = a.flow and run.key = a.key order by id desc limit 1) r"
        " where a.engagement = %s and a.state in ('retrying', 'waiting', 'blocked') order by a.flow, a.key limit 200",
        [engagement_id],
    ).fetchall()
    return [
        WaitingStep(
            flow=row["flow"],
            label=step["label"],
            what=step["what"],
            connection=step.get("connection"),
            detail=step.get("detail"),
            due_at=row["due_at"],
        )
        for row in rows
        for step in row["steps"] or ()
        if step["what"] in OPEN_STEPS
    ]


def fingerprint(db: Connection, engagement_id: str) -> str:
    """Changes whenever something of an engagement's page may have changed."""
    row = db.execute(
        "select (select max(id) from audit_event where engagement = %(id)s) as event,"
        " (select sum(wanted + done) from agenda where engagement = %(id)s) as looks,"
        " (select max(id) from run where engagement = %(id)s and ended_at is not null) as run,"
        " (select sum(extract(epoch from changed_at)) from invoice where engagement_id = %(id)s) as invoices,"
        " (select count(*) from exception_line where engagement = %(id)s) as waiting",
        {"id": engagement_id},
    ).fetchone()
    assert row is not None
    return "-".join(str(value or 0) for value in row.values())
