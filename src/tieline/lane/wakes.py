"""Wakes what looks at a project's transactions: billing and feedback, in the transaction that changed them."""

from collections.abc import Sequence

from tieline.engine.wake import wake
from tieline.store.database import Connection

FLOWS = ("billing", "project_feedback")


def wake_projects_of(db: Connection, transactions: Sequence[int]) -> None:
    """Wake the flows of the projects these transactions belong to; a wake too many does no harm."""
    rows = db.execute(
        "select distinct p.id, p.engagement_id from project_transaction t join project p on p.id = t.project_id"
        " where t.id = any (%s) order by p.id",
        [list(transactions)],
    ).fetchall()
    for row in rows:
        for flow in FLOWS:
            wake(db, flow, row["id"], row["engagement_id"], "event")
