"""Costs born in the ERP, as they stand there: a document that changed replaces its lines, and older ones are kept."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from psycopg.types.json import Jsonb

from tieline.engine.feed_lock import lock_feed
from tieline.engine.intake import sweep_pages
from tieline.engine.wake import wake_many
from tieline.model.cost import CostRules, ErpCost
from tieline.sdk.feed import Changes, CostDocument, CostLine
from tieline.store.canonical import body_of, loaded, refer_all
from tieline.store.database import Connection, Database, repeating

FLOW = "erp_costs"
FEED = "costs"
_LIVE = """
select id, cost_id, document, version, project_ref, body from erp_cost
where connection = %s and document = any (%s) and live order by id for update
"""
_STORE = """
insert into erp_cost (connection, cost_id, document, version, project_ref, kind, day, body, source)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_END = "update erp_cost set live = false, ended_at = clock_timestamp(), end_note = %s where id = any (%s)"


def pull_costs(database: Database, connection: str, pages: Callable[[str | None], Changes[CostDocument]]) -> int:
    """Read the feed of costs to its end; returns how many lines came, changed or went. Raises the three errors."""
    return sweep_pages(database, f"{connection}:{FEED}", pages, partial(take_documents, connection=connection))


def take_documents(db: Connection, documents: Sequence[CostDocument], *, connection: str) -> int:
    """Bring what we hold of these documents to how they stand; call it in a transaction. The newest version wins."""
    lock_feed(db, f"{connection}:{FEED}")
    newest = {one.external_id: one for one in sorted(documents, key=lambda one: one.version)}
    held: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in db.execute(_LIVE, [connection, list(newest)]).fetchall():
        held[row["document"]].append(row)
    ended: list[dict[str, Any]] = []
    fresh: list[tuple[CostDocument, CostLine]] = []
    for ref, document in newest.items():
        if any(row["version"] > document.version for row in held[ref]):
            continue
        stand = {line.cost.id: line for line in document.lines}
        kept = {row["cost_id"] for row in held[ref] if _same(row, stand)}
        ended += [row for row in held[ref] if row["cost_id"] not in kept]
        fresh += [(document, line) for line in stand.values() if line.cost.id not in kept]
    _end(db, ended, "it stands otherwise in the ERP")
    _store(db, connection, fresh)
    wake_costs(db, connection, {row["project_ref"] for row in ended} | {line.cost.project_ref for _, line in fresh})
    return len({row["cost_id"] for row in ended} | {line.cost.id for _, line in fresh})


def _same(row: Mapping[str, Any], stand: Mapping[str, CostLine]) -> bool:
    line = stand.get(row["cost_id"])
    return line is not None and loaded(ErpCost, row["body"]) == line.cost


def _end(db: Connection, rows: Iterable[Mapping[str, Any]], note: str) -> None:
    ids = [row["id"] for row in rows]
    if ids:
        db.execute(_END, [note, ids])


def _store(db: Connection, connection: str, lines: Sequence[tuple[CostDocument, CostLine]]) -> None:
    refer_all(db, connection, "erp_cost", {one.cost.id: f"{one.cost.document_ref}:{one.cost.line}" for _, one in lines})
    values = [_row(connection, document, line) for document, line in lines]
    with db.cursor() as cursor:
        cursor.executemany(_STORE, values)


def _row(connection: str, document: CostDocument, line: CostLine) -> tuple[Any, ...]:
    cost = line.cost
    source = Jsonb({name: str(value) for name, value in line.row.items()})
    head = (connection, cost.id, document.external_id, document.version)
    return (*head, cost.project_ref, cost.kind, cost.day, body_of(cost), source)


_GONE = """
select id, project_ref, document from erp_cost
where connection = %(connection)s and live and seen_at < %(listed_at)s and not (document = any (%(present)s))
order by id for update
"""


@repeating
def take_back_costs(database: Database, connection: str, present: Collection[str], listed_at: datetime) -> int:
    """Documents the ERP no longer holds cost nothing any more; `listed_at`: when it was asked. Returns the lines."""
    with database.transaction() as db:
        lock_feed(db, f"{connection}:{FEED}")
        values = {"connection": connection, "listed_at": listed_at, "present": list(present)}
        gone = db.execute(_GONE, values).fetchall()
        _end(db, gone, "its document is gone in the ERP")
        wake_costs(db, connection, {row["project_ref"] for row in gone})
    return len(gone)


_PROJECTS = """
select w.ref, p.id, p.engagement_id, p.code, p.currency, p.legal_entity from unnest(%(refs)s::text[]) w (ref)
join lateral (
  select q.*, 1 as rank from cross_reference r join project q on q.id = r.subject
    where r.connection = %(connection)s and r.target = 'project' and r.external_id = w.ref
  union all
  select q.*, 2 from project q where q.code = w.ref
  order by rank limit 1) p on true
"""


@dataclass(frozen=True, slots=True)
class CostProject:
    """The project of ours an ERP's reference stands for."""

    id: str
    engagement_id: str
    code: str
    currency: str
    legal_entity: str


def projects_of(db: Connection, connection: str, refs: Collection[str]) -> dict[str, CostProject]:
    """By the ERP's reference: its id of the project, or our code."""
    rows = db.execute(_PROJECTS, {"connection": connection, "refs": list(refs)}).fetchall()
    return {row.pop("ref"): CostProject(**row) for row in rows}


def wake_costs(db: Connection, connection: str, refs: Collection[str]) -> None:
    """Whoever judges the costs of these projects looks at them again."""
    known = projects_of(db, connection, refs) if refs else {}
    instances = []
    for ref in sorted(refs):
        key = f"{connection}:{ref}"
        instances.append((FLOW, key, known[ref].engagement_id if ref in known else key))
    wake_many(db, instances, "event")


_ALL = "select connection, array_agg(distinct project_ref) as refs from erp_cost where live group by connection"


@repeating
def wake_all_costs(database: Database) -> None:
    """Rules and exchange rates may have changed: all costs are judged again."""
    with database.transaction() as db:
        for row in db.execute(_ALL).fetchall():
            wake_costs(db, row["connection"], row["refs"])


@dataclass(frozen=True, slots=True)
class StoredCost:
    """A line as it stands, and how it was valued."""

    number: int
    cost: ErpCost
    project_id: str | None
    worth: Decimal | None
    counted: bool
    valued_by: str | None


_STANDING = """
select id as number, body, project_id, cost as worth, counted, valued_by from erp_cost
where connection = %s and project_ref = %s and live order by id
"""
_VALUE = """
update erp_cost set project_id = %(project)s, cost = %(worth)s, counted = %(counted)s, valued_by = %(valued_by)s
where id = %(id)s and live
"""


def standing_costs(db: Connection, connection: str, ref: str) -> list[StoredCost]:
    """What the ERP holds for one of its projects."""
    rows = db.execute(_STANDING, [connection, ref]).fetchall()
    return [StoredCost(cost=loaded(ErpCost, row.pop("body")), **row) for row in rows]


def value_costs(db: Connection, costs: Sequence[StoredCost]) -> None:
    """Note which project lines belong to, and what they cost it."""
    for one in costs:
        values = {"project": one.project_id, "worth": one.worth, "counted": one.counted, "valued_by": one.valued_by}
        db.execute(_VALUE, {**values, "id": one.number})


def keep_sources(db: Connection, rules: CostRules) -> None:
    """The site's word on which system tells the cost of expenses, where key figures find it."""
    found = rules.in_erp()
    db.execute("delete from expense_source where not (category = any (%s))", [list(found)])
    db.execute(
        "insert into expense_source (category, in_erp) select * from unnest(%s::text[], %s::boolean[])"
        " on conflict (category) do update set in_erp = excluded.in_erp",
        [list(found), list(found.values())],
    )
