"""Unbilled work by project and age; its write-ups and write-downs are charges, agreed by two persons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.engine.approval_policy import ApprovalPolicy, Asked
from tieline.engine.audit import audit
from tieline.exception_queue.actions import NotPossible
from tieline.exception_queue.write_off import same_person
from tieline.lane.own_charges import OURS, OwnCharge, add_charge
from tieline.lane.wakes import wake_named_projects
from tieline.model.money import Money, rounded
from tieline.store.canonical import read_project
from tieline.store.database import Connection, Database, repeating

LABEL = "Adjustment of unbilled work"
"""What the site's rules of approvals know it by."""
HUNDRED = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class WipRow:
    """Work of a project that no released invoice holds."""

    project_id: str
    code: str
    project: str
    engagement_id: str
    customer: str
    legal_entity: str
    currency: str
    lines: int
    up_to_30: Decimal
    up_to_60: Decimal
    up_to_90: Decimal
    older: Decimal
    waiting: Decimal
    """The part of it that waits for an exception or a correction."""
    drafts: Decimal
    """On draft invoices."""
    adjusted: Decimal
    """Written up, or down, of what is unbilled or on drafts."""
    proposal: int | None
    """The adjustment that waits for a second person."""
    proposed: Decimal | None

    @property
    def unbilled(self) -> Decimal:
        """On no invoice."""
        return self.up_to_30 + self.up_to_60 + self.up_to_90 + self.older

    @property
    def total(self) -> Decimal:
        """On no invoice, or on a draft."""
        return self.unbilled + self.drafts

    @property
    def realization(self) -> Decimal | None:
        """Per cent of the agreed prices that are left after adjustments; None when there is nothing to compare."""
        standard = self.total - self.adjusted
        return (self.total / standard * HUNDRED).quantize(Decimal("0.1")) if standard > 0 else None


_WIP = """
with work as (
  select u.project_id, count(*)::int as lines,
    coalesce(sum(u.amount) filter (where %(today)s::date - u.work_date <= 30), 0) as up_to_30,
    coalesce(sum(u.amount) filter (where %(today)s::date - u.work_date between 31 and 60), 0) as up_to_60,
    coalesce(sum(u.amount) filter (where %(today)s::date - u.work_date between 61 and 90), 0) as up_to_90,
    coalesce(sum(u.amount) filter (where %(today)s::date - u.work_date > 90), 0) as older,
    coalesce(sum(u.amount) filter (where u.state <> 'checked'), 0) as waiting
  from unbilled_line u where %(project)s::text is null or u.project_id = %(project)s group by 1),
draft as (
  select i.project_id, sum(t.amount * t.sign) as drafts, array_agg(distinct i.id) as ids
  from invoice i join invoice_line l on l.invoice_id = i.id join project_transaction t on t.id = l.transaction_id
  where i.status in ('proposed', 'draft') and (%(project)s::text is null or i.project_id = %(project)s) group by 1)
select p.id as project_id, p.code, left(p.body->>'name', 200) as project, p.engagement_id,
  left(e.customer_name, 200) as customer, p.legal_entity, p.currency, coalesce(w.lines, 0) as lines,
  coalesce(w.up_to_30, 0) as up_to_30, coalesce(w.up_to_60, 0) as up_to_60, coalesce(w.up_to_90, 0) as up_to_90,
  coalesce(w.older, 0) as older, coalesce(w.waiting, 0) as waiting, coalesce(d.drafts, 0) as drafts,
  coalesce(a.adjusted, 0) as adjusted, n.id as proposal, n.amount as proposed
from work w full join draft d using (project_id) join project p on p.id = project_id
  join engagement e on e.id = p.engagement_id
  left join wip_adjustment n on n.project_id = p.id and n.state = 'proposed'
  left join lateral (select sum(t.amount) as adjusted from project_transaction t
    left join invoice_line i on i.transaction_id = t.id
    where t.project_id = p.id and t.kind = 'adjustment' and t.live and t.state = 'checked'
      and (i.invoice_id is null or i.invoice_id = any (d.ids))) a on true
where (%(project)s::text is null or p.id = %(project)s) and (%(entity)s::text is null or p.legal_entity = %(entity)s)
order by coalesce(w.older, 0) desc, coalesce(w.up_to_90, 0) desc, p.code
"""


def read_wip(db: Connection, today: date, *, project: str | None = None, entity: str | None = None) -> list[WipRow]:
    """The projects with unbilled work or drafts, the oldest work first."""
    rows = db.execute(_WIP, {"today": today, "project": project, "entity": entity}).fetchall()
    return [WipRow(**row) for row in rows]


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """One row of `wip_adjustment`. A negative amount is a write-down; all of the unbilled work is a write-off."""

    id: int
    project_id: str
    currency: str
    amount: Decimal
    unbilled: Decimal
    """On no released invoice when it was proposed."""
    reason: str
    state: str
    proposed_by: str
    decided_by: str | None

    @property
    def words(self) -> str:
        """`write-down of EUR 120.00`."""
        kind = "write-up" if self.amount > 0 else "write-off" if -self.amount == self.unbilled else "write-down"
        return f"{kind} of {Money(amount=abs(self.amount), currency=self.currency)}"


_FIELDS = "id, project_id, currency, amount, unbilled, reason, state, proposed_by, decided_by"
_PROPOSE = f"""
insert into wip_adjustment (project_id, currency, amount, unbilled, reason, proposed_by)
values (%(project)s, %(currency)s, %(amount)s, %(unbilled)s, %(reason)s, %(by)s)
on conflict (project_id) where state = 'proposed' do nothing returning {_FIELDS}
"""  # noqa: S608 - a constant of this module
_DECIDE = f"""
update wip_adjustment set state = %(state)s, decided_by = %(by)s, decided_at = clock_timestamp()
where id = %(id)s and state = 'proposed' returning {_FIELDS}
"""  # noqa: S608
_OPEN = f"select {_FIELDS} from wip_adjustment where id = %s and state = 'proposed' for update"  # noqa: S608


@repeating
def propose(database: Database, project_id: str, amount: Decimal | None, *, by: str, reason: str) -> Adjustment:
    """Propose to write unbilled work up or down; `amount` None writes all of it off. Raises NotPossible."""
    if not reason.strip():
        raise NotPossible("say why it is written up or down")
    with database.transaction() as db:
        left, currency = _left(db, project_id)
        given = -left if amount is None else rounded(amount, currency)
        _allowed(given, left, currency)
        values = {"project": project_id, "currency": currency, "amount": given, "unbilled": left}
        row = db.execute(_PROPOSE, {**values, "reason": reason.strip(), "by": by}).fetchone()
        if row is None:
            raise NotPossible("an adjustment of this project waits for a second person already")
        found = Adjustment(**row)
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
        row = db.execute(_OPEN, [number]).fetchone()
        if row is None:
            raise NotPossible(f"there is no adjustment {number} that waits for a decision")
        found = Adjustment(**row)
        if same_person(found.proposed_by, by, people or {}):
            raise NotPossible(f"{by} proposed it; a second person must confirm it")
        project = read_project(db, found.project_id)
        assert project is not None
        asked = Asked(label=LABEL, legal_entity=project.legal_entity, amount=abs(found.amount), currency=found.currency)
        refusal = policy.refusal(asked, by, today)
        if refusal is not None:
            raise NotPossible(refusal)
        _allowed(found.amount, _left(db, found.project_id)[0], found.currency)
        db.execute(_DECIDE, {"state": "confirmed", "by": by, "id": number})
        charge = OwnCharge(
            connection=OURS,
            kind="adjustment",
            source=f"adjustment:{number}",
            version=project.contract_version,
            project=project,
            day=today,
            amount=found.amount,
            text=f"Adjustment: {found.reason}",
            rule=f"{found.words}, proposed by {found.proposed_by}, confirmed by {by}",
            approved_by=by,
        )
        add_charge(db, charge)
        wake_named_projects(db, [found.project_id])
        _tell(db, found, "wip.adjusted", by, f"Done: {found.words}")
    return found


@repeating
def withdraw(database: Database, number: int, *, by: str) -> Adjustment:
    """The proposal counts no more. Raises NotPossible."""
    with database.transaction() as db:
        row = db.execute(_DECIDE, {"state": "withdrawn", "by": by, "id": number}).fetchone()
        if row is None:
            raise NotPossible(f"there is no adjustment {number} that waits for a decision")
        found = Adjustment(**row)
        _tell(db, found, "wip.adjustment_withdrawn", by, f"Not done: {found.words}")
    return found


def _left(db: Connection, project_id: str) -> tuple[Decimal, str]:
    """What may be adjusted: unbilled work that waits for nothing, and drafts."""
    rows = read_wip(db, date.max, project=project_id)
    if not rows:
        raise NotPossible("the project has no unbilled work")
    return rows[0].total - rows[0].waiting, rows[0].currency


def _allowed(amount: Decimal, left: Decimal, currency: str) -> None:
    """An invoice cannot be negative, so that no more can be written down than is unbilled."""
    if not amount:
        raise NotPossible("there is nothing to write off" if not left else "an adjustment of nothing changes nothing")
    if left + amount < 0:
        raise NotPossible(f"only {Money(amount=left, currency=currency)} is unbilled; what was billed is credited")


def _tell(db: Connection, one: Adjustment, action: str, by: str, label: str) -> None:
    row = db.execute("select engagement_id from project where id = %s", [one.project_id]).fetchone()
    assert row is not None
    detail = {"label": label, "reason": one.reason, "amount": f"{one.amount:f}", "currency": one.currency}
    audit(db, action, engagement=row["engagement_id"], actor=by, object_=f"adjustment:{one.id}", detail=detail)
