"""Wakes what looks at a project's transactions: billing and feedback, in the transaction that changed them."""

from collections.abc import Iterable, Sequence

from tieline.engine.wake import wake
from tieline.store.database import Connection

FLOWS = ("billing", "project_feedback")


def wake_projects(db: Connection, projects: Iterable[tuple[str, str]]) -> None:
    """(project id, engagement id): wake the flows, in one order, or two pages deadlock."""
    for project, engagement in sorted(set(projects)):
        for flow in FLOWS:
            wake(db, flow, project, engagement, "event")


def wake_projects_of(db: Connection, transactions: Sequence[int]) -> None:
    """The projects these transactions belong to."""
    rows = db.execute(
        "select distinct p.id, p.engagement_id from project_transaction t join project p on p.id = t.project_id"
        " where t.id = any (%s)",
        [list(transactions)],
    ).fetchall()
    wake_projects(db, ((row["id"], row["engagement_id"]) for row in rows))


def wake_projects_with(db: Connection, connection: str, kind: str, source_ids: Sequence[str]) -> None:
    """The projects that hold these source lines now."""
    rows = db.execute(
        "select distinct p.id, p.engagement_id from project_transaction t join project p on p.id = t.project_id"
        " where t.connection = %s and t.kind = %s and t.source_id = any (%s) and t.live",
        [connection, kind, list(source_ids)],
    ).fetchall()
    wake_projects(db, ((row["id"], row["engagement_id"]) for row in rows))
