"""The exception queue as people see it: what is wrong, how much waits for it, who mends it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class ExceptionRow:
    """One open exception. Money of different currencies is never summed: `money` lists each."""

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
    approval_id: int | None = None


_LIST = """
select i.id, i.kind, i.message, i.suggestion, i.owner, i.connection, i.field, i.key, i.legal_entity, i.opened_at,
  (select count(*) from exception_line l where l.exception_id = i.id) as waiting,
  (select jsonb_object_agg(currency, amount) from (
    select coalesce(l.currency, t.currency) as currency, sum(abs(coalesce(l.amount, t.amount))) as amount
    from exception_line l left join project_transaction t on t.id = l.transaction_id
    where l.exception_id = i.id and coalesce(l.currency, t.currency) is not null
      and coalesce(l.amount, t.amount) is not null group by 1) m) as money,
  (select array_agg(distinct engagement) from (select coalesce(l.engagement, p.engagement_id) as engagement
    from exception_line l left join project_transaction t on t.id = l.transaction_id
    left join project p on p.id = t.project_id where l.exception_id = i.id limit 20) e
    where engagement is not null) as engagements,
  (select a.id from approval a join exception_line l on l.exception_id = i.id and l.flow = a.flow and l.key = a.key
    where i.kind = 'approval' and a.state = 'asked' limit 1) as approval_id
from exception_item i
where i.closed_at is null and (%(id)s::bigint is null or i.id = %(id)s)
  and (%(engagement)s::text is null or exists (select from exception_line l
    left join project_transaction t on t.id = l.transaction_id left join project p on p.id = t.project_id
    where l.exception_id = i.id and coalesce(l.engagement, p.engagement_id) = %(engagement)s))
order by i.opened_at, i.id limit %(limit)s
"""


def list_exceptions(
    db: Connection, *, limit: int = 200, exception_id: int | None = None, engagement_id: str | None = None
) -> list[ExceptionRow]:
    """Open exceptions, the oldest first."""
    rows = db.execute(_LIST, {"limit": limit, "id": exception_id, "engagement": engagement_id}).fetchall()
    return [
        ExceptionRow(
            **{
                **row,
                "money": tuple(sorted((key, Decimal(str(value))) for key, value in (row["money"] or {}).items())),
                "engagements": tuple(row["engagements"] or ()),
            }
        )
        for row in rows
    ]
