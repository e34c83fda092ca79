"""What waits for one exception, line by line, and what people did about it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class WaitingLine:
    """What waits for an exception: a transaction (time entry, expense) or a step of a flow."""

    number: int
    """Its place in the list, for the cursor."""
    engagement_id: str | None
    engagement: str | None
    step: str
    """What the process was doing, or the kind of transaction."""
    record: str | None
    """The vendor's id of the transaction, or our record."""
    connection: str | None
    target: str | None
    worked_on: date | None = None
    person: str | None = None
    role: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    amount: Decimal | None = None
    currency: str | None = None


_LINES = """
select * from (
  select row_number() over (order by abs(coalesce(t.amount, l.amount)) desc nulls last, t.work_date, l.transaction_id,
      l.flow, l.key) as number,
    coalesce(l.engagement, p.engagement_id) as engagement_id, left(e.name, 300) as engagement,
    coalesce(l.label, t.kind, l.flow) as step, left(coalesce(t.source_id, l.subject), 300) as record,
    coalesce(t.connection, i.connection) as connection, coalesce(t.kind, l.target) as target, t.work_date as worked_on,
    coalesce(t.person, t.person_ref) as person, t.role, t.quantity * t.sign as quantity, t.unit,
    coalesce(t.amount * t.sign, l.amount) as amount, coalesce(t.currency, l.currency) as currency
  from exception_line l join exception_item i on i.id = l.exception_id
  left join project_transaction t on t.id = l.transaction_id left join project p on p.id = t.project_id
  left join engagement e on e.id = coalesce(l.engagement, p.engagement_id)
  where l.exception_id = %s) waiting
where number > %s order by number limit %s
"""


def read_lines(db: Connection, exception_id: int, *, after: int = 0, limit: int = 25) -> list[WaitingLine]:
    """What waits for it, the largest amounts first."""
    rows = db.execute(_LINES, [exception_id, after, limit]).fetchall()
    return [WaitingLine(**row) for row in rows]


@dataclass(frozen=True, kw_only=True)
class HistoryItem:
    """What somebody did about an exception."""

    at: datetime
    actor: str
    action: str
    detail: str | None


def read_history(db: Connection, exception_id: int) -> list[HistoryItem]:
    """What was done about it, the newest first."""
    rows = db.execute(
        "select at, actor, action, left(coalesce(detail->>'reason', detail->>'text', detail->>'external_id',"
        " detail->>'code'), 2000) as detail from audit_event where action like 'exception.%%' and object = %s"
        " order by id desc limit 100",
        [str(exception_id)],
    ).fetchall()
    return [HistoryItem(**row) for row in rows]
