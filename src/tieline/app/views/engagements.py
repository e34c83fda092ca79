"""Engagements: where each stands, why, and who must act."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from tieline.app.views.paging import LARGEST, Page, Place, place_of
from tieline.model.outlook import Colour
from tieline.store.database import Connection

STAGES = (
    "proposal",
    "contract & project set-up",
    "delivery & time",
    "billing",
    "paid",
    "withdrawn",
    "closed",
)

Show = Literal["all", "trouble"]


@dataclass(frozen=True, kw_only=True)
class EngagementRow:
    """One line of the list."""

    id: str
    name: str
    customer: str
    legal_entity: str | None
    currency: str | None
    value: Decimal | None
    contract_version: int | None
    stage: str
    health: str
    """`ok`, `waiting` (Tieline or a vendor works on it) or `trouble` (a person must act)."""
    stands: str
    """Where it stands and why, in a sentence."""
    acts: str | None
    """Who must act."""
    exception_id: int | None
    """The oldest open exception."""
    open_exceptions: int
    invoiced: Decimal
    paid: Decimal
    opened_at: datetime
    colour: str | None
    """Its health as last looked at: `green`, `amber`, `red` or `unknown`."""


_LIST = """
with open as materialized (
  select distinct coalesce(l.engagement, p.engagement_id) as engagement, i.id, left(i.message, 500) as message, i.owner,
    i.opened_at
  from exception_item i join exception_line l on l.exception_id = i.id
  left join project_transaction t on t.id = l.transaction_id left join project p on p.id = t.project_id
  where i.closed_at is null),
found as (
  select e.engagement from cross_reference r join effect e on e.connection = r.connection and e.target = r.target
    and e.subject = r.subject where r.external_id = %(search)s
  union select o.engagement_id from cross_reference r
    join engagement_opportunity o on o.opportunity_id = r.subject where r.external_id = %(search)s
  union select engagement_id from invoice where number is not null and left(number, 100) = %(search)s
  union select engagement_id from project where code = %(search)s),
page as (
  select * from engagement e
  where (%(id)s::text is null or e.id = %(id)s)
    and (%(show)s = 'all' or e.id in (select engagement from open))
    and (%(colour)s::text is null or e.id in (select engagement_id from outlook where colour = %(colour)s))
    and (%(after_at)s::timestamptz is null or (e.opened_at, e.id) < (%(after_at)s, %(after_id)s))
    and (%(search)s::text is null or position(lower(%(search)s) in lower(e.name)) > 0
      or position(lower(%(search)s) in lower(e.customer_name)) > 0 or starts_with(e.id, %(search)s)
      or e.id in (select engagement from found))
  order by e.opened_at desc, e.id desc limit %(limit)s)
select e.id, left(e.name, 300) as name, left(e.customer_name, 300) as customer, e.legal_entity, e.currency,
  e.opened_at, e.closed_at, d.closed_at as finished_at,
  c.version, (c.body->'value'->>'amount')::numeric as value,
  i.invoices, i.invoiced, i.paid, i.open as open_invoices,
  exists (select from project p join project_transaction t on t.project_id = p.id
    join erp_line l on l.transaction_id = t.id where p.engagement_id = e.id) as posted,
  o.colour, x.exceptions, x.exception_id, x.message, x.owner, a.waiting, a.note, a.moving
from page e left join outlook o on o.engagement_id = e.id
  left join engagement_close d on d.engagement_id = e.id and d.state = 'closed'
left join lateral (select version, body from contract_version v where v.engagement_id = e.id
  and coalesce(v.effective_from, '-infinity') <= current_date order by version desc limit 1) c on true
cross join lateral (select count(*) filter (where status <> 'void') as invoices,
  coalesce(sum((state->'total'->>'amount')::numeric) filter (where status <> 'void'), 0) as invoiced,
  coalesce(sum((state->'paid'->>'amount')::numeric) filter (where status <> 'void'), 0) as paid,
  count(*) filter (where status not in ('paid', 'void')) as open from invoice where engagement_id = e.id) i
cross join lateral (select count(*) as exceptions, (array_agg(o.id order by o.opened_at, o.id))[1] as exception_id,
  (array_agg(o.message order by o.opened_at, o.id))[1] as message,
  (array_agg(o.owner order by o.opened_at, o.id))[1] as owner from open o where o.engagement = e.id) x
cross join lateral (select count(*) filter (where state in ('retrying', 'waiting')) as waiting,
  min(note) filter (where state in ('retrying', 'waiting')) as note, bool_or(behind) as moving
  from agenda where engagement = e.id) a
order by e.opened_at desc, e.id desc
"""


def list_engagements(
    db: Connection,
    *,
    limit: int = LARGEST,
    engagement_id: str | None = None,
    show: Show = "all",
    search: str | None = None,
    after: Place | None = None,
    colour: Colour | None = None,
) -> list[EngagementRow]:
    """The newest engagements first. `search` is part of a name, or any id of any system."""
    values = {
        "limit": limit,
        "id": engagement_id,
        "show": show,
        "search": search,
        "colour": colour,
        "after_at": after.at if after else None,
        "after_id": after.id if after else None,
    }
    return [_row(row) for row in db.execute(_LIST, values).fetchall()]


def page_engagements(
    db: Connection,
    *,
    limit: int,
    show: Show = "all",
    search: str | None = None,
    cursor: str | None = None,
    colour: Colour | None = None,
) -> Page[EngagementRow]:
    """One page of the list. Raises BadCursor."""
    rows = list_engagements(db, limit=limit + 1, show=show, search=search, after=place_of(cursor), colour=colour)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=tuple(rows[:limit]), next=Place(last.opened_at, last.id).cursor if last else None)


def _row(row: dict[str, Any]) -> EngagementRow:
    stage = _stage(row)
    if row["exceptions"]:
        health, stands = "trouble", row["message"]
    elif row["waiting"]:
        health, stands = "waiting", row["note"] or "it is tried again by itself"
    elif row["moving"]:
        health, stands = "waiting", "Tieline is working on it"
    else:
        health, stands = "ok", _fine(row, stage)
    return EngagementRow(
        id=row["id"],
        name=row["name"],
        customer=row["customer"],
        legal_entity=row["legal_entity"],
        currency=row["currency"],
        value=row["value"],
        contract_version=row["version"],
        stage=stage,
        health=health,
        stands=stands,
        acts=row["owner"],
        exception_id=row["exception_id"],
        open_exceptions=row["exceptions"],
        invoiced=row["invoiced"],
        paid=row["paid"],
        opened_at=row["opened_at"],
        colour=row["colour"],
    )


def _stage(row: dict[str, Any]) -> str:
    if row["closed_at"] is not None:
        return "withdrawn"
    if row["finished_at"] is not None:
        return "closed"
    if row["version"] is None:
        return "proposal"
    if row["invoices"]:
        return "billing" if row["open_invoices"] else "paid"
    return "delivery & time" if row["posted"] else "contract & project set-up"


def _fine(row: dict[str, Any], stage: str) -> str:
    match stage:
        case "withdrawn":
            return "withdrawn by decision"
        case "closed":
            left = f", {row['open_invoices']} invoices are open" if row["open_invoices"] else ""
            return f"the work is done and billed{left}"
        case "paid":
            return "all invoices are paid"
        case "billing":
            return f"{row['open_invoices']} of {row['invoices']} invoices are open"
        case "delivery & time":
            return "approved time is posted as it comes"
    return "every system holds the contract"


@dataclass(frozen=True, kw_only=True)
class EngagementCounts:
    """All engagements in figures."""

    all: int
    trouble: int
    """A person must act."""
    waiting: int
    """They wait and go on by themselves."""


def count_engagements(db: Connection) -> EngagementCounts:
    """How many there are, how many need a person, how many wait."""
    row = db.execute(
        "with open as (select distinct coalesce(l.engagement, p.engagement_id) as engagement from exception_item i"
        " join exception_line l on l.exception_id = i.id left join project_transaction t on t.id = l.transaction_id"
        " left join project p on p.id = t.project_id where i.closed_at is null)"
        " select count(*) as all, count(*) filter (where id in (select engagement from open)) as trouble,"
        " count(*) filter (where id not in (select engagement from open where engagement is not null)"
        " and exists (select from agenda a where a.engagement = e.id and (a.behind or a.state in"
        " ('retrying', 'waiting')))) as waiting from engagement e"
    ).fetchone()
    assert row is not None
    return EngagementCounts(**row)
