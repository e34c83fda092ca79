"""Discrepancies and the runs that find them, as people see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from tieline.app.views.paging import LARGEST, BadCursor, Page, Place, place_of
from tieline.reconciliation.words import told
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class DiscrepancyRow:
    """What two systems disagree about, in words."""

    id: int
    record: str
    kind: str
    message: str
    suggestion: str
    left_side: str
    right_side: str
    reference: str
    external_id: str | None
    legal_entity: str
    currency: str
    money: Decimal | None
    """At risk."""
    period: str
    project_id: str | None
    project: str | None
    engagement_id: str | None
    expected: dict[str, Any] | None
    found: dict[str, Any] | None
    repair: str
    repair_by: str | None
    """Who asked for its repair."""
    repaired_at: datetime | None
    exception_id: int | None
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which discrepancies; None takes all."""

    kind: str | None = None
    record: str | None = None
    connection: str | None = None
    entity: str | None = None
    run: int | None = None


_LIST = """
select d.id, d.record, d.kind, d.left_side, d.right_side, d.reference, nullif(d.external_id, '') as external_id,
  d.legal_entity, d.currency, d.money, d.period, p.id as project_id, p.code, p.engagement_id, d.expected, d.found,
  d.repair, d.repair_by, d.repaired_at, d.first_seen, d.last_seen, d.label,
  (select i.id from exception_line l join exception_item i on i.id = l.exception_id
    where i.closed_at is null and d.repair = 'person' and l.flow = 'reconciliation' and l.key = d.left_side || '>'
      || d.right_side || '|' || d.record || '|' || d.kind || '|' || d.project_id limit 1) as exception_id
from discrepancy d left join project p on p.id = d.project_id
where d.closed_at is null and (%(kind)s::text is null or d.kind = %(kind)s)
  and (%(record)s::text is null or d.record = %(record)s)
  and (%(connection)s::text is null or %(connection)s in (d.left_side, d.right_side))
  and (%(entity)s::text is null or d.legal_entity = %(entity)s) and (%(run)s::bigint is null or d.run_id = %(run)s)
  and (%(at)s::timestamptz is null or (d.first_seen, d.id) > (%(at)s, %(after)s))
order by d.first_seen, d.id limit %(limit)s
"""


def list_discrepancies(
    db: Connection,
    names: Mapping[str, str],
    filters: Filters | None = None,
    *,
    run: int | None = None,
    cursor: str | None = None,
    limit: int = LARGEST,
) -> Page[DiscrepancyRow]:
    """Open discrepancies, the oldest first. `names`: connection -> the vendor's name. Raises BadCursor."""
    wanted, place = filters or Filters(run=run), place_of(cursor)
    if place is not None and not (place.id.isascii() and place.id.isdigit() and len(place.id) < 19):
        raise BadCursor
    rows = db.execute(
        _LIST,
        {
            "kind": wanted.kind,
            "record": wanted.record,
            "connection": wanted.connection,
            "entity": wanted.entity,
            "run": wanted.run,
            "at": place.at if place else None,
            "after": int(place.id) if place else 0,
            "limit": limit + 1,
        },
    ).fetchall()
    items = tuple(_row(row, names) for row in rows[:limit])
    more = len(rows) > limit
    return Page(items=items, next=Place(items[-1].first_seen, str(items[-1].id)).cursor if more else None)


def _row(row: dict[str, Any], names: Mapping[str, str]) -> DiscrepancyRow:
    words = told(row, names)
    code = row.pop("code")
    del row["label"]
    return DiscrepancyRow(**row, project=code, message=words.message, suggestion=words.suggestion)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """All open discrepancies in figures."""

    open: int
    repairable: int
    money: tuple[tuple[str, Decimal], ...]
    """At risk, by currency."""
    kinds: tuple[tuple[str, int], ...]
    entities: tuple[tuple[str, int, tuple[tuple[str, Decimal], ...]], ...]
    """Legal entity, how many, and the money at risk by currency."""


def read_standing(db: Connection) -> Standing:
    """The figures of the page."""
    rows = db.execute(
        "select legal_entity, currency, kind, repair <> 'person' as repairable, count(*) as n, sum(money) as money"
        " from discrepancy where closed_at is null group by 1, 2, 3, 4 order by 1, 2, 3, 4"
    ).fetchall()
    kinds: dict[str, int] = {}
    money: dict[str, Decimal] = {}
    entities: dict[str, tuple[int, dict[str, Decimal]]] = {}
    for row in rows:
        kinds[row["kind"]] = kinds.get(row["kind"], 0) + row["n"]
        count, amounts = entities.get(row["legal_entity"], (0, {}))
        entities[row["legal_entity"]] = (count + row["n"], amounts)
        if row["money"] is not None and row["currency"] != "-":
            for sums in (money, amounts):
                sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["money"]
    return Standing(
        open=sum(row["n"] for row in rows),
        repairable=sum(row["n"] for row in rows if row["repairable"]),
        money=tuple(sorted(money.items())),
        kinds=tuple(sorted(kinds.items())),
        entities=tuple((name, n, tuple(sorted(sums.items()))) for name, (n, sums) in sorted(entities.items())),
    )


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A comparison of the systems."""

    id: int
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    state: str
    period: str | None
    connection: str | None
    legal_entity: str | None
    open: int | None
    compared: list[dict[str, Any]]
    problem: str | None


def list_runs(db: Connection, limit: int = 20) -> list[RunRow]:
    """Comparisons, the newest first."""
    rows = db.execute(
        "select id, asked_by, asked_at, ended_at, state, scope->>'period' as period,"
        " scope->>'connection' as connection, scope->>'entity' as legal_entity, (result->>'open')::int as open,"
        " coalesce(result->'compared', '[]') as compared, problem from reconciliation order by id desc limit %s",
        [limit],
    ).fetchall()
    return [RunRow(**row) for row in rows]


@dataclass(frozen=True, kw_only=True)
class VerificationRow:
    """A check of the invariants."""

    id: int
    asked_by: str
    seed: int
    started_at: datetime
    ended_at: datetime | None
    state: str
    violations: int | None
    problem: str | None
    checked: list[dict[str, Any]]


def list_verifications(db: Connection, limit: int = 20) -> list[VerificationRow]:
    """Checks of the invariants, the newest first."""
    rows = db.execute(
        "select id, asked_by, seed, started_at, ended_at, state, violations, problem,"
        " coalesce(result->'checked', '[]') as checked from verification order by id desc limit %s",
        [limit],
    ).fetchall()
    return [VerificationRow(**row) for row in rows]


def ask_comparison(db: Connection, by: str, period: str | None, connection: str | None, entity: str | None) -> int:
    """Have the worker compare the systems; returns the run's number. One that waits already is joined."""
    scope = Jsonb({"period": period, "connection": connection, "entity": entity})
    row = db.execute(
        "with waiting as ("
        " select id from reconciliation where state = 'asked' and scope = %(scope)s order by id limit 1),"
        " made as (insert into reconciliation (scope, asked_by) select %(scope)s, %(by)s"
        " where not exists (select from waiting) returning id)"
        " select id from waiting union all select id from made",
        {"scope": scope, "by": by},
    ).fetchone()
    assert row is not None
    return int(row["id"])
