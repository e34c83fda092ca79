"""Engagements: where each stands, why, and who must act."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tieline.store.database import Connection

STAGES = (
    "proposal",
    "contract & project set-up",
    "delivery & time",
    "billing",
    "paid",
    "withdrawn",
)


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
    open_exceptions: int
    invoiced: Decimal
    paid: Decimal
    opened_at: datetime


_LIST = """
select e.id, e.name, e.customer_name as customer, e.legal_entity, e.currency, e.opened_at, e.closed_at,
  c.version, (c.body->'value'->>'amount')::numeric as value,
  coalesce(i.invoices, 0) as invoices, coalesce(i.invoiced, 0) as invoiced, coalesce(i.paid, 0) as paid,
  coalesce(i.open, 0) as open_invoices,
  (select count(*) from erp_line l join project_transaction t on t.id = l.transaction_id
    join project p on p.id = t.project_id where p.engagement_id = e.id) as posted,
  x.exceptions, x.message, x.owner, a.waiting, a.note
from engagement e
left join lateral (select version, body from contract_version v where v.engagement_id = e.id
  order by version desc limit 1) c on true
left join lateral (select count(*) as invoices, sum((state->'total'->>'amount')::numeric) as invoiced,
  sum((state->'paid'->>'amount')::numeric) as paid, count(*) filter (where status <> 'paid') as open
  from invoice where engagement_id = e.id) i on true
left join lateral (select count(*) as exceptions, min(message) as message, min(owner) as owner
  from (select distinct on (item.id) item.message, item.owner, item.opened_at from exception_line line
    join exception_item item on item.id = line.exception_id and item.closed_at is null
    where line.engagement = e.id) open) x on true
left join lateral (select count(*) as waiting, min(note) as note from agenda
  where engagement = e.id and state in ('retrying', 'waiting')) a on true
where (%(id)s::text is null or e.id = %(id)s)
order by e.opened_at desc, e.id limit %(limit)s
"""


def list_engagements(db: Connection, *, limit: int = 200, engagement_id: str | None = None) -> list[EngagementRow]:
    """The newest engagements first."""
    rows = db.execute(_LIST, {"limit": limit, "id": engagement_id}).fetchall()
    return [_row(row) for row in rows]


def _row(row: dict[str, object]) -> EngagementRow:
    exceptions, waiting = int(str(row["exceptions"])), int(str(row["waiting"]))
    stage = _stage(row)
    if exceptions:
        health, stands = "trouble", str(row["message"])
    elif waiting:
        health, stands = "waiting", str(row["note"] or "it is tried again by itself")
    else:
        health, stands = "ok", _fine(row, stage)
    return EngagementRow(
        id=str(row["id"]),
        name=str(row["name"]),
        customer=str(row["customer"]),
        legal_entity=_text(row["legal_entity"]),
        currency=_text(row["currency"]),
        value=_decimal(row["value"]),
        contract_version=int(str(row["version"])) if row["version"] is not None else None,
        stage=stage,
        health=health,
        stands=stands,
        acts=_text(row["owner"]) if exceptions else None,
        open_exceptions=exceptions,
        invoiced=_decimal(row["invoiced"]) or Decimal(0),
        paid=_decimal(row["paid"]) or Decimal(0),
        opened_at=row["opened_at"],  # type: ignore[arg-type]
    )


def _stage(row: dict[str, object]) -> str:
    if row["closed_at"] is not None:
        return "withdrawn"
    if row["version"] is None:
        return "proposal"
    if int(str(row["invoices"])):
        return "billing" if int(str(row["open_invoices"])) else "paid"
    return "delivery & time" if int(str(row["posted"])) else "contract & project set-up"


def _fine(row: dict[str, object], stage: str) -> str:
    match stage:
        case "withdrawn":
            return "withdrawn by decision"
        case "paid":
            return "all invoices are paid"
        case "billing":
            return f"{row['open_invoices']} of {row['invoices']} invoices are open"
        case "delivery & time":
            return f"{row['posted']} approved entries are posted"
    return "every system holds the contract"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
