"""Corrections and un-approvals of lines we know: the newest wins, and what was booked is reversed, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from tieline.lane.batch import Target, make_batches
from tieline.lane.charge import Charge
from tieline.lane.check import control_quantity
from tieline.lane.pricing import Pricing
from tieline.lane.reversal import mirror, next_ids
from tieline.lane.waiting import wait_no_longer
from tieline.sdk.feed import SourceLine
from tieline.store.database import Connection

Fate = Literal["idle", "in_flight", "booked"]
IN_FLIGHT = ("sending", "accepted", "in_doubt")


@dataclass(frozen=True, slots=True)
class Version:
    """What we know of a source line."""

    version: int
    approved: bool

    def is_older_than(self, line: SourceLine) -> bool:
        """Whether a line read now is news. Of two reads of one version the later one counts if approval differs."""
        return self.version < line.source_version or (
            self.version == line.source_version and self.approved != line.approved
        )


@dataclass(slots=True)
class Outcome:
    """Charges still to be stored, and what the changes do to the control totals."""

    charges: list[Charge] = field(default_factory=list)
    quantity: Decimal = Decimal(0)
    lines: int = 0


@dataclass(slots=True)
class _Plan:
    void: list[int] = field(default_factory=list)
    withdraw: list[tuple[int, int]] = field(default_factory=list)
    """(line, version)"""
    restate: list[tuple[int, int]] = field(default_factory=list)
    reverse: list[dict[str, Any]] = field(default_factory=list)


def known_versions(db: Connection, connection: str, kind: str, source_ids: Sequence[str]) -> dict[str, Version]:
    """Source id -> what its newest demand was made from."""
    rows = db.execute(
        "select source_id, source_version, state from project_transaction"
        " where live and part = 0 and connection = %s and kind = %s and source_id = any (%s)",
        [connection, kind, list(source_ids)],
    ).fetchall()
    return {row["source_id"]: Version(row["source_version"], row["state"] != "withdrawn") for row in rows}


# First the batches, then the lines, then what became of them in a statement of its own: its snapshot must be younger
# than the locks it waited for, and a batch must not be claimed while we void its lines.
_LOCK_BATCHES = """
select id from posting_batch where state <> 'done' and id in (
  select batch_id from project_transaction
  where live and part = 0 and connection = %(connection)s and kind = %(kind)s and source_id = any (%(ids)s))
order by id for update
"""
_LOCK_LINES = """
select id from project_transaction
where live and part = 0 and connection = %(connection)s and kind = %(kind)s and source_id = any (%(ids)s)
order by id for update
"""
_KNOWN = """
select t.*, e.transaction_id is not null as posted, i.transaction_id is not null as invoiced, b.state as batch_state,
  p.connection as erp
from project_transaction t left join erp_line e on e.transaction_id = t.id
  left join invoice_line i on i.transaction_id = t.id left join posting_batch b on b.id = t.batch_id
  left join route p on p.record_id = t.project_id and p.role = 'erp'
where t.id = any (%(lines)s)
"""


def apply_changes(
    db: Connection, pricing: Pricing, connection: str, kind: str, lines: Sequence[SourceLine], *, anew: bool = False
) -> Outcome:
    """Bring known lines to their newer versions. The caller holds the feed's lock and shares the batches.

    `anew`: they are taken back and demanded anew although nothing of them differs at their source.
    """
    newer = {line.source_id: line for line in lines}
    values = {"connection": connection, "kind": kind, "ids": list(newer)}
    db.execute(_LOCK_BATCHES, values).fetchall()
    locked = db.execute(_LOCK_LINES, values).fetchall()
    plan, outcome = _Plan(), Outcome()
    for row in db.execute(_KNOWN, {"lines": [row["id"] for row in locked]}).fetchall():
        _change(plan, outcome, row, newer[row["source_id"]], anew)
    _carry_out(db, plan)
    _reverse(db, pricing, plan.reverse)
    return outcome


def _change(plan: _Plan, outcome: Outcome, row: dict[str, Any], line: SourceLine, anew: bool) -> None:
    """What one line needs."""
    fate, counted = _fate(row), row["state"] != "withdrawn"
    if (not line.approved and not counted) or (line.approved and counted and not anew and _same(row, line)):
        plan.restate.append((row["id"], line.source_version))
        return
    if counted:
        outcome.lines -= 1
        outcome.quantity -= _control(row)
    if line.approved:
        outcome.lines += 1
        outcome.quantity += control_quantity(line)
    if fate == "idle" and not line.approved:
        plan.withdraw.append((row["id"], line.source_version))
        return
    if fate == "idle":
        plan.void.append(row["id"])
    else:
        plan.reverse.append({**row, "held": fate == "in_flight"})
    outcome.charges.append(Charge(line, row["seq"] + 2, row["id"], withdrawn=not line.approved))


def _fate(row: dict[str, Any]) -> Fate:
    if row["state"] == "withdrawn":  # what was booked of it is reversed already
        return "idle"
    in_flight = row["state"] == "checked" and not row["posted"] and row["batch_state"] in IN_FLIGHT
    if in_flight:
        return "in_flight"
    return "booked" if row["posted"] or row["invoiced"] else "idle"


def _control(row: dict[str, Any]) -> Decimal:
    return Decimal(row["quantity"] if row["kind"] == "time" else row["source_amount"] or 0)


def _same(row: dict[str, Any], line: SourceLine) -> bool:
    """Whether nothing that is booked or billed differs; a new note alone is no reason to reverse.

    What waits for a person is judged anew: of a role that was taken away the line does not tell whether it was given.
    """
    same: bool = (
        row["state"] != "in_exception"
        and row["project_ref"] == line.project_ref
        and row["task_ref"] == line.task_ref
        and row["person_ref"] == line.person_ref
        and (line.role is None or row["role"] == line.role)
        and row["work_date"] == line.work_date
        and row["quantity"] == line.quantity
        and row["billable"] == line.billable
        and row["source_currency"] == line.currency
        and row["source_amount"] == line.amount
    )
    return same


def _carry_out(db: Connection, plan: _Plan) -> None:
    if plan.void:
        db.execute(
            "update project_transaction set live = false, state = 'void', batch_id = null where id = any (%s)",
            [plan.void],
        )
    if plan.withdraw:
        db.execute(
            "update project_transaction t set state = 'withdrawn', batch_id = null, source_version = n.version"
            " from unnest(%s::bigint[], %s::bigint[]) n (id, version) where t.id = n.id",
            [[line for line, _ in plan.withdraw], [version for _, version in plan.withdraw]],
        )
    if plan.restate:
        db.execute(
            "update project_transaction t set source_version = n.version"
            " from unnest(%s::bigint[], %s::bigint[]) n (id, version) where t.id = n.id",
            [[line for line, _ in plan.restate], [version for _, version in plan.restate]],
        )
    gone = plan.void + [line for line, _ in plan.withdraw]
    gone += [row["id"] for row in plan.reverse if row["state"] == "in_exception"]
    if gone:
        wait_no_longer(db, gone, "its lines were corrected or withdrawn at their source")


# What is on an invoice and not in the ERP is not to be sent any more; its reversal credits it on an invoice only.
_SUPERSEDE = """
update project_transaction set live = false, state = case when id = any (%(unsent)s) then 'void' else state end
where id = any (%(originals)s)
"""


def _reverse(db: Connection, pricing: Pricing, rows: Sequence[dict[str, Any]]) -> None:
    """A mirror of each line that was booked, or is under way and may be (then the mirror is held until we know)."""
    if not rows:
        return
    originals = [int(row["id"]) for row in rows]
    ids = next_ids(db, len(rows))
    to_post: dict[Target, list[int]] = {}
    for line_id, row in zip(ids, rows, strict=True):
        if row["posted"] and pricing.posts(row["erp"], row["legal_entity"]):
            to_post.setdefault((row["erp"], row["legal_entity"]), []).append(line_id)
    batches = make_batches(db, pricing, to_post)
    unsent = [row["id"] for row in rows if not row["posted"] and not row["held"]]
    db.execute(_SUPERSEDE, {"originals": originals, "unsent": unsent})
    states = ["held" if row["held"] else "checked" for row in rows]
    mirror(db, dict(zip(originals, zip(ids, states, strict=True), strict=True)), batches)
