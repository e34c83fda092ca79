"""Discrepancies as stored: seen first and last, closed by themselves when a comparison does not see them any more."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from psycopg.types.json import Jsonb

from tieline.reconciliation.comparison import Comparison, Repair, Scope
from tieline.reconciliation.period import STANDING
from tieline.reconciliation.sheet import Difference
from tieline.store.database import Connection


@dataclass(frozen=True, slots=True)
class Seen:
    """How many discrepancies of a comparison are open, and how many of them are new or have gone."""

    open: int
    new: int
    closed: int


_STORE = """
insert into discrepancy as d (left_side, right_side, record, reference, kind, external_id, legal_entity, currency,
  project_id, period, expected, found, money, repair, label, run_id)
select %(left)s, %(right)s, %(record)s, r.key, r.kind, r.external_id, r.legal_entity, r.currency, r.project, r.period,
  r.expected, r.found, r.money, r.repair, r.label, %(run)s
from jsonb_to_recordset(%(rows)s) r (key text, kind text, external_id text, legal_entity text, currency text,
  project text, period text, expected jsonb, found jsonb, money numeric, repair text, label text)
on conflict (left_side, right_side, record, reference, kind, external_id) where closed_at is null
do update set expected = excluded.expected, found = excluded.found, money = excluded.money, repair = excluded.repair,
  label = excluded.label, legal_entity = excluded.legal_entity, currency = excluded.currency,
  project_id = excluded.project_id, period = excluded.period, run_id = excluded.run_id,
  last_seen = clock_timestamp(), look_by = null
returning xmax = 0 as fresh
"""
_CLOSE = """
update discrepancy set closed_at = clock_timestamp(), closed_by = coalesce(repair_by, 'tieline')
where closed_at is null and run_id <> %(run)s and left_side = %(left)s and right_side = %(right)s
  and record = %(record)s and (period = %(standing)s or not %(by_period)s or period between %(first)s and %(last)s)
  and (%(entity)s::text is null or legal_entity = %(entity)s) returning id
"""
BY_PERIOD = ("time", "expense")
"""Records compared within a period; the others are compared whole each time."""


def store(
    db: Connection,
    run: int,
    comparison: Comparison,
    scope: Scope,
    differences: Sequence[Difference],
    repairs: Mapping[int, Repair],
) -> Seen:
    """Write what a comparison found and close what it found before and not again. Call inside a transaction."""
    rows = [{**asdict(one), "repair": repairs.get(place, "person")} for place, one in enumerate(differences)]
    values: dict[str, Any] = {
        "run": run,
        "left": comparison.left,
        "right": comparison.right,
        "record": comparison.record,
        "rows": Jsonb(rows),
        "standing": STANDING,
        "by_period": comparison.record in BY_PERIOD,
        "first": f"{scope.period.first:%Y-%m}",
        "last": f"{scope.period.last:%Y-%m}",
        "entity": scope.entity,
    }
    stored = db.execute(_STORE, values).fetchall() if rows else []
    closed = db.execute(_CLOSE, values).fetchall()
    return Seen(len(stored), sum(row["fresh"] for row in stored), len(closed))


@dataclass(frozen=True, kw_only=True)
class Discrepancy:
    """One row of the table."""

    id: int
    left_side: str
    right_side: str
    record: str
    reference: str
    kind: str
    external_id: str
    legal_entity: str
    currency: str
    project_id: str
    period: str
    expected: dict[str, Any] | None
    found: dict[str, Any] | None
    money: Any
    repair: Repair
    label: str | None
    code: str | None
    """Of its project."""
    engagement_id: str | None


_SELECT = (
    "select d.id, d.left_side, d.right_side, d.record, d.reference, d.kind, d.external_id, d.legal_entity, d.currency,"
    " d.project_id, d.period, d.expected, d.found, d.money, d.repair, d.label, p.code, p.engagement_id"
    " from discrepancy d left join project p on p.id = d.project_id "
)


def read_open(db: Connection, discrepancy_id: int) -> Discrepancy | None:
    """An open one, locked."""
    row = db.execute(_SELECT + "where d.id = %s and d.closed_at is null for update of d", [discrepancy_id]).fetchone()
    return Discrepancy(**row) if row else None


def asked_repairs(db: Connection) -> list[Discrepancy]:
    """What a person asked to repair and nobody has repaired since, the oldest first."""
    rows = db.execute(
        _SELECT + "where d.closed_at is null and d.repair_by is not null and d.repaired_at is null order by d.id"
        " limit 1000"
    ).fetchall()
    return [Discrepancy(**row) for row in rows]
