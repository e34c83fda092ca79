"""Golden records in the database: customers as last seen, pairs that may be one, and who stands for whom."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from tieline.model.customer import Customer
from tieline.store.canonical import loaded
from tieline.store.database import Connection

COUNTED = 10_000
"""A key is counted up to here; beyond, it is common however many there are."""

_SEEN = """
insert into master_record as m (kind, id, body, keys, source_version)
values ('customer', %(id)s, %(body)s, %(keys)s, %(version)s)
on conflict (kind, id) do update set body = excluded.body, keys = excluded.keys,
  source_version = excluded.source_version, seen_at = clock_timestamp()
where m.source_version <= excluded.source_version
  and (m.body, m.keys) is distinct from (excluded.body, excluded.keys)
"""


def see_customer(db: Connection, customer: Customer, keys: Sequence[str]) -> None:
    """Keep a customer as just read; people at the customer are not kept."""
    body = customer.model_dump(mode="json", exclude={"contacts"})
    values = {"id": customer.id, "body": Jsonb(body), "keys": list(keys), "version": customer.source_version}
    db.execute(_SEEN, values)


def seen_customers(db: Connection, ids: Iterable[str]) -> dict[str, Customer]:
    """Customers as last seen, by id."""
    rows = db.execute(
        "select id, body from master_record where kind = 'customer' and id = any (%s)", [list(ids)]
    ).fetchall()
    return {row["id"]: loaded(Customer, row["body"]) for row in rows}


def all_customers(db: Connection) -> list[Customer]:
    """Every customer as last seen."""
    rows = db.execute("select body from master_record where kind = 'customer' order by id").fetchall()
    return [loaded(Customer, row["body"]) for row in rows]


_COUNT = """
select k.key, (select count(*) from (select from master_record m where m.kind = 'customer' and m.keys @> array[k.key]
  limit %(most)s) c) as n from unnest(%(keys)s::text[]) k (key)
union all select '', count(*) from (select from master_record where kind = 'customer' limit %(most)s * 10) t
"""


def count_keys(db: Connection, keys: Sequence[str]) -> tuple[dict[str, int], int]:
    """How many customers have each of these keys, and how many customers there are."""
    rows = db.execute(_COUNT, {"keys": list(keys), "most": COUNTED}).fetchall()
    counts = {row["key"]: int(row["n"]) for row in rows}
    return counts, counts.pop("")


def customers_with(db: Connection, keys: Sequence[str], but: str) -> list[Customer]:
    """Customers that share one of these keys; the keys must be such that few have."""
    rows = db.execute(
        "select body from master_record where kind = 'customer' and keys && %s and id <> %s order by id",
        [list(keys), but],
    ).fetchall()
    return [loaded(Customer, row["body"]) for row in rows]


def decisions_about(db: Connection, customer: str) -> dict[str, str]:
    """The other customer of each pair a person (or the site's bound) decided -> `same` or `different`."""
    rows = db.execute(
        "select case when one = %(id)s then other else one end as twin, state from match_pair"
        " where kind = 'customer' and %(id)s in (one, other) and state <> 'open'",
        {"id": customer},
    ).fetchall()
    return {row["twin"]: row["state"] for row in rows}


def told_apart(db: Connection) -> set[tuple[str, str]]:
    """All pairs of customers that were called different."""
    rows = db.execute("select one, other from match_pair where kind = 'customer' and state = 'different'").fetchall()
    return {(row["one"], row["other"]) for row in rows}


_NOTE = """
insert into match_pair as p (kind, one, other, probability, reasons)
values ('customer', least(%(one)s, %(other)s), greatest(%(one)s, %(other)s), %(probability)s, %(reasons)s)
on conflict (kind, one, other) do update set probability = excluded.probability, reasons = excluded.reasons
returning id, state
"""


def note_pair(
    db: Connection, one: str, other: str, probability: float, reasons: Sequence[Mapping[str, Any]]
) -> tuple[int, str]:
    """Remember that two customers may be one; what was decided stays decided. Returns the pair's number and state."""
    values = {"one": one, "other": other, "probability": probability, "reasons": Jsonb(list(reasons))}
    row = db.execute(_NOTE, values).fetchone()
    assert row is not None
    return int(row["id"]), str(row["state"])


def forget_pairs(db: Connection, but: Iterable[tuple[str, str]]) -> int:
    """Drop open pairs that are not likely any more; returns how many."""
    kept = sorted(but)
    ones, others = [one for one, _ in kept], [other for _, other in kept]
    return db.execute(
        "delete from match_pair where kind = 'customer' and state = 'open' and not exists ("
        "select from unnest(%s::text[], %s::text[]) k (one, other) where k.one = match_pair.one"
        " and k.other = match_pair.other)",
        [ones, others],
    ).rowcount


# ---- who stands for whom ----


def survivor_of(db: Connection, customer: str) -> str:
    """The customer that stands for this one; itself when it was merged into none."""
    row = db.execute("select id from customer_up(%s) order by depth desc limit 1", [customer]).fetchone()
    assert row is not None
    return str(row["id"])


def family_of(db: Connection, customer: str) -> list[str]:
    """All customers that are one with this one, the one that stands for them first."""
    rows = db.execute("select id from customer_family(%s) order by depth, id", [customer]).fetchall()
    return [str(row["id"]) for row in rows]


_KIN = """
with recursive kin as (
  select %(one)s::text as id
  union select case when m.id = kin.id then m.master_id else m.id end
  from kin join merged_customer m on kin.id in (m.id, m.master_id) where m.pair_id is null)
select from kin where id = %(other)s
"""


def merged_in_crm(db: Connection, one: str, other: str) -> bool:
    """Whether the CRM itself made one of two customers; those people made one stay two records there."""
    return db.execute(_KIN, {"one": one, "other": other}).fetchone() is not None


_ABOVE = """
with recursive above as (
  select id, body, 1 as depth from master_record where kind = 'customer' and id = %(parent)s
  union all select m.id, m.body, a.depth + 1 from above a join master_record m on m.kind = 'customer'
    and m.id = a.body ->> 'parent_id' where a.depth < 50)
select distinct on (id) id, body from above
"""


def hierarchy_above(db: Connection, customer: Customer) -> dict[str, Customer]:
    """The parents of a customer as last seen, by id, as far up as they are known."""
    if customer.parent_id is None:
        return {}
    rows = db.execute(_ABOVE, {"parent": customer.parent_id}).fetchall()
    return {row["id"]: loaded(Customer, row["body"]) for row in rows}


_HELD_AS = """
select f.id from (select id, min(place) as place from (select id, depth as place from customer_up(%(id)s)
    union all select id, 100 + depth from customer_family(%(id)s)) f group by id) f
  left join merged_customer m on m.id = f.id
  join cross_reference r on r.connection = %(connection)s and r.target = 'customer'
    and r.subject = f.id || ':' || %(entity)s
order by f.place, m.merged_at, f.id limit 1
"""


def customer_held_as(db: Connection, connection: str, customer: str, legal_entity: str) -> str:
    """Our id under which an ERP holds a customer: its own, that of the one it was merged into, or of another that was.

    When the ERP holds none of them it is that of the one that stands for all, so that only one is made.
    """
    row = db.execute(_HELD_AS, {"id": customer, "connection": connection, "entity": legal_entity}).fetchone()
    return str(row["id"]) if row else survivor_of(db, customer)


def note_merge(db: Connection, merged: str, master: str) -> None:
    """Remember that a customer became another one in the CRM; what people had merged the other way round gives way."""
    db.execute(
        "delete from merged_customer where master_id = %s and id in (select id from customer_up(%s))", [merged, master]
    )
    db.execute(
        "insert into merged_customer as m (id, master_id) values (%s, %s) on conflict (id) do update"
        " set master_id = excluded.master_id, pair_id = null where m.master_id <> excluded.master_id",
        [merged, master],
    )


def stand_for(db: Connection, survivor: str, merged: str, pair: int) -> bool:
    """Let one customer stand for another by decision of a person; false when they are one already."""
    root, other = survivor_of(db, survivor), survivor_of(db, merged)
    if root == other:
        return False
    db.execute("insert into merged_customer (id, master_id, pair_id) values (%s, %s, %s)", [other, root, pair])
    return True


_APART = """
select p.one, p.other from match_pair p where p.kind = 'customer' and p.state = 'different'
  and ((p.one = any (%(left)s) and p.other = any (%(right)s)) or (p.one = any (%(right)s) and p.other = any (%(left)s)))
limit 1
"""


def apart(db: Connection, one: str, other: str) -> tuple[str, str] | None:
    """Two customers a person called different, of which each is one with one of these; None when there are none."""
    row = db.execute(_APART, {"left": family_of(db, one), "right": family_of(db, other)}).fetchone()
    return (row["one"], row["other"]) if row else None


def stand_alone(db: Connection, pair: int) -> None:
    """Take back what the decision on a pair merged."""
    db.execute("delete from merged_customer where pair_id = %s", [pair])


def choices_for(db: Connection, survivor: str) -> dict[str, str]:
    """Field -> the customer whose value a person chose for the one that stands for others; the latest choice counts."""
    rows = db.execute(
        "select p.choices from merged_customer m join match_pair p on p.id = m.pair_id"
        " where m.master_id = %s order by p.decided_at",
        [survivor],
    ).fetchall()
    chosen: dict[str, str] = {}
    for row in rows:
        chosen |= row["choices"]
    return chosen


def count_open(db: Connection) -> int:
    """Pairs that wait for a person."""
    row = db.execute("select count(*) as n from match_pair where kind = 'customer' and state = 'open'").fetchone()
    assert row is not None
    return int(row["n"])
