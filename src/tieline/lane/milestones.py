"""Milestones as project transactions: one line each, priced by the contract, approved by its acceptance in the PSA."""

from dataclasses import dataclass
from datetime import date

from tieline.model.project import Milestone, Project
from tieline.store.database import Connection

FIXED_ITEM = "fixed"


@dataclass(frozen=True, kw_only=True)
class MilestoneLine:
    """A completed milestone that is to be billed."""

    connection: str
    """The PSA that reported it."""
    project: Project
    milestone: Milestone
    completed_on: date
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class BilledMilestone:
    """What became of a completed milestone."""

    transaction_id: int
    invoiced: bool


_ADD = """
insert into project_transaction (connection, kind, source_id, source_version, seq, legal_entity, project_id, work_date,
  quantity, unit, approved_by, note, currency, rate, amount, contract_version, item_code, disposition, rate_rule, state)
select %(connection)s, 'milestone', %(source)s, %(version)s, coalesce(max(seq) / 2 * 2 + 2, 0), %(entity)s,
  %(project)s, %(day)s, 1, 'each', %(by)s, %(name)s, %(currency)s, %(amount)s, %(amount)s, %(version)s, %(item)s,
  'billable', %(rule)s, 'checked'
from project_transaction
where project_id = %(project)s and connection = %(connection)s and kind = 'milestone' and source_id = %(source)s
on conflict (connection, kind, source_id, part) where live do nothing
"""


def add_milestone(db: Connection, line: MilestoneLine) -> None:
    """Add the transaction of a completed milestone; a second time changes nothing."""
    project, milestone = line.project, line.milestone
    db.execute(
        _ADD,
        {
            "connection": line.connection,
            "source": milestone.id,
            "version": project.contract_version,
            "entity": project.legal_entity,
            "project": project.id,
            "day": line.completed_on,
            "by": line.approved_by,
            "name": milestone.name,
            "currency": milestone.amount.currency,
            "amount": milestone.amount.amount,
            "item": FIXED_ITEM,
            "rule": f"billing schedule of contract version {project.contract_version}: {milestone.amount}",
        },
    )


def billed_milestones(db: Connection, project_id: str) -> dict[str, BilledMilestone]:
    """The live milestone transactions of a project, by the milestone's id."""
    rows = db.execute(
        "select t.id, t.source_id, i.transaction_id is not null as invoiced from project_transaction t"
        " left join invoice_line i on i.transaction_id = t.id"
        " where t.project_id = %s and t.kind = 'milestone' and t.live and t.state = 'checked'",
        [project_id],
    ).fetchall()
    return {row["source_id"]: BilledMilestone(row["id"], row["invoiced"]) for row in rows}


def withdraw_milestone(db: Connection, project_id: str, milestone_id: str) -> None:
    """A milestone that is open again and was not invoiced is no longer demanded."""
    db.execute(
        "update project_transaction t set live = false, state = 'void' where project_id = %s and kind = 'milestone'"
        " and source_id = %s and live and not exists (select from invoice_line i where i.transaction_id = t.id)",
        [project_id, milestone_id],
    )
