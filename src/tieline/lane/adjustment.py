"""Write-ups and write-downs of unbilled work, of a project or of chosen lines: each is a charge, agreed by two persons.

An adjustment of chosen lines follows them: what is corrected or taken back is no longer written down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tieline.billing.facts import DerivedCharge
from tieline.engine.approval_policy import ApprovalPolicy, Asked
from tieline.engine.audit import audit
from tieline.exception_queue.actions import NotPossible
from tieline.exception_queue.write_off import same_person
from tieline.lane.own_charges import OURS, OwnCharge, add_charge, settle_adjustments
from tieline.lane.wakes import wake_named_projects
from tieline.lane.wip import read_wip
from tieline.model.money import Money, rounded
from tieline.model.project import Project
from tieline.store.canonical import read_project
from tieline.store.database import Connection, Database, repeating

LABEL = "Adjustment of unbilled work"
"""What the site's rules of approvals know it by."""
MOST_LINES = 1000
"""Chosen for one adjustment."""


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """One row of `wip_adjustment`. A negative amount is a write-down; all of the unbilled work is a write-off."""

    id: int
    project_id: str
    currency: str
    amount: Decimal
    unbilled: Decimal
    """On no released invoice when it was proposed: of the project, or of the chosen lines."""
    reason: str
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    lines: tuple[int, ...]
    """The chosen lines; none: the project as a whole."""

    @property
    def words(self) -> str:
        """`write-down of EUR 120.00`, `write-off of EUR 480.00, 3 lines`."""
        kind = "write-up" if self.amount > 0 else "write-off" if -self.amount == self.unbilled else "write-down"
        count = len(self.lines)
        chosen = f", {count:,} {'line' if count == 1 else 'lines'}" if count else ""
        return f"{kind} of {Money(amount=abs(self.amount), currency=self.currency)}{chosen}"


_FIELDS = "id, project_id, currency, amount, unbilled, reason, state, proposed_by, proposed_at, decided_by, decided_at"
_CHOSEN = """
array(select l.transaction_id from wip_adjusted_line l where l.adjustment_id = a.id order by 1) as lines
"""
_READ = f"select {_FIELDS}, {_CHOSEN} from wip_adjustment a"  # noqa: S608 - constants of this module
_PROPOSE = """
insert into wip_adjustment (project_id, currency, amount, unbilled, reason, proposed_by)
values (%(project)s, %(currency)s, %(amount)s, %(unbilled)s, %(reason)s, %(by)s)
on conflict (project_id) where state = 'proposed' do nothing returning id
"""
_SHARE = """
insert into wip_adjusted_line (adjustment_id, transaction_id, amount)
select %(adjustment)s, n.id, n.amount from unnest(%(ids)s::bigint[], %(amounts)s::numeric[]) n (id, amount)
"""
_DECIDE = """
update wip_adjustment set state = %(state)s, decided_by = %(by)s, decided_at = clock_timestamp()
where id = %(id)s and state = 'proposed' returning id
"""


def list_adjustments(
    db: Connection, *, project: str | None = None, state: str | None = None, limit: int = 200
) -> list[Adjustment]:
    """The newest first."""
    query = f"{_READ} where (%(project)s::text is null or project_id = %(project)s)" + (
        " and (%(state)s::text is null or state = %(state)s) order by id desc limit %(limit)s"
    )
    rows = db.execute(query.encode(), {"project": project, "state": state, "limit": limit}).fetchall()
    return [_adjustment(row) for row in rows]


def _adjustment(row: Mapping[str, Any]) -> Adjustment:
    return Adjustment(**{**row, "lines": tuple(row["lines"])})


def _one(db: Connection, number: int) -> Adjustment:
    row = db.execute(f"{_READ} where id = %s".encode(), [number]).fetchone()
    assert row is not None
    return _adjustment(row)


@repeating
def propose(
    database: Database, project_id: str, amount: Decimal | None, *, by: str, reason: str, lines: Sequence[int] = ()
) -> Adjustment:
    """Propose to write a project's unbilled work, or chosen lines of it, up or down; `amount` None writes all of it
    off. Raises NotPossible."""
    if not reason.strip():
        raise NotPossible("say why it is written up or down")
    with database.transaction() as db:
        whole, currency = _left(db, project_id)
        chosen = _lines(db, project_id, lines) if lines else {}
        left = sum(chosen.values(), Decimal(0)) if chosen else whole
        given = -left if amount is None else rounded(amount, currency)
        _allowed(given, left, whole, currency)
        values = {"project": project_id, "currency": currency, "amount": given, "unbilled": left}
        row = db.execute(_PROPOSE, {**values, "reason": reason.strip(), "by": by}).fetchone()
        if row is None:
            raise NotPossible("an adjustment of this project waits for a second person already")
        if chosen:
            shares = Money(amount=given, currency=currency).split(list(chosen.values()))
            amounts = [share.amount for share in shares]
            db.execute(_SHARE, {"adjustment": row["id"], "ids": list(chosen), "amounts": amounts})
        found = _one(db, row["id"])
        _tell(db, found, "wip.adjustment_proposed", by, f"Proposed: {found.words}")
    return found


@repeating
def confirm(
    database: Database,
    number: int,
    *,
    by: str,
    today: date,
    policy: ApprovalPolicy,
    people: Mapping[str, str] | None = None,
) -> Adjustment:
    """The second person agrees: the adjustment becomes a charge on the next invoice. Raises NotPossible."""
    with database.transaction() as db:
        found = _open(db, number)
        if same_person(found.proposed_by, by, people or {}):
            raise NotPossible(f"{by} proposed it; a second person must confirm it")
        project = read_project(db, found.project_id)
        assert project is not None
        asked = Asked(label=LABEL, legal_entity=project.legal_entity, amount=abs(found.amount), currency=found.currency)
        refusal = policy.refusal(asked, by, today)
        if refusal is not None:
            raise NotPossible(refusal)
        _still_possible(db, found)
        db.execute(_DECIDE, {"state": "confirmed", "by": by, "id": number})
        add_charge(db, _charge(found, project, today, by))
        wake_named_projects(db, [found.project_id])
        _tell(db, found, "wip.adjusted", by, f"Done: {found.words}")
        return _one(db, number)


@repeating
def withdraw(database: Database, number: int, *, by: str) -> Adjustment:
    """The proposal counts no more. Raises NotPossible."""
    with database.transaction() as db:
        found = _open(db, number)
        db.execute(_DECIDE, {"state": "withdrawn", "by": by, "id": number})
        _tell(db, found, "wip.adjustment_withdrawn", by, f"Not done: {found.words}")
        return _one(db, number)


def _open(db: Connection, number: int) -> Adjustment:
    row = db.execute(
        "select id from wip_adjustment where id = %s and state = 'proposed' for update", [number]
    ).fetchone()
    if row is None:
        raise NotPossible(f"there is no adjustment {number} that waits for a decision")
    return _one(db, number)


def _charge(one: Adjustment, project: Project, today: date, by: str) -> OwnCharge:
    return OwnCharge(
        connection=OURS,
        kind="adjustment",
        source=f"adjustment:{one.id}",
        version=project.contract_version,
        project=project,
        day=today,
        amount=one.amount,
        text=f"Adjustment: {one.reason}",
        rule=_rule(one, by),
        approved_by=by,
    )


def _rule(one: Adjustment, by: str | None) -> str:
    return f"{one.words}, proposed by {one.proposed_by}, confirmed by {by}"


# ---- what may be adjusted ----


def _left(db: Connection, project_id: str) -> tuple[Decimal, str]:
    """What may be adjusted of a project: unbilled work that waits for nothing, and drafts."""
    rows = read_wip(db, date.max, project=project_id)
    if not rows:
        raise NotPossible("the project has no unbilled work")
    return rows[0].total - rows[0].waiting, rows[0].currency


_LINES = """
select t.id, t.amount + coalesce(a.adjusted, 0) as left_over
from project_transaction t
  left join lateral (select sum(l.amount) as adjusted from wip_adjusted_line l join wip_adjustment w
    on w.id = l.adjustment_id where l.transaction_id = t.id and w.state = 'confirmed') a on true
  left join invoice_line i on i.transaction_id = t.id left join invoice v on v.id = i.invoice_id
where t.project_id = %(project)s and t.id = any (%(ids)s) and t.kind <> 'adjustment' and t.live and t.sign = 1
  and t.state = 'checked' and t.disposition = 'billable' and (v.id is null or v.status in ('proposed', 'draft'))
order by t.id
"""


def _lines(db: Connection, project_id: str, ids: Sequence[int]) -> dict[int, Decimal]:
    """Line -> what is left of its price, which is more than nothing."""
    wanted = sorted(set(ids))
    if len(wanted) > MOST_LINES:
        raise NotPossible(f"more than {MOST_LINES:,} lines are chosen; choose fewer, or adjust the whole project")
    rows = db.execute(_LINES, {"project": project_id, "ids": wanted}).fetchall()
    found = {int(row["id"]): row["left_over"] for row in rows if row["left_over"] > 0}
    gone = [number for number in wanted if number not in found]
    if gone:
        named = ", ".join(map(str, gone[:5])) + (f" and {len(gone) - 5:,} more" if len(gone) > 5 else "")
        raise NotPossible(
            f"nothing is left to adjust of line {named}: it was billed, corrected, written off, or waits for a person"
        )
    return found


def _allowed(amount: Decimal, left: Decimal, whole: Decimal, currency: str) -> None:
    """An invoice cannot be negative, so that no more can be written down than is unbilled."""
    if not amount:
        raise NotPossible("there is nothing to write off" if not left else "an adjustment of nothing changes nothing")
    least = min(left, whole)
    if least + amount < 0:
        raise NotPossible(f"only {Money(amount=least, currency=currency)} is unbilled; what was billed is credited")


def _still_possible(db: Connection, one: Adjustment) -> None:
    """What the second person agrees to is what was proposed."""
    whole, currency = _left(db, one.project_id)
    chosen = _lines(db, one.project_id, one.lines) if one.lines else {}
    left = sum(chosen.values(), Decimal(0)) if chosen else whole
    if chosen and left != one.unbilled:
        raise NotPossible("its lines have another price since it was proposed; withdraw it and propose it anew")
    _allowed(one.amount, left, whole, currency)


# ---- following the lines ----

# A line that was repriced bears no more than it is worth; one that was taken back or replaced bears nothing.
_STANDING = """
with share as (
  select a.id, t.amount as price, l.amount, sum(l.amount) over (partition by l.transaction_id order by a.id) as so_far
  from wip_adjustment a join wip_adjusted_line l on l.adjustment_id = a.id
    left join project_transaction t
      on t.id = l.transaction_id and t.live and t.state = 'checked' and t.disposition = 'billable'
  where a.project_id = %s and a.state = 'confirmed')
select id, coalesce(sum(greatest(so_far, -price) - greatest(so_far - amount, -price))
  filter (where price is not null), 0) as amount
from share group by id order by id
"""


def follow_lines(db: Connection, project: Project, today: date) -> None:
    """Bring the adjustments of chosen lines to what their lines still bear. In a transaction of the billing run."""
    rows = db.execute(_STANDING, [project.id]).fetchall()
    if not rows:
        return
    standing = {int(row["id"]): row["amount"] for row in rows}
    found = db.execute(f"{_READ} where id = any (%s)".encode(), [list(standing)]).fetchall()
    wanted = [_standing(_adjustment(row), standing[row["id"]], project, today) for row in found]
    if settle_adjustments(db, project, wanted):
        detail = {"label": "Adjustments follow the lines they are for"}
        audit(db, "wip.adjustment_followed", engagement=project.engagement_id, object_=project.id, detail=detail)


def _standing(one: Adjustment, amount: Decimal, project: Project, today: date) -> DerivedCharge:
    return DerivedCharge(
        key=f"adjustment:{one.id}",
        kind="adjustment",
        project_id=project.id,
        day=today,
        amount=amount,
        text=f"Adjustment: {one.reason}",
        rule=_rule(one, one.decided_by),
        version=project.contract_version,
    )


def _tell(db: Connection, one: Adjustment, action: str, by: str, label: str) -> None:
    row = db.execute("select engagement_id from project where id = %s", [one.project_id]).fetchone()
    assert row is not None
    detail = {"label": label, "reason": one.reason, "amount": f"{one.amount:f}", "currency": one.currency}
    audit(db, action, engagement=row["engagement_id"], actor=by, object_=f"adjustment:{one.id}", detail=detail)
