"""The exception queue as people see it: what is wrong, how much waits for it, who mends it, and how."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tieline.app.views.paging import LARGEST, BadCursor, Page, Place, place_of
from tieline.store.database import Connection

KINDS = {
    "mapping": "Mapping",
    "master_data": "Master data",
    "missing_field": "Missing field",
    "business_rule": "Business rule",
    "closed_period": "Closed period",
    "approval": "Approval",
    "auth": "Sign-in",
    "schema_drift": "Changed schema",
    "in_doubt": "Unclear write",
    "duplicate": "Possible duplicate",
    "unlinked": "Unlinked record",
    "policy": "Policy",
    "unusual_change": "Unusual change",
    "poison": "Unreadable data",
    "internal": "Tieline's own fault",
}
"""Kind -> the word people read."""


@dataclass(frozen=True, kw_only=True)
class ExceptionRow:
    """One exception. Money of different currencies is never summed: `money` lists each."""

    id: int
    kind: str
    message: str
    suggestion: str | None
    owner: str
    connection: str | None
    field: str | None
    key: str | None
    legal_entity: str | None
    opened_at: datetime
    waiting: int
    """Records and flow instances that wait for it."""
    money: tuple[tuple[str, Decimal], ...]
    engagements: tuple[str, ...]
    """Whose work waits, at most 20; of a solved one, whose work waited when a person acted."""
    approval_id: int | None = None
    lines: int = 0
    """Of those waiting: time entries and expenses."""
    closed_at: datetime | None = None
    closed_by: str | None = None
    closing_note: str | None = None


_LIST = """
with page as (
  select * from exception_item i
  where (i.closed_at is null or i.id = %(id)s) and (%(id)s::bigint is null or i.id = %(id)s)
    and (%(owner)s::text is null or i.owner = %(owner)s)
    and (%(after_at)s::timestamptz is null or (i.opened_at, i.id) > (%(after_at)s, %(after_id)s::bigint))
    and (%(engagement)s::text is null or exists (select from exception_line l
      left join project_transaction t on t.id = l.transaction_id left join project p on p.id = t.project_id
      where l.exception_id = i.id and coalesce(l.engagement, p.engagement_id) = %(engagement)s))
  order by i.opened_at, i.id limit %(limit)s),
waiting as (
  select l.exception_id as id, l.transaction_id is not null as is_line,
    coalesce(l.engagement, p.engagement_id) as engagement,
    coalesce(t.currency, l.currency) as currency, coalesce(t.amount * t.sign, l.amount) as amount
  from page join exception_line l on l.exception_id = page.id
  left join project_transaction t on t.id = l.transaction_id left join project p on p.id = t.project_id)
select i.id, i.kind, left(i.message, 2000) as message, left(i.suggestion, 1000) as suggestion, i.owner, i.connection,
  i.field, left(i.key, 300) as key, i.legal_entity, i.opened_at,
  i.closed_at, i.closed_by, i.closing_note,
  (select count(*) from waiting w where w.id = i.id) as waiting,
  (select count(*) from waiting w where w.id = i.id and w.is_line) as lines,
  (select jsonb_object_agg(currency, amount) from (select currency, sum(amount) as amount from waiting w
    where w.id = i.id and currency is not null and amount is not null group by currency) m) as money,
  (select array_agg(id) from (select engagement as id from waiting w where w.id = i.id and engagement is not null
    union select e.id from audit_event v, jsonb_array_elements_text(v.detail->'concerned') c
      left join engagement_opportunity o on o.opportunity_id = c
      join engagement e on e.id = coalesce(o.engagement_id, c)
    where i.closed_at is not null and v.action like 'exception.%%' and v.object = i.id::text
    order by 1 limit 20) e) as engagements,
  (select a.id from approval a join exception_line l on l.exception_id = i.id and l.flow = a.flow and l.key = a.key
    where i.kind = 'approval' and a.state = 'asked' limit 1) as approval_id
from page i order by i.opened_at, i.id
"""


def list_exceptions(
    db: Connection,
    *,
    limit: int = LARGEST,
    exception_id: int | None = None,
    engagement_id: str | None = None,
    owner: str | None = None,
    after: Place | None = None,
) -> list[ExceptionRow]:
    """Open exceptions, the oldest first; one asked for by its number is found closed too."""
    values = {
        "limit": limit,
        "id": exception_id,
        "engagement": engagement_id,
        "owner": owner,
        "after_at": after.at if after else None,
        "after_id": after.id if after else None,
    }
    return [_row(row) for row in db.execute(_LIST, values).fetchall()]


def page_exceptions(
    db: Connection, *, limit: int, owner: str | None = None, cursor: str | None = None
) -> Page[ExceptionRow]:
    """One page of the queue. Raises BadCursor."""
    place = place_of(cursor)
    if place is not None:
        place = Place(place.at, str(whole_number(place.id)))
    rows = list_exceptions(db, limit=limit + 1, owner=owner, after=place)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=tuple(rows[:limit]), next=Place(last.opened_at, str(last.id)).cursor if last else None)


def read_exception(db: Connection, exception_id: int) -> ExceptionRow | None:
    """One exception, open or closed."""
    return next(iter(list_exceptions(db, exception_id=exception_id, limit=1)), None)


def _row(row: dict[str, Any]) -> ExceptionRow:
    money = sorted((currency, Decimal(str(amount))) for currency, amount in (row["money"] or {}).items())
    return ExceptionRow(**{**row, "money": tuple(money), "engagements": tuple(row["engagements"] or ())})


@dataclass(frozen=True, kw_only=True)
class QueueCounts:
    """The whole queue in figures."""

    open: int
    owners: tuple[tuple[str, int], ...]
    approvals: int


def money_held(db: Connection) -> tuple[tuple[str, Decimal], ...]:
    """What all open exceptions hold back, by currency; a line that waits for two of them counts once."""
    rows = db.execute(
        "select currency, sum(amount) as amount from (select distinct on (coalesce(l.transaction_id::text, l.flow ||"
        " ':' || l.key)) coalesce(t.currency, l.currency) as currency, coalesce(t.amount * t.sign, l.amount) as amount"
        " from exception_item i join exception_line l on l.exception_id = i.id"
        " left join project_transaction t on t.id = l.transaction_id where i.closed_at is null) held"
        " where currency is not null and amount is not null group by currency order by currency"
    ).fetchall()
    return tuple((row["currency"], row["amount"]) for row in rows)


def count_exceptions(db: Connection) -> QueueCounts:
    """How many are open, by owner; and how many approvals are asked for."""
    rows = db.execute(
        "select owner, count(*) as n, count(*) filter (where kind = 'approval') as approvals from exception_item"
        " where closed_at is null group by owner order by n desc, owner"
    ).fetchall()
    return QueueCounts(
        open=sum(row["n"] for row in rows),
        owners=tuple((row["owner"], row["n"]) for row in rows),
        approvals=sum(row["approvals"] for row in rows),
    )


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


def whole_number(text: str) -> int:
    """An id that arrived as text. Raises BadCursor."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadCursor
    return int(text)
