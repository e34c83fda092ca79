"""Costs born in the ERP, for reading: what suppliers and expense reports cost an engagement, and what of it counts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieline.store.database import Connection

KINDS = {"subcontractor": "Subcontractors", "purchase": "Purchases", "expense": "Expenses"}


@dataclass(frozen=True, kw_only=True)
class CostRow:
    """One line as it stands in the ERP."""

    connection: str
    document_ref: str
    document_type: str
    number: str | None
    supplier: str | None
    project: str
    kind: str
    day: date
    text: str | None
    booked: Decimal
    booked_currency: str
    cost: Decimal | None
    """In the project's currency; None: no rate is known."""
    currency: str
    counted: bool
    valued_by: str | None


@dataclass(frozen=True, kw_only=True)
class CostSum:
    """What counts of one kind, in a currency."""

    kind: str
    currency: str
    cost: Decimal
    lines: int


_COSTS = """
select c.connection, c.document as document_ref, c.body->>'document_type' as document_type, c.body->>'number' as number,
  c.body->>'supplier' as supplier, p.code as project, c.kind, c.day, c.body->>'text' as text,
  (c.body->'net_cost'->>'amount')::numeric as booked, c.body->'net_cost'->>'currency' as booked_currency,
  c.cost, p.currency, c.counted, c.valued_by
from project p join erp_cost c on c.project_id = p.id
where p.engagement_id = %s and c.live order by c.day desc, c.id desc
"""


def read_costs(db: Connection, engagement_id: str) -> list[CostRow]:
    """The newest first."""
    return [CostRow(**row) for row in db.execute(_COSTS, [engagement_id]).fetchall()]


def cost_sums(rows: Iterable[CostRow]) -> list[CostSum]:
    """By kind and currency; what does not count, or has no rate, is in none."""
    found: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in rows:
        if row.counted and row.cost is not None:
            found[row.kind, row.currency].append(row.cost)
    return [
        CostSum(kind=kind, currency=currency, cost=sum(costs, Decimal(0)), lines=len(costs))
        for (kind, currency), costs in sorted(found.items())
    ]
