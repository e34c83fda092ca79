"""What became of completed milestones, and taking one back that is open again and was not billed."""

from dataclasses import dataclass

from tieline.model.project import Project
from tieline.store.database import Connection


@dataclass(frozen=True, slots=True)
class ApprovedMilestone:
    """The billable line of a completed milestone."""

    transaction_id: int
    invoiced: bool


def approved_milestones(db: Connection, project: Project) -> dict[str, ApprovedMilestone]:
    """The live milestone lines of a project, by the milestone's id."""
    rows = db.execute(
        "select t.id, t.source_id, i.transaction_id is not null as invoiced from project_transaction t"
        " left join invoice_line i on i.transaction_id = t.id"
        " where t.project_id = %s and t.kind = 'milestone' and t.live and t.state = 'checked'",
        [project.id],
    ).fetchall()
    return {row["source_id"].rpartition(":")[2]: ApprovedMilestone(row["id"], row["invoiced"]) for row in rows}


def withdraw_milestone(db: Connection, milestone: ApprovedMilestone) -> None:
    """A milestone that is open again is no longer demanded, unless an invoice has it meanwhile."""
    db.execute(
        "update project_transaction t set live = false, state = 'void' where t.id = %s"
        " and not exists (select from invoice_line i where i.transaction_id = t.id)",
        [milestone.transaction_id],
    )
