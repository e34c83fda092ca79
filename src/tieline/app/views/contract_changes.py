"""Which contract versions have not reached every system yet, and what is missing where."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tieline.store.database import Connection

MOST = 200
THERE = ("confirmed", "unchanged")
BESIDE = ("note", "not_in_use", "kept_here", "off", "asks")
"""Steps that are no write which could be missing."""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """One step that has not happened yet."""

    label: str
    connection: str | None
    what: str
    detail: str | None


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """The newest version of a contract that some system does not hold yet."""

    contract_id: str
    version: int
    activated_at: datetime
    value: Decimal
    currency: str
    engagement_id: str
    engagement: str
    customer: str
    state: str
    """Of the process that carries it: `new`, `retrying`, `waiting` or `blocked`."""
    there: int
    """Steps whose system holds it."""
    missing: tuple[Missing, ...]
    exception_id: int | None
    owner: str | None
    order: str | None
    """The number of the change order that made it."""
    behind: tuple[str, ...]
    """Connections that have not confirmed it; no invoice of its period is sent before they have."""


_CHANGES = """
select v.contract_id, v.version, v.activated_at, (v.body->'value'->>'amount')::numeric as value,
  v.body->'value'->>'currency' as currency, v.engagement_id, left(e.name, 200) as engagement,
  left(e.customer_name, 200) as customer, case when a.behind and a.state in ('done', 'new') then 'new' else a.state end
    as state, r.steps, x.id as exception_id, x.owner, v.body->'change'->'order'->>'number' as order,
  array(select distinct h.connection from version_held h join project p on p.id = h.project_id
    where p.contract_id = v.contract_id and h.version < v.version order by 1) as behind
from contract_version v join engagement e on e.id = v.engagement_id
join agenda a on a.flow = 'contract_to_project' and a.key = v.contract_id
left join lateral (select steps from run where flow = a.flow and key = a.key and steps is not null
  order by id desc limit 1) r on true
left join lateral (select i.id, i.owner from exception_line l join exception_item i on i.id = l.exception_id
  where l.flow = a.flow and l.key = a.key and i.closed_at is null order by i.opened_at, i.id limit 1) x on true
where e.closed_at is null and (a.behind or a.state <> 'done')
  and v.version = (select max(version) from contract_version n where n.contract_id = v.contract_id
    and coalesce(n.effective_from, '-infinity') <= current_date)
order by v.activated_at, v.contract_id limit %s
"""


def read_changes(db: Connection, *, limit: int = MOST) -> list[ChangeRow]:
    """The oldest first."""
    return [_row(row) for row in db.execute(_CHANGES, [limit]).fetchall()]


def _row(row: dict[str, Any]) -> ChangeRow:
    steps = [step for step in row.pop("steps") or () if step.get("what") not in BESIDE]
    missing = [step for step in steps if step["what"] not in THERE]
    return ChangeRow(
        **{**row, "behind": tuple(row["behind"])},
        there=len(steps) - len(missing),
        missing=tuple(
            Missing(
                label=step["label"], connection=step.get("connection"), what=step["what"], detail=step.get("detail")
            )
            for step in missing[:20]
        ),
    )
