"""The change guard: writes of a flow to a connection far above the usual wait behind one exception."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from tieline.engine.audit import audit
from tieline.model.money import Money
from tieline.model.record import Record
from tieline.store.database import Connection


@dataclass(slots=True)
class Change:
    """What one run sent to one connection. Money of different currencies is never summed."""

    records: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Count a record and the money it names."""
        self.records += 1
        amount = getattr(record, "value", None) or getattr(record, "net", None)
        if isinstance(amount, Money):
            self.money[amount.currency] = self.money.get(amount.currency, Decimal(0)) + abs(amount.amount)


PARTS = 32
"""Rows of one count; sessions of the database share them out, since runs that end on one row wait for each other."""

COUNTED = """
counted as (
insert into change_count as c (connection, flow, hour, part, records, money)
select n.connection, %(flow)s, date_trunc('hour', clock_timestamp()), pg_backend_pid() %% %(parts)s, n.records, n.money
from unnest(%(connections)s::text[], %(records)s::int[], %(money)s::jsonb[]) n (connection, records, money)
where exists (select from ended) order by 1
on conflict (connection, flow, hour, part) do update set records = c.records + excluded.records,
  money = case when excluded.money = '{}' then c.money else (
    select coalesce(jsonb_object_agg(key, amount), '{}') from (
    select key, sum(value::numeric) as amount from (select * from jsonb_each_text(c.money)
      union all select * from jsonb_each_text(excluded.money)) both_sides group by key) summed) end)"""
"""The part of the statement that ends a run (`ended`): what it sent is added to the count of this hour."""
_EXCEEDED = """
with hours as (
  select connection, flow, hour, sum(records) as records, max(allowed_by) as allowed_by from change_count
  where hour > date_trunc('hour', clock_timestamp()) - interval '14 days' group by connection, flow, hour)
select now_.connection, now_.flow, now_.records, coalesce(usual.records, 0) as usual, (
    select jsonb_object_agg(currency, amount) from (
      select key as currency, sum(value::numeric) as amount from change_count c, jsonb_each_text(c.money)
      where c.connection = now_.connection and c.flow = now_.flow and c.hour = now_.hour group by key) summed) as money
from hours now_ left join lateral (select avg(records)::float8 as records from hours past
  where past.connection = now_.connection and past.flow = now_.flow and past.hour < now_.hour) usual on true
where now_.hour = date_trunc('hour', clock_timestamp()) and now_.allowed_by is null
  and now_.records > greatest(%(floor)s, coalesce(usual.records, 0) * %(times)s)
"""


def count_values(changes: Mapping[str, Change]) -> dict[str, Any]:
    """What the part is told."""
    return {
        "connections": list(changes),
        "records": [change.records for change in changes.values()],
        "money": [Jsonb(change.money) for change in changes.values()],
        "parts": PARTS,
    }


@dataclass(frozen=True, slots=True)
class ChangeGuard:
    """Limits of an hour: never below `records`, else so many times the average hour of the last 14 days."""

    records: int = 1000
    times_usual: float = 10.0

    def exceeded(self, db: Connection) -> dict[str, str]:
        """`connection/flow` -> what is unusual, in words."""
        rows = db.execute(_EXCEEDED, {"floor": self.records, "times": self.times_usual}).fetchall()
        return {f"{row['connection']}/{row['flow']}": _words(row) for row in rows}


def allow(db: Connection, name: str, by: str) -> bool:
    """A person has looked: the rest of this hour may go on. False when nothing was held back."""
    connection, _, flow = name.partition("/")
    rows = db.execute(
        "update change_count set allowed_by = %s where connection = %s and flow = %s"
        " and hour = date_trunc('hour', clock_timestamp()) and allowed_by is null returning records",
        [by, connection, flow],
    ).fetchall()
    if not rows:
        return False
    audit(db, "guard.allowed", actor=by, object_=name, detail={"records": sum(row["records"] for row in rows)})
    db.execute(
        "update agenda set due_at = clock_timestamp() where flow = %s and state in ('blocked', 'retrying')", [flow]
    )
    return True


def _words(row: Mapping[str, object]) -> str:
    money = row["money"] if isinstance(row["money"], dict) else {}
    sums = "".join(f", {currency} {Decimal(str(amount)):,.2f}" for currency, amount in sorted(money.items()))
    return (
        f"unusual change: {row['flow']} has sent {row['records']:,} records{sums} to {row['connection']} in an hour;"
        f" {float(str(row['usual'])):,.0f} are usual"
    )
