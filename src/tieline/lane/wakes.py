"""Wakes what looks at a project's transactions: billing and feedback, in the transaction that changed them."""

from collections.abc import Iterable, Sequence

from tieline.engine.wake import wake_many
from tieline.store.database import Connection

FLOWS = ("billing", "project_feedback")


def wake_projects(db: Connection, projects: Iterable[tuple[str, str]]) -> None:
    """(project id, engagement id): wake the flows, in one order, or two pages deadlock."""
    pairs = sorted(set(projects))
    wake_many(db, [(flow, project, engagement) for project, engagement in pairs for flow in FLOWS], "event")


def wake_projects_of(db: Connection, transactions: Sequence[int]) -> None:
    """The projects these transactions belong to."""
    rows = db.execute(
        "select distinct p.id, p.engagement_id from project_transaction t join project p on p.id = t.project_id"
        " where t.id = any (%s)",
        [list(transactions)],
    ).fetchall()
    wake_projects(db, ((row["id"], row["engagement_id"]) for row in rows))


def wake_named_projects(db: Connection, projects: Sequence[str]) -> None:
    """The projects with these ids."""
    rows = db.execute("select id, engagement_id from project where id = any (%s)", [list(projects)]).fetchall()
    wake_projects(db, ((row["id"], row["engagement_id"]) for row in rows))


def wake_projects_with(db: Connection, connection: str, kind: str, source_ids: Sequence[str]) -> None:
    """The projects that hold these source lines now."""
    rows = db.execute(
        "select distinct p.id, p.engagement_id from project_transaction t join project p on p.id = t.project_id"
        " where t.connection = %s and t.kind = %s and t.source_id = any (%s) and t.live",
        [connection, kind, list(source_ids)],
    ).fetchall()
    wake_projects(db, ((row["id"], row["engagement_id"]) for row in rows))
