"""Posting batches: lines of one ERP connection and legal entity that go out together."""

from collections.abc import Collection, Iterator, Mapping

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


_DRAW = "select array_agg(nextval('posting_batch_id_seq')) as ids from generate_series(1, %s)"
_INSERT = """
insert into posting_batch (id, connection, legal_entity, line_ids) overriding system value
select id, connection, entity, lines::bigint[]
from unnest(%(ids)s::bigint[], %(connections)s::text[], %(entities)s::text[], %(lines)s::text[])
  n (id, connection, entity, lines)
"""


class NewBatches:
    """Batches in the making: a line has its batch at once, so that it can be stored while the next one is priced."""

    def __init__(self, db: Connection, pricing: Pricing, targets: Collection[Target], most: int) -> None:
        """For at most so many lines of these targets. Numbers that are drawn and not needed stay unused."""
        self._db = db
        self._sizes = {one: max(1, pricing.batch_sizes.get(one[0], USUAL_SIZE)) for one in targets}
        self._open: dict[Target, tuple[int, list[int]]] = {}
        self._batches: list[tuple[int, Target, list[int]]] = []
        self._free: Iterator[int] = iter(())
        if targets and most:
            row = db.execute(_DRAW, [most // min(self._sizes.values()) + len(targets)]).fetchone()
            assert row is not None
            self._free = iter(row["ids"])

    def place(self, target: Target, line_id: int) -> int:
        """The batch of a line: the target's last one, or a new one when that is full."""
        number, lines = self._open.get(target, (0, []))
        if not lines or len(lines) >= self._sizes[target]:
            number, lines = self._open[target] = next(self._free), []
            self._batches.append((number, target, lines))
        lines.append(line_id)
        return number

    def store(self) -> None:
        """Write them; nothing more is placed afterwards."""
        if self._batches:
            values = {
                "ids": [number for number, _, _ in self._batches],
                "connections": [connection for _, (connection, _), _ in self._batches],
                "entities": [entity for _, (_, entity), _ in self._batches],
                "lines": [f"{{{','.join(map(str, lines))}}}" for _, _, lines in self._batches],
            }
            self._db.execute(_INSERT, values)


def make_batches(db: Connection, pricing: Pricing, lines: Mapping[Target, list[int]]) -> dict[int, int]:
    """New ready batches of at most the ERP's size; returns line -> batch."""
    batches = NewBatches(db, pricing, lines, sum(map(len, lines.values())))
    placed = {one: batches.place(target, one) for target, ids in sorted(lines.items()) for one in ids}
    batches.store()
    return placed


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
