"""Engagements that are being closed: who asked, what is still open at them, and how their projects turned out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from tieline.billing.closing import ClosingFacts
from tieline.engine.audit import audit
from tieline.engine.wake import wake_engagement, wake_many
from tieline.model.money import Money
from tieline.store.database import Connection

FLOW = "engagement_close"

State = Literal["asked", "closed", "withdrawn"]


@dataclass(frozen=True, kw_only=True)
class Closing:
    """One row of `engagement_close`."""

    engagement_id: str
    state: State
    asked_by: str
    reason: str
    asked_at: datetime
    closed_at: datetime | None
    status_of: str | None
    """Whose status asked for it (`crm`, `psa`); kept when a person takes it up again, until that status goes back."""


def read_closing(db: Connection, engagement_id: str) -> Closing | None:
    """The request to close an engagement, in whatever state."""
    row = db.execute(
        "select engagement_id, state, asked_by, reason, asked_at, closed_at, status_of from engagement_close"
        " where engagement_id = %s",
        [engagement_id],
    ).fetchone()
    return Closing(**row) if row else None


def is_closing(db: Connection, engagement_id: str) -> bool:
    """Whether somebody asked to close it: then all that was worked is billed, whatever the cycle."""
    found = read_closing(db, engagement_id)
    return found is not None and found.state == "asked"


_ASK = """
insert into engagement_close as c (engagement_id, asked_by, reason, status_of)
values (%(id)s, %(by)s, %(reason)s, %(status_of)s)
on conflict (engagement_id) do update set state = 'asked', asked_by = excluded.asked_by, reason = excluded.reason,
  asked_at = clock_timestamp(), closed_at = null, status_of = excluded.status_of where c.state = 'withdrawn'
"""
_PROJECTS = "select id from project where engagement_id = %s order by id"


def ask_to_close(db: Connection, engagement_id: str, by: str, reason: str, status_of: str | None = None) -> bool:
    """Ask for the last invoice and the close; False when it was asked for before."""
    values = {"id": engagement_id, "by": by, "reason": reason, "status_of": status_of}
    asked = db.execute(_ASK, values).rowcount > 0
    if asked:
        detail = {"label": "Close of the engagement asked for", "reason": reason}
        audit(db, "engagement.closing", engagement=engagement_id, actor=by, object_=engagement_id, detail=detail)
    projects = [row["id"] for row in db.execute(_PROJECTS, [engagement_id]).fetchall()]
    woken = [("billing", project, engagement_id) for project in projects]
    wake_many(db, [*woken, (FLOW, engagement_id, engagement_id)], "operator")
    return asked


def take_up_again(db: Connection, engagement_id: str, by: str, reason: str) -> bool:
    """The engagement goes on: its projects are opened again by the flows that keep them; False when it was open."""
    row = db.execute(
        "update engagement_close set state = 'withdrawn', closed_at = null where engagement_id = %s"
        " and state <> 'withdrawn' returning engagement_id",
        [engagement_id],
    ).fetchone()
    if row is None:
        return False
    detail = {"label": "Engagement taken up again", "reason": reason}
    audit(db, "engagement.reopened", engagement=engagement_id, actor=by, object_=engagement_id, detail=detail)
    wake_engagement(db, engagement_id, "operator")
    return True


def follow_status(db: Connection, engagement_id: str, role: str, *, done: bool, by: str, reason: str) -> None:
    """Ask for the close when the status of a role says that the work is done, and go on when it says so no more.

    What a person said counts until the status changes: neither is a person's close taken back, nor asked for again
    what a person took up. An engagement that was withdrawn with its deal has nothing to close.
    """
    closing = read_closing(db, engagement_id)
    if done:
        if (closing is None or (closing.state == "withdrawn" and closing.status_of is None)) and _is_active(
            db, engagement_id
        ):
            ask_to_close(db, engagement_id, by, reason, role)
    elif closing is not None and closing.status_of == role:
        db.execute("update engagement_close set status_of = null where engagement_id = %s", [engagement_id])
        take_up_again(db, engagement_id, by, reason)


def _is_active(db: Connection, engagement_id: str) -> bool:
    query = "select from engagement where id = %s and closed_at is null"
    return db.execute(query, [engagement_id]).fetchone() is not None


def finish(db: Connection, closing: Closing, outcome: Mapping[str, Any]) -> None:
    """All is done: from now on nothing is billed or planned there."""
    db.execute(
        "update engagement_close set state = 'closed', closed_at = clock_timestamp()"
        " where engagement_id = %s and state = 'asked'",
        [closing.engagement_id],
    )
    detail = {"label": "Engagement closed", "reason": closing.reason, **outcome}
    audit(
        db,
        "engagement.closed",
        engagement=closing.engagement_id,
        actor=closing.asked_by,
        object_=closing.engagement_id,
        detail=detail,
    )


_UNBILLED = """
select u.currency, sum(u.amount) as amount from unbilled_line u join project p on p.id = u.project_id
where p.engagement_id = %s and u.currency is not null group by u.currency having sum(u.amount) <> 0 order by u.currency
"""
_LINES = """
select count(*) filter (where t.state in ('in_exception', 'held', 'opening'))::int as waiting,
  count(*) filter (where t.state = 'checked' and b.state <> 'done')::int as under_way
from project p join project_transaction t on t.project_id = p.id left join posting_batch b on b.id = t.batch_id
where p.engagement_id = %s and (t.live or t.sign = -1)
  and not exists (select from erp_line e where e.transaction_id = t.id)
"""
_DRAFTS = """
select coalesce(i.number, i.state->>'number', r.external_id, i.id) as name from invoice i
  left join cross_reference r on r.connection = i.connection and r.target = 'invoice' and r.subject = i.id
where i.engagement_id = %s and i.status in ('proposed', 'draft') order by i.proposed_at, i.id
"""
_QUESTIONS = """
select a.label from approval a join agenda g on g.flow = a.flow and g.key = a.key
where g.engagement = %(id)s and a.state = 'asked' and a.flow <> %(flow)s order by a.id
"""
_TROUBLES = """
select i.message from exception_item i where i.closed_at is null and i.kind <> 'approval' and exists (
  select from exception_line l where l.exception_id = i.id and l.engagement = %(id)s and l.flow is not null
    and l.flow <> %(flow)s) order by i.id
"""
_OUTSTANDING = """
select i.state->'total'->>'currency' as currency,
  sum((i.state->'total'->>'amount')::numeric - (i.state->'paid'->>'amount')::numeric) as amount
from invoice i where i.engagement_id = %s and i.status in ('open', 'partly_paid') group by 1 order by 1
"""


def closing_facts(db: Connection, engagement_id: str) -> ClosingFacts:
    """What is open at an engagement by our own books."""
    values = {"id": engagement_id, "flow": FLOW}
    lines = db.execute(_LINES, [engagement_id]).fetchone()
    assert lines is not None
    return ClosingFacts(
        unbilled=_money(db, _UNBILLED, engagement_id),
        waiting_lines=lines["waiting"],
        under_way=lines["under_way"],
        drafts=tuple(row["name"] for row in db.execute(_DRAFTS, [engagement_id]).fetchall()),
        questions=tuple(row["label"] for row in db.execute(_QUESTIONS, values).fetchall()),
        troubles=tuple(row["message"] for row in db.execute(_TROUBLES, values).fetchall()),
        outstanding=_money(db, _OUTSTANDING, engagement_id),
    )


def _money(db: Connection, query: str, engagement_id: str) -> tuple[Money, ...]:
    rows = db.execute(query.encode(), [engagement_id]).fetchall()
    return tuple(Money(amount=row["amount"], currency=row["currency"]) for row in rows)


def last_work(db: Connection, project_id: str) -> date | None:
    """The last day somebody worked on a project."""
    row = db.execute(
        "select max(work_date) as day from project_transaction where project_id = %s and kind = 'time' and live"
        " and sign = 1 and state = 'checked'",
        [project_id],
    ).fetchone()
    return row["day"] if row else None
