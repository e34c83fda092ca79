"""Replays as people see them: who asked for which, how far they have come, and what came of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tieline.store.database import Connection

OVERHEAD = 1.0
"""Seconds after which a rate can be told."""


@dataclass(frozen=True, kw_only=True)
class ReplayRow:
    """One replay."""

    number: int
    told: str
    """The scope in words."""
    engagement_id: str | None
    requested_by: str
    requested_at: datetime
    state: str
    """`running`, `done` or `stopped`."""
    items: int
    looked: int
    lines: int
    lines_read: int
    lines_changed: int
    lines_gone: int
    problem: str | None
    ended_at: datetime | None
    stopped_by: str | None
    seconds_left: int | None
    """At the pace so far; None when it cannot be told."""

    @property
    def all(self) -> int:
        """Processes and lines."""
        return self.items + self.lines

    @property
    def done(self) -> int:
        """Of them."""
        return self.looked + self.lines_read


_LIST = """
select id as number, told, scope->>'engagement' as engagement_id, requested_by, requested_at, state, items, looked,
  lines, lines_read, lines_changed, lines_gone, problem, ended_at, stopped_by,
  extract(epoch from coalesce(ended_at, clock_timestamp()) - requested_at)::float8 as seconds
from replay where (%(number)s::bigint is null or id = %(number)s) and (%(before)s::bigint is null or id < %(before)s)
order by id desc limit %(limit)s
"""


def list_replays(
    db: Connection, *, number: int | None = None, before: int | None = None, limit: int = 50
) -> list[ReplayRow]:
    """The newest first."""
    rows = db.execute(_LIST, {"number": number, "before": before, "limit": limit}).fetchall()
    return [_row(row) for row in rows]


def read_replay(db: Connection, number: int) -> ReplayRow | None:
    """One of them."""
    return next(iter(list_replays(db, number=number, limit=1)), None)


def _row(row: dict[str, Any]) -> ReplayRow:
    seconds, done, whole = row.pop("seconds"), row["looked"] + row["lines_read"], row["items"] + row["lines"]
    left = None
    if row["state"] == "running" and done and seconds > OVERHEAD:
        left = round((whole - done) * seconds / done)
    return ReplayRow(**row, seconds_left=left)
