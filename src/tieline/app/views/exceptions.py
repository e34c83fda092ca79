"""The exception queue as people see it: what is wrong, how much waits for it, who mends it, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from psycopg.sql import SQL, Composed

from tieline.app.views.paging import LARGEST, BadCursor, Page, Place, place_of
from tieline.exception_queue.filter import MATCHES, Filter
from tieline.model.money import rounded
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
    kinds: tuple[tuple[str, int], ...] = ()
    """What waits, by kind of transaction, target or flow."""
    domain: str | None = None
    """The team the problem itself names."""
    due_at: datetime
    at_risk_at: datetime
    sla: str
    """`on_time`, `at_risk` or `broken`."""
    assigned_by: str | None = None
    postponed_until: datetime | None = None
    """None also when that moment has passed."""
    postponed_by: str | None = None
    write_off_by: str | None = None
    """Who proposed to write it off; a second person must confirm."""
    closed_at: datetime | None = None
    closed_by: str | None = None
    closing_note: str | None = None

    @property
    def headline(self) -> str:
        """What waits, how much, and why, in one sentence."""
        return self._told(f" ({_moneys(self.money)})" if self.money else "")

    @property
    def brief(self) -> str:
        """The sentence without the money, for where it stands beside it."""
        return self._told("")

    def _told(self, worth: str) -> str:
        if not self.lines and self.waiting < 2:
            return self.message
        return f"{_counted(self.kinds)}{worth} {'waits' if self.waiting == 1 else 'wait'}: {self.message}"


_NOUNS = {
    "time": ("time entry", "time entries"),
    "customer": ("customer", "customers"),
    "project": ("project", "projects"),
    "contract": ("contract", "contracts"),
    "invoice": ("invoice", "invoices"),
    "expense": ("expense", "expenses"),
    "milestone": ("milestone", "milestones"),
    "resource_request": ("resource request", "resource requests"),
    "wbs_element": ("task", "tasks"),
    "billing_schedule": ("billing schedule", "billing schedules"),
    "opportunity_to_contract": ("deal", "deals"),
}


def _counted(kinds: tuple[tuple[str, int], ...]) -> str:
    """`47 time entries and 2 expenses`."""
    counts: dict[tuple[str, str], int] = {}
    for kind, count in kinds:
        noun = _NOUNS.get(kind, ("process", "processes"))
        counts[noun] = counts.get(noun, 0) + count
    parts = [f"{count:,} {one if count == 1 else more}" for (one, more), count in counts.items()]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _moneys(money: tuple[tuple[str, Decimal], ...]) -> str:
    return " and ".join(f"{currency} {rounded(amount, currency):,f}" for currency, amount in money)


Sort = Literal["due", "age", "newest"]
"""`due`: the nearest deadline first. `age`: the oldest first."""

_LIST = SQL("""
with page as (
  select *, {key} as sort_key from exception_item i
  where (%(id)s::bigint is null or i.id = %(id)s) and (i.id = %(id)s or {matches})
    and (%(after_at)s::timestamptz is null
      or ({key}, i.id * {way}) {beyond} (%(after_at)s, %(after_id)s::bigint * {way}))
  order by {key} {order}, i.id limit %(limit)s),
waiting as materialized (
  select l.exception_id as id, l.transaction_id is not null as is_line, coalesce(t.kind, l.target, l.flow) as kind,
    coalesce(l.engagement, p.engagement_id) as engagement,
    coalesce(t.currency, l.currency) as currency, coalesce(t.amount * t.sign, l.amount) as amount
  from page join exception_line l on l.exception_id = page.id
  left join project_transaction t on t.id = l.transaction_id left join project p on p.id = t.project_id)
select i.id, i.kind, left(i.message, 2000) as message, left(i.suggestion, 1000) as suggestion, i.owner, i.connection,
  i.field, left(i.key, 300) as key, i.legal_entity, i.opened_at, i.domain, i.due_at, i.at_risk_at, i.assigned_by,
  case when i.postponed_until > clock_timestamp() then i.postponed_until end as postponed_until, i.postponed_by,
  case when coalesce(i.closed_at, clock_timestamp()) >= i.due_at then 'broken'
    when coalesce(i.closed_at, clock_timestamp()) >= i.at_risk_at then 'at_risk' else 'on_time' end as sla,
  (select o.proposed_by from write_off o where o.exception_id = i.id and o.state = 'proposed'
    and i.closed_at is null) as write_off_by,
  i.closed_at, i.closed_by, i.closing_note, i.sort_key,
  (select count(*) from waiting w where w.id = i.id) as waiting,
  (select count(*) from waiting w where w.id = i.id and w.is_line) as lines,
  (select jsonb_object_agg(kind, n) from (select w.kind, count(*) as n from waiting w
    where w.id = i.id group by w.kind) k) as kinds,
  (select jsonb_object_agg(currency, amount) from (select currency, sum(amount) as amount from waiting w
    where w.id = i.id and currency is not null and amount is not null group by currency) m) as money,
  (select array_agg(id) from (select engagement as id from waiting w where w.id = i.id and engagement is not null
    union select e.id from audit_event v, jsonb_array_elements_text(v.detail->'concerned') c
      left join engagement_opportunity o on o.opportunity_id = c
      join engagement e on e.id = coalesce(o.engagement_id, c)
    where i.closed_at is not null and v.action like 'exception.%%' and v.object = i.id::text
    order by 1 limit 20) e) as engagements,
  (select a.id from approval a join exception_line l on l.exception_id = i.id and l.flow = a.flow and l.key = a.key
    where i.kind = 'approval' and a.state in ('asked', 'expired')
    order by a.id desc limit 1) as approval_id
from page i order by i.sort_key {order}, i.id
""")
_DUE, _OPENED = SQL("i.due_at"), SQL("i.opened_at")
_UP = {"order": SQL("asc"), "beyond": SQL(">"), "way": SQL("1"), "matches": MATCHES}
_DOWN = {"order": SQL("desc"), "beyond": SQL("<"), "way": SQL("-1"), "matches": MATCHES}
_BY: Mapping[Sort, Composed] = {
    "due": _LIST.format(key=_DUE, **_UP),
    "age": _LIST.format(key=_OPENED, **_UP),
    "newest": _LIST.format(key=_OPENED, **_DOWN),
}


def list_exceptions(
    db: Connection,
    *,
    limit: int = LARGEST,
    exception_id: int | None = None,
    engagement_id: str | None = None,
    wanted: Filter | None = None,
    sort: Sort = "age",
    after: Place | None = None,
) -> list[ExceptionRow]:
    """Exceptions of a filter; without one all open ones. One asked for by its number is found closed too."""
    filter_ = wanted or Filter(engagement=engagement_id, show="all")
    values = {
        **filter_.values(),
        "limit": limit,
        "id": exception_id,
        "after_at": after.at if after else None,
        "after_id": after.id if after else None,
    }
    return [_row(row) for row in db.execute(_BY[sort], values).fetchall()]


def page_exceptions(
    db: Connection, *, limit: int, wanted: Filter | None = None, sort: Sort = "due", cursor: str | None = None
) -> Page[ExceptionRow]:
    """One page of the queue. Raises BadCursor."""
    place = place_of(cursor)
    if place is not None:
        place = Place(place.at, str(whole_number(place.id)))
    rows = list_exceptions(db, limit=limit + 1, wanted=wanted or Filter(), sort=sort, after=place)
    last = rows[limit - 1] if len(rows) > limit else None
    if last is None:
        return Page(items=tuple(rows), next=None)
    at = last.due_at if sort == "due" else last.opened_at
    return Page(items=tuple(rows[:limit]), next=Place(at, str(last.id)).cursor)


def read_exception(db: Connection, exception_id: int) -> ExceptionRow | None:
    """One exception, open or closed."""
    return next(iter(list_exceptions(db, exception_id=exception_id, limit=1)), None)


def _row(row: dict[str, Any]) -> ExceptionRow:
    money = sorted((currency, Decimal(str(amount))) for currency, amount in (row.pop("money") or {}).items())
    kinds = sorted((row.pop("kinds") or {}).items(), key=lambda pair: (-pair[1], pair[0]))
    engagements = tuple(row.pop("engagements") or ())
    del row["sort_key"]
    return ExceptionRow(**row, money=tuple(money), kinds=tuple(kinds), engagements=engagements)


def whole_number(text: str) -> int:
    """An id that arrived as text. Raises BadCursor."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadCursor
    return int(text)
