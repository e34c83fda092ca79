"""Charges no source line stands behind: milestones a PSA reports, and what we derive from terms and the calendar.

Nothing that is on an invoice is changed: what differs later is a further charge of the same key, its next part.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.billing.facts import DerivedCharge
from tieline.model.project import Milestone, Project
from tieline.model.transaction import Kind
from tieline.store.database import Connection

FIXED_ITEM = "fixed"
OURS = "tieline"
"""The connection of charges that no system reports."""


@dataclass(frozen=True, kw_only=True)
class OwnCharge:
    """A charge to be stored; its source is the milestone's id or the key of a derived charge."""

    connection: str
    kind: Kind
    source: str
    part: int = 0
    version: int
    """Of the contract."""
    project: Project
    day: date
    amount: Decimal
    text: str
    rule: str
    item: str = FIXED_ITEM
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class BilledMilestone:
    """What became of a completed milestone."""

    transaction_id: int
    invoiced: bool
    amount: Decimal


_ADD = """
insert into project_transaction (connection, kind, source_id, source_version, part, seq, legal_entity, project_id,
  work_date, quantity, unit, approved_by, note, currency, rate, amount, contract_version, item_code, disposition,
  rate_rule, state)
select %(connection)s, %(kind)s, %(source)s, %(version)s, %(part)s, coalesce(max(seq) / 2 * 2 + 2, 0), %(entity)s,
  %(project)s, %(day)s, 1, 'each', %(by)s, %(text)s, %(currency)s, %(amount)s, %(amount)s, %(version)s, %(item)s,
  'billable', %(rule)s, 'checked'
from project_transaction
where project_id = %(project)s and connection = %(connection)s and kind = %(kind)s and source_id = %(source)s
  and part = %(part)s
on conflict (connection, kind, source_id, part) where live do nothing
"""


def add_charge(db: Connection, charge: OwnCharge) -> None:
    """Add a charge; a second time changes nothing."""
    db.execute(
        _ADD,
        {
            "connection": charge.connection,
            "kind": charge.kind,
            "source": charge.source,
            "version": charge.version,
            "part": charge.part,
            "entity": charge.project.legal_entity,
            "project": charge.project.id,
            "day": charge.day,
            "by": charge.approved_by,
            "text": charge.text,
            "currency": charge.project.currency,
            "amount": charge.amount,
            "item": charge.item,
            "rule": charge.rule,
        },
    )


# ---- milestones ----


def milestone_charge(
    connection: str, project: Project, milestone: Milestone, completed_on: date, approved_by: str | None
) -> OwnCharge:
    """The charge of a completed milestone, approved by its acceptance in the PSA that reported it."""
    return OwnCharge(
        connection=connection,
        kind="milestone",
        source=milestone.id,
        version=project.contract_version,
        project=project,
        day=completed_on,
        amount=milestone.amount.amount,
        text=milestone.name,
        rule=f"billing schedule of contract version {project.contract_version}: {milestone.amount}",
        approved_by=approved_by,
    )


def billed_milestones(db: Connection, project_id: str) -> dict[str, BilledMilestone]:
    """The live milestone transactions of a project, by the milestone's id."""
    rows = db.execute(
        "select t.id, t.source_id, t.amount, i.transaction_id is not null as invoiced from project_transaction t"
        " left join invoice_line i on i.transaction_id = t.id"
        " where t.project_id = %s and t.kind = 'milestone' and t.live and t.state = 'checked'",
        [project_id],
    ).fetchall()
    return {row["source_id"]: BilledMilestone(row["id"], row["invoiced"], row["amount"]) for row in rows}


def invoiced_milestones(db: Connection, contract_id: str) -> set[str]:
    """The milestones of a contract that are on an invoice, by their ids."""
    rows = db.execute(
        "select t.source_id from project p join project_transaction t on t.project_id = p.id"
        " join invoice_line i on i.transaction_id = t.id"
        " where p.contract_id = %s and t.kind = 'milestone' and t.live",
        [contract_id],
    ).fetchall()
    return {row["source_id"] for row in rows}


def withdraw_milestone(db: Connection, project_id: str, milestone_id: str) -> None:
    """A milestone that is open again and was not invoiced is no longer demanded."""
    db.execute(
        "update project_transaction t set live = false, state = 'void' where project_id = %s and kind = 'milestone'"
        " and source_id = %s and live and not exists (select from invoice_line i where i.transaction_id = t.id)",
        [project_id, milestone_id],
    )


# ---- derived charges ----

# Locked, so that what is being marked for an invoice is seen as invoiced.
_STORED = """
select t.id, t.project_id, t.kind, t.source_id, t.part, t.amount, t.note, t.item_code, t.contract_version,
  t.work_date
from project_transaction t
where t.connection = 'tieline' and t.kind <> 'adjustment' and t.project_id = any (%s) and t.live
  and t.state = 'checked'
order by t.id for update
"""
_ADJUSTMENTS = """
select t.id, t.project_id, t.kind, t.source_id, t.part, t.amount, t.note, t.item_code, t.contract_version,
  t.work_date
from project_transaction t
where t.connection = 'tieline' and t.kind = 'adjustment' and t.project_id = %(project)s and t.source_id = any (%(keys)s)
  and t.live and t.state = 'checked'
order by t.id for update
"""
_INVOICED = "select transaction_id from invoice_line where transaction_id = any (%s)"
_VOID = "update project_transaction set live = false, state = 'void' where id = any (%s)"


def settle_charges(db: Connection, projects: Sequence[Project], wanted: Sequence[DerivedCharge]) -> set[str]:
    """Bring the derived charges of projects to their totals; returns the projects with a change.

    Call inside a transaction of the run that holds the engagement.
    """
    return _settle(db, projects, db.execute(_STORED, [[project.id for project in projects]]).fetchall(), wanted)


def settle_adjustments(db: Connection, project: Project, wanted: Sequence[DerivedCharge]) -> bool:
    """The same for these adjustments of a project; others are left alone. Returns whether there was a change."""
    values = {"project": project.id, "keys": [one.key for one in wanted]}
    return bool(_settle(db, [project], db.execute(_ADJUSTMENTS, values).fetchall(), wanted))


def _settle(
    db: Connection, projects: Sequence[Project], stored: Sequence[dict[str, Any]], wanted: Sequence[DerivedCharge]
) -> set[str]:
    invoiced = {row["transaction_id"] for row in db.execute(_INVOICED, [[row["id"] for row in stored]]).fetchall()}
    by_key: dict[str, list[dict[str, Any]]] = {}
    for row in stored:
        by_key.setdefault(row["source_id"], []).append(row)
    owners = {project.id: project for project in projects}
    changed: set[str] = set()
    for void, charge in _steps(owners, by_key, invoiced, wanted):
        if void:
            db.execute(_VOID, [[row["id"] for row in void]])
            changed |= {row["project_id"] for row in void}
        if charge is not None:
            add_charge(db, charge)
            changed.add(charge.project.id)
    return changed


_Step = tuple[list[dict[str, Any]], OwnCharge | None]


def _steps(
    owners: Mapping[str, Project],
    by_key: Mapping[str, Sequence[dict[str, Any]]],
    invoiced: set[int],
    wanted: Sequence[DerivedCharge],
) -> Iterator[_Step]:
    """(rows to void, charge to add), for each key that does not stand as it must."""
    for one in wanted:
        rows = by_key.get(one.key, [])
        fixed = [row for row in rows if row["id"] in invoiced]
        free = [row for row in rows if row["id"] not in invoiced]
        amount = one.amount - sum((row["amount"] for row in fixed), Decimal(0))
        if [(row["amount"], row["note"], row["item_code"]) for row in free] == [(amount, one.text, one.item)]:
            continue
        yield free, _part(owners[one.project_id], one, len(fixed), amount) if amount else None
    for key in by_key.keys() - {one.key for one in wanted}:
        yield from _taken_back(owners, by_key[key], invoiced)


def _taken_back(owners: Mapping[str, Project], rows: Sequence[dict[str, Any]], invoiced: set[int]) -> Iterator[_Step]:
    """What is agreed no more: unbilled it goes, billed it is credited."""
    fixed = [row for row in rows if row["id"] in invoiced]
    owed = -sum((row["amount"] for row in fixed), Decimal(0))
    free = [row for row in rows if row["id"] not in invoiced]
    if [row["amount"] for row in free] == [owed]:
        return
    charge = None
    if owed:
        last = fixed[-1]
        charge = OwnCharge(
            connection=OURS,
            kind=last["kind"],
            source=last["source_id"],
            part=len(fixed),
            version=last["contract_version"],
            project=owners[last["project_id"]],
            day=last["work_date"],
            amount=owed,
            text=last["note"],
            rule="taken back: it is agreed no more",
            item=last["item_code"],
        )
    yield free, charge


def _part(project: Project, one: DerivedCharge, part: int, amount: Decimal) -> OwnCharge:
    return OwnCharge(
        connection=OURS,
        kind=one.kind,
        source=one.key,
        part=part,
        version=one.version,
        project=project,
        day=one.day,
        amount=amount,
        text=one.text,
        rule=one.rule,
        item=one.item,
    )
