"""What is done to many exceptions at once: previewed first, then done to no more than was shown."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg.sql import SQL

from tieline.exception_queue.actions import NoSuchException, NotPossible, retry_all
from tieline.exception_queue.filter import MATCHES, Filter
from tieline.exception_queue.ownership import TEAMS, assign_all, postpone_all
from tieline.exception_queue.write_off import confirm, propose_all
from tieline.store.database import Connection, Database, repeating

CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Group:
    """Exceptions of one kind and owner among those touched."""

    kind: str
    owner: str
    exceptions: int
    lines: int
    """Time entries, expenses and milestones that wait for them."""
    processes: int


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an action on a filter would touch now."""

    exceptions: int
    groups: tuple[Group, ...]
    money: tuple[tuple[str, Decimal], ...]
    newest: int
    """The highest number among them: later exceptions are not touched."""

    @property
    def lines(self) -> int:
        """Time entries, expenses and milestones that wait for them."""
        return sum(group.lines for group in self.groups)

    @property
    def processes(self) -> int:
        """Steps of processes that wait for them."""
        return sum(group.processes for group in self.groups)


_GROUPS = SQL("""
with matching as materialized (select i.id, i.kind, i.owner from exception_item i where {matches})
select m.kind, m.owner, count(distinct m.id) as exceptions, count(l.transaction_id) as lines,
  count(l.flow) as processes, max(m.id) as newest
from matching m left join exception_line l on l.exception_id = m.id
group by m.kind, m.owner order by exceptions desc, m.kind, m.owner
""").format(matches=MATCHES)
_MONEY = SQL("""
with matching as materialized (select i.id from exception_item i where {matches})
select currency, sum(amount) as amount from (
  select distinct on (coalesce(l.transaction_id::text, l.flow || ':' || l.key))
    coalesce(t.currency, l.currency) as currency, coalesce(t.amount * t.sign, l.amount) as amount
  from matching m join exception_line l on l.exception_id = m.id
    left join project_transaction t on t.id = l.transaction_id) held
where currency is not null and amount is not null group by currency order by currency
""").format(matches=MATCHES)


def preview(db: Connection, wanted: Filter) -> Preview:
    """What would be touched. Run in one snapshot, so that the figures add up."""
    rows = db.execute(_GROUPS, wanted.values()).fetchall()
    money = db.execute(_MONEY, wanted.values()).fetchall()
    return Preview(
        exceptions=sum(row["exceptions"] for row in rows),
        groups=tuple(Group(**{name: value for name, value in row.items() if name != "newest"}) for row in rows),
        money=tuple((row["currency"], row["amount"]) for row in money),
        newest=max((row["newest"] for row in rows), default=0),
    )


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a person was shown before acting."""

    exceptions: int
    newest: int


@dataclass(frozen=True, kw_only=True)
class Touched:
    """What an action did: exceptions touched, left alone because it does not fit them, and records concerned."""

    exceptions: int
    left: int = 0
    records: int = 0


_IDS = SQL("""
select i.id from exception_item i where i.id <= %(newest)s and {matches} order by i.id
""").format(matches=MATCHES)
_LOCK = "select id from exception_item where id = any (%s) and closed_at is null order by id for update"


def _matching(database: Database, wanted: Filter, shown: Shown) -> list[int]:
    with database.connection() as db:
        rows = db.execute(_IDS, {**wanted.values(), "newest": shown.newest}).fetchall()
    if len(rows) > shown.exceptions:
        raise NotPossible(
            f"the queue has changed: this would touch {len(rows):,} exceptions, {shown.exceptions:,} were shown;"
            " nothing was done, look again"
        )
    return [int(row["id"]) for row in rows]


def _in_pieces(
    database: Database, wanted: Filter, shown: Shown, do: Callable[[Connection, list[int]], tuple[int, int]]
) -> Touched:
    """Lock some, act on those still open, commit, go on: no piece holds the queue up for long."""
    ids = _matching(database, wanted, shown)
    touched = records = 0
    for at in range(0, len(ids), CHUNK):
        done, concerned = _piece(database, ids[at : at + CHUNK], do)
        touched, records = touched + done, records + concerned
    return Touched(exceptions=touched, left=len(ids) - touched, records=records)


@repeating
def _piece(
    database: Database, ids: list[int], do: Callable[[Connection, list[int]], tuple[int, int]]
) -> tuple[int, int]:
    with database.transaction() as db:
        still = [int(row["id"]) for row in db.execute(_LOCK, [ids]).fetchall()]
        return do(db, still) if still else (0, 0)


def bulk_retry(database: Database, wanted: Filter, shown: Shown, by: str) -> Touched:
    """Try all of them again."""
    return _in_pieces(database, wanted, shown, lambda db, ids: (len(ids), retry_all(db, ids, by)))


def bulk_assign(
    database: Database, wanted: Filter, shown: Shown, owner: str, by: str, *, known: Collection[str] = TEAMS
) -> Touched:
    """Give all of them to a team or person."""

    def do(db: Connection, ids: list[int]) -> tuple[int, int]:
        assign_all(db, ids, owner, by, known=known)
        return len(ids), 0

    return _in_pieces(database, wanted, shown, do)


def bulk_postpone(
    database: Database, wanted: Filter, shown: Shown, until: datetime, by: str, *, reason: str = ""
) -> Touched:
    """Leave all of them out of the list until then."""

    def do(db: Connection, ids: list[int]) -> tuple[int, int]:
        postpone_all(db, ids, until, by, reason=reason)
        return len(ids), 0

    return _in_pieces(database, wanted, shown, do)


def bulk_propose(database: Database, wanted: Filter, shown: Shown, by: str, reason: str) -> Touched:
    """Propose to write off what waits for them; a second person confirms."""
    return _in_pieces(database, wanted, shown, lambda db, ids: (len(propose_all(db, ids, by, reason)), 0))


def bulk_confirm(
    database: Database, wanted: Filter, shown: Shown, by: str, *, people: Mapping[str, str] | None = None
) -> Touched:
    """The second person agrees to the write-offs proposed for them; one's own proposals are left."""
    ids = _matching(database, wanted, shown)
    touched = lines = 0
    for exception_id in ids:
        try:
            lines += confirm(database, exception_id, by, people=people)
        except (NotPossible, NoSuchException):
            continue
        touched += 1
    return Touched(exceptions=touched, left=len(ids) - touched, records=lines)
