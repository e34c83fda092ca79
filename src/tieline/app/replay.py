"""Replay for people and for workers: what it would change, asking for it, and carrying it out."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import structlog

from tieline.app.assembly import Tieline
from tieline.engine.flow import FlowEngine
from tieline.engine.preview import Forecast, Instance, preview
from tieline.engine.replay import Asked, Scope, ask, instances, lines, move, scope_of, sizes, stop, told_of
from tieline.lane.pricing import Pricing
from tieline.lane.pull import Feed, feed_of
from tieline.lane.reread import AT_ONCE, LineChange, Reread, compare, reread
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.roles import Psa
from tieline.store.database import Connection, Database

log = structlog.get_logger()

LOOKED_AT = 25
"""Flow instances a preview looks at; what it woke included."""
READ = 200
"""Source lines a preview reads."""
PATIENCE = 20.0
"""Seconds of a preview; then it tells what it has seen."""
REST = 5.0
"""Seconds until a source that could not be read is asked again."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a replay would change. A large one is looked at in part: `looked` of `items`, `lines_read` of `lines`."""

    told: str
    items: int
    looked: int
    lines: int
    lines_read: int
    forecasts: tuple[Forecast, ...]
    line_changes: tuple[LineChange, ...]
    lines_gone: tuple[str, ...]
    """Ids that are no longer at their source; the nightly comparison takes them back."""
    problem: str | None
    """Why source lines could not be read."""

    @property
    def whole(self) -> bool:
        """Whether everything was looked at."""
        return self.looked >= self.items and self.lines_read >= self.lines

    @property
    def writes(self) -> int:
        """How many records would be written."""
        return sum(len(forecast.writes) for forecast in self.forecasts)


@dataclass(frozen=True, kw_only=True)
class Replays:
    """What the command line, the API and the console work on."""

    database: Database
    engine: FlowEngine
    connected: Mapping[str, Connected]

    def ask(self, scope: Scope, by: str) -> Asked:
        """Ask for it; one of the same scope that runs is joined. Raises NothingToReplay."""
        return ask(self.database, scope, by)

    def stop(self, number: int, by: str) -> bool:
        """Stop one; False when it was not running."""
        return stop(self.database, number, by)

    def preview(self, scope: Scope) -> Preview:
        """What it would change in which system. Nothing is written; vendors are read."""
        ends = time.monotonic() + PATIENCE
        with self.database.connection() as db:
            items, count, _ = sizes(db, scope)
            some = instances(db, scope, limit=LOOKED_AT)
            named, told = lines(db, scope, limit=READ), told_of(db, scope)
        forecasts = self._forecasts(some, ends)
        own = {forecast.instance for forecast in forecasts} & set(some)
        changes, gone, read, problem = self._compare(named)
        return Preview(
            told=told,
            items=items,
            looked=len(own),
            lines=count,
            lines_read=read,
            forecasts=tuple(forecasts),
            line_changes=tuple(changes),
            lines_gone=tuple(gone),
            problem=problem,
        )

    def _forecasts(self, some: Sequence[Instance], ends: float) -> list[Forecast]:
        order = list(self.engine.flows)
        found: list[Forecast] = []
        for _, group in groupby(some, key=lambda one: one.engagement):
            ordered = sorted(group, key=lambda one: order.index(one.flow) if one.flow in order else len(order))
            found += preview(self.engine, ordered, LOOKED_AT - len(found), ends)
        return found

    def _compare(self, named: Sequence[Mapping[str, Any]]) -> tuple[list[LineChange], list[str], int, str | None]:
        changes: list[LineChange] = []
        gone: list[str] = []
        read = 0
        left_out = sorted({row["connection"] for row in named if not _is_psa(self.connected, row["connection"])})
        told = f"{', '.join(left_out)} is no PSA of this site any more" if left_out else None
        for feed, psa, ids in _portions(self.connected, named):
            try:
                page = psa.read_lines(feed.kind, ids)
            except (Unavailable, Rejected, Unauthorized) as error:
                return changes, gone, read, f"{feed.system}: {error.message}"
            with self.database.connection() as db:
                differing, missing = compare(db, feed, page, ids)
            changes, gone, read = changes + differing, gone + missing, read + len(ids)
        return changes, gone, read, told


def replays_of(tieline: Tieline) -> Replays:
    """The replays of a running Tieline."""
    return Replays(database=tieline.database, engine=tieline.engine, connected=tieline.connected)


def carry_out(database: Database, connected: Mapping[str, Connected], pricing: Pricing) -> None:
    """A worker's share: wake what fits, and read the next portion of lines of each running replay."""
    move(database)
    with database.connection() as db:
        rows = db.execute(_READING).fetchall()
    for row in rows:
        _read_on(database, connected, pricing, row)


_READING = """
select id, scope, lines_after, lines_until, requested_by from replay
where state = 'running' and lines_after < lines_until
  and (rests_until is null or rests_until < clock_timestamp()) order by id limit 5
"""
_READ_ON = """
update replay set lines_after = %(to)s, lines_read = lines_read + %(read)s, lines_changed = lines_changed + %(changed)s,
  lines_gone = lines_gone + %(gone)s, problem = null
where id = %(id)s and lines_after = %(after)s and state = 'running'
"""
_RESTS = """
update replay set problem = %s, rests_until = clock_timestamp() + make_interval(secs => %s) where id = %s
"""
# Whoever replays a line that waits wants it tried again; the worker releases what its exceptions hold.
_TRY_AGAIN = """
update exception_item i set retry_by = %(by)s where closed_at is null and i.id in (
  select exception_id from exception_line where transaction_id = any (%(lines)s))
"""


def _read_on(
    database: Database, connected: Mapping[str, Connected], pricing: Pricing, replay: Mapping[str, Any]
) -> None:
    with database.connection() as db:
        after, to = replay["lines_after"], replay["lines_until"]
        some = lines(db, scope_of(replay["scope"]), after=after, to=to, limit=AT_ONCE)
    total = Reread(0, 0)
    for feed, psa, ids in _portions(connected, some):
        try:
            found = reread(database, feed, pricing, psa.read_lines(feed.kind, ids), ids)
        except (Unavailable, Rejected, Unauthorized) as error:
            with database.connection() as db:
                db.execute(_RESTS, [f"{feed.system}: {error.message}"[:500], REST, replay["id"]])
            return
        total = Reread(total.changed + found.changed, total.gone + found.gone)
    values = {"id": replay["id"], "after": after, "to": some[-1]["id"] if some else to, "read": len(some)}
    with database.transaction() as db:
        db.execute(_READ_ON, {**values, "changed": total.changed, "gone": total.gone})
        _try_again(db, [row["id"] for row in some], replay["requested_by"])


def _try_again(db: Connection, numbers: list[int], by: str) -> None:
    db.execute(_TRY_AGAIN, {"lines": numbers, "by": by})


def _is_psa(connected: Mapping[str, Connected], name: str) -> bool:
    return name in connected and connected[name].psa is not None


def _portions(
    connected: Mapping[str, Connected], named: Iterable[Mapping[str, Any]]
) -> Iterable[tuple[Feed, Psa, list[str]]]:
    """Lines by feed, as many as one call takes; those of a connection that is gone from the site are left out."""
    ordered = sorted(named, key=lambda row: (row["connection"], row["kind"]))
    for (name, kind), group in groupby(ordered, key=lambda row: (row["connection"], row["kind"])):
        psa = connected[name].psa if name in connected else None
        if psa is None:
            continue
        ids = [str(row["source_id"]) for row in group]
        for start in range(0, len(ids), AT_ONCE):
            yield feed_of(psa, kind), psa, ids[start : start + AT_ONCE]
