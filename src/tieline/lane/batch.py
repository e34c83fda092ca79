"""Posting batches: lines of one ERP connection and legal entity that go out together."""

from collections.abc import Iterable, Mapping

from tieline.lane.pricing import Pricing
from tieline.store.database import Connection

MERGE_LOCK = 777_002
"""Advisory lock: shared by whoever puts lines into batches, taken alone by whoever moves lines between batches."""

USUAL_SIZE = 100

Target = tuple[str, str]
"""(ERP connection, legal entity)"""


def share_batches(db: Connection) -> None:
    """Until the end of the transaction nobody moves lines from one batch to another."""
    db.execute("select pg_advisory_xact_lock_shared(%s)", [MERGE_LOCK])


def make_batches(db: Connection, pricing: Pricing, lines: Mapping[Target, list[int]]) -> dict[int, int]:
    """New ready batches of at most the ERP's size; returns line -> batch."""
    parts = [
        (connection, entity, part)
        for (connection, entity), ids in sorted(lines.items())
        for part in _chunks(ids, max(1, pricing.batch_sizes.get(connection, USUAL_SIZE)))
    ]
    if not parts:
        return {}
    with db.cursor() as cursor:
        cursor.executemany(
            "insert into posting_batch (connection, legal_entity, line_ids) values (%s, %s, %s) returning id",
            parts,
            returning=True,
        )
        batches: dict[int, int] = {}
        for _, _, ids in parts:
            row = cursor.fetchone()
            assert row is not None
            batches |= dict.fromkeys(ids, int(row["id"]))
            cursor.nextset()
    return batches


def _chunks(ids: list[int], size: int) -> Iterable[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


_SMALL = """
select id, legal_entity, line_ids from posting_batch
where connection = %(connection)s and state = 'ready' and attempts = 0 and cardinality(line_ids) <= %(half)s
order by id limit 200 for update skip locked
"""
_GATHER = "update posting_batch set line_ids = %(lines)s where id = %(id)s"
_EMPTY = "update posting_batch set state = 'done', line_ids = '{}' where id = any (%(ids)s)"
_MOVE = "update project_transaction set batch_id = %(id)s where id = any (%(lines)s)"


def merge_batches(db: Connection, connection: str, size: int) -> int:
    """Put small batches that were never sent together; returns how many are gone. Call inside a transaction.

    Pages and releases leave tails; a call to the vendor costs the same with one line as with a hundred.
    """
    free = db.execute("select pg_try_advisory_xact_lock(%s) as free", [MERGE_LOCK]).fetchone()
    if free is None or not free["free"]:
        return 0
    rows = db.execute(_SMALL, {"connection": connection, "half": size // 2}).fetchall()
    gone: list[int] = []
    for entity in sorted({row["legal_entity"] or "" for row in rows}):
        group: list[dict[str, object]] = []
        lines: list[int] = []
        for row in [row for row in rows if (row["legal_entity"] or "") == entity]:
            if len(lines) + len(row["line_ids"]) > size:
                gone += _gather(db, [int(str(one["id"])) for one in group], lines)
                group, lines = [], []
            group.append(row)
            lines = lines + row["line_ids"]
        gone += _gather(db, [int(str(one["id"])) for one in group], lines)
    return len(gone)


def _gather(db: Connection, batches: list[int], lines: list[int]) -> list[int]:
    if len(batches) < 2:
        return []
    first, rest = batches[0], batches[1:]
    db.execute(_GATHER, {"id": first, "lines": lines})
    db.execute(_MOVE, {"id": first, "lines": lines})
    db.execute(_EMPTY, {"ids": rest})
    return rest
