"""Writing off: what waits for an exception is given up, proposed by one person with a reason, confirmed by another.

Written-off lines stay in the books as such: they count in every balance, and are never posted or billed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tieline.engine.approval_policy import ApprovalPolicy
from tieline.engine.feed_lock import lock_feed
from tieline.engine.problem import close_if_empty
from tieline.engine.wake import wake_many
from tieline.exception_queue.actions import NotPossible, open_item, record, record_all
from tieline.store.database import Connection, Database, repeating


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A write-off that waits for a second person."""

    exception_id: int
    line_ids: tuple[int, ...]
    money: tuple[tuple[str, Decimal], ...]
    reason: str
    proposed_by: str
    proposed_at: datetime


def propose(database: Database, exception_id: int, by: str, reason: str) -> Proposal:
    """Propose to write off all time, expenses and milestones that wait for it now."""
    with database.transaction() as db:
        open_item(db, exception_id)
        if not propose_all(db, [exception_id], by, reason):
            raise NotPossible(_why_not(db, exception_id))
        found = read_proposal(db, exception_id)
    assert found is not None
    return found


# A line on an invoice is billed; giving it up is a credit, not a write-off.
_PROPOSE = """
insert into write_off (exception_id, line_ids, money, reason, proposed_by)
select w.id, w.line_ids, coalesce(m.money, '{}'), %(reason)s, %(by)s
from (select l.exception_id as id, array_agg(t.id order by t.id) as line_ids
    from exception_line l join project_transaction t on t.id = l.transaction_id
    where l.exception_id = any (%(ids)s) and t.state = 'in_exception'
      and not exists (select from invoice_line v where v.transaction_id = t.id)
    group by l.exception_id) w
  left join (select id, jsonb_object_agg(currency, amount) as money from (
      select l.exception_id as id, coalesce(t.currency, l.currency) as currency,
        sum(coalesce(t.amount * t.sign, l.amount)) as amount
      from exception_line l join project_transaction t on t.id = l.transaction_id
      where l.exception_id = any (%(ids)s) and t.state = 'in_exception'
        and coalesce(t.currency, l.currency) is not null and coalesce(t.amount, l.amount) is not null
        and not exists (select from invoice_line v where v.transaction_id = t.id)
      group by 1, 2) s group by id) m on m.id = w.id
order by w.id
on conflict (exception_id) where state = 'proposed' do nothing
returning exception_id
"""


def propose_all(db: Connection, ids: Sequence[int], by: str, reason: str) -> list[int]:
    """`propose` for open exceptions whose rows are locked; returns those that have something to write off."""
    if not reason.strip():
        raise NotPossible("say why it is written off")
    rows = db.execute(_PROPOSE, {"ids": list(ids), "by": by, "reason": reason.strip()}).fetchall()
    proposed = [int(row["exception_id"]) for row in rows]
    record_all(db, "exception.write_off_proposed", proposed, by, reason=reason.strip())
    return proposed


def _why_not(db: Connection, exception_id: int) -> str:
    known = read_proposal(db, exception_id)
    if known is not None:
        return f"{known.proposed_by} has proposed to write it off already; another person confirms or withdraws that"
    return "nothing that waits for it can be written off: it is no time, expense or milestone, or an invoice holds it"


def read_proposal(db: Connection, exception_id: int) -> Proposal | None:
    """The write-off that waits for a second person, if any."""
    row = db.execute(
        "select exception_id, line_ids, money, reason, proposed_by, proposed_at from write_off"
        " where exception_id = %s and state = 'proposed'",
        [exception_id],
    ).fetchone()
    if row is None:
        return None
    money = tuple(sorted((currency, Decimal(str(amount))) for currency, amount in row["money"].items()))
    return Proposal(**{**row, "line_ids": tuple(row["line_ids"]), "money": money})


@repeating
def confirm(database: Database, exception_id: int, by: str, *, people: Mapping[str, str] | None = None) -> int:
    """The second person agrees; returns how many lines are written off: of those proposed, those that still wait.

    `people`: name -> e-mail of the firm's people, so that somebody who gives first the one and then the other is seen
    as one person. Names are as claimed.
    """
    with database.transaction() as db:
        proposal = _proposal(db, exception_id)
        if same_person(proposal.proposed_by, by, people or {}):
            raise NotPossible(f"{by} proposed it; a second person must confirm it")
        for feed in db.execute(_FEEDS, [list(proposal.line_ids)]).fetchall():
            lock_feed(db, feed["feed"])
        open_item(db, exception_id)
        row = db.execute(_DECIDE, {"state": "confirmed", "by": by, "id": exception_id}).fetchone()
        if row is None:
            raise NotPossible("it was confirmed or withdrawn meanwhile")
        written = _write_off(db, proposal, int(row["id"]))
        record(db, "exception.written_off", exception_id, by, reason=f"{len(written)} lines: {proposal.reason}")
        _tell(db, written, by, proposal)
        db.execute(
            "delete from exception_line where exception_id = %s and transaction_id = any (%s)", [exception_id, written]
        )
        close_if_empty(db, [exception_id], by, f"written off: {proposal.reason}")
    return len(written)


_FEEDS = """
select distinct connection || ':' || kind as feed from project_transaction where id = any (%s) order by feed
"""
_DECIDE = """
update write_off set state = %(state)s, decided_by = %(by)s, decided_at = clock_timestamp()
where exception_id = %(id)s and state = 'proposed' returning id
"""
_WRITE_OFF = """
with waiting as (
  select t.id from project_transaction t where t.id = any (%(ids)s) and t.state = 'in_exception'
    and exists (select from exception_line l where l.exception_id = %(exception)s and l.transaction_id = t.id)
    and not exists (select from invoice_line v where v.transaction_id = t.id)
  order by t.id for update of t),
written as (
  update project_transaction t set state = 'written_off', disposition = 'written_off', batch_id = null
  from waiting w where t.id = w.id returning t.id)
insert into written_off_line (transaction_id, write_off_id) select id, %(write_off)s from written order by id
returning transaction_id as id
"""
_TELL = """
insert into audit_event (engagement, actor, action, object, detail)
select p.engagement_id, %(by)s, 'lines.written_off', min(t.connection) || ':' || t.kind || ':' || p.id,
  jsonb_build_object('label', count(*) || ' lines of ' || p.code || ' written off', 'lines', count(*),
    'reason', %(reason)s::text)
from project_transaction t join project p on p.id = t.project_id
where t.id = any (%(ids)s) group by p.engagement_id, p.id, p.code, t.kind
"""


def _write_off(db: Connection, proposal: Proposal, write_off: int) -> list[int]:
    values = {"ids": list(proposal.line_ids), "exception": proposal.exception_id, "write_off": write_off}
    return [int(row["id"]) for row in db.execute(_WRITE_OFF, values).fetchall()]


def _tell(db: Connection, written: Sequence[int], by: str, proposal: Proposal) -> None:
    """In the engagements' timelines, and to whatever looks at their projects."""
    reason = f"proposed by {proposal.proposed_by}: {proposal.reason}"
    db.execute(_TELL, {"ids": list(written), "by": by, "reason": reason})
    rows: list[dict[str, Any]] = db.execute(
        "select a.flow, a.key, a.engagement from agenda a where a.key in (select distinct project_id"
        " from project_transaction where id = any (%s)) order by a.flow, a.key",
        [list(written)],
    ).fetchall()
    wake_many(db, [(row["flow"], row["key"], row["engagement"]) for row in rows], "event")


def withdraw(database: Database, exception_id: int, by: str) -> None:
    """The proposal counts no more; what waits goes on waiting."""
    with database.transaction() as db:
        open_item(db, exception_id)
        row = db.execute(_DECIDE, {"state": "withdrawn", "by": by, "id": exception_id}).fetchone()
        if row is None:
            raise NotPossible("nobody has proposed to write it off")
        record(db, "exception.write_off_withdrawn", exception_id, by)


def _proposal(db: Connection, exception_id: int) -> Proposal:
    proposal = read_proposal(db, exception_id)
    if proposal is None:
        raise NotPossible("nobody has proposed to write it off; propose it first, with a reason")
    return proposal


def same_person(one: str, other: str, people: Mapping[str, str]) -> bool:
    """Whether two names as claimed mean one person."""
    policy = ApprovalPolicy(people=people)
    return policy.person(one) == policy.person(other)
