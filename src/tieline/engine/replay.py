"""Replay: flow instances are woken again, a few at a time, and what it has come to is kept; joined when asked twice.

A replay sends nothing by itself: flows converge and effects keep their keys, so whatever is as it should be stays
untouched, however often and by however many it is asked. Its source lines are read again by the bulk lane.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from tieline.engine.audit import audit
from tieline.engine.preview import Instance
from tieline.engine.wake import wake_many
from tieline.store.database import Connection, Database

WINDOW = 100
"""Flow instances of one replay that are under way: news of others never wait behind more."""
LINE_KINDS = ("time", "expense")


class NothingToReplay(LookupError):
    """The scope names nothing we know; the message says what."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is replayed: exactly one of engagement, effect, record, connection or time; the last two together too."""

    engagement: str | None = None
    effect: int | None = None
    connection: str | None = None
    record: str | None = None
    """Of `connection`: `opportunity`, `project`, `invoice`, `time` or `expense`."""
    external_id: str | None = None
    """The vendor's id of the record."""
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        """Raises ValueError with a sentence for the person who asked."""
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("A time needs its zone, as in 2026-11-01T00:00:00Z.")
        if (self.record is None) != (self.external_id is None) or (self.record and self.connection is None):
            raise ValueError("A record is named by its connection, its type and its id there.")
        if self.until is not None and self.since is None:
            raise ValueError("Say since when: a time range needs its beginning.")
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ValueError("The time range ends before it begins.")
        of_time = self.since is not None or self.connection is not None
        named = [self.engagement is not None, self.effect is not None, of_time]
        if sum(named) != 1 or (self.record is not None and self.since is not None):
            raise ValueError("Say what to replay: an engagement, an effect, a record, a connection, or a time range.")

    @property
    def told(self) -> str:
        """The scope in words."""
        if self.engagement is not None:
            return f"engagement {self.engagement}"
        if self.effect is not None:
            return f"effect {self.effect}"
        if self.record is not None:
            return f"{self.record} {self.external_id} of {self.connection}"
        parts = [f"what {self.connection} holds or told"] if self.connection else ["what came in"]
        parts += [f"since {_told(self.since)}"] if self.since else []
        parts += [f"until {_told(self.until)}"] if self.until else []
        return " ".join(parts)

    def values(self) -> dict[str, Any]:
        """For statements and for the replay's row: two replays of one scope are the same."""
        plain = {**asdict(self), "since": _utc(self.since), "until": _utc(self.until)}
        return {name: value for name, value in plain.items() if value is not None}


def scope_of(values: Mapping[str, Any]) -> Scope:
    """The scope of a replay's row."""
    moments = {name: datetime.fromisoformat(values[name]) for name in ("since", "until") if name in values}
    return Scope(**{**values, **moments})


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment is not None else None


def _told(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment is not None else ""


# Events of older releases tell the vendor's id in the event's id only.
_INSTANCES = """
with event as (
  select distinct connection, kind, coalesce(external_id, case when starts_with(vendor_event_id, kind || ':')
    then split_part(vendor_event_id, ':', 2) end) as external_id
  from inbox where %(since)s::timestamptz is not null and received_at >= %(since)s::timestamptz
    and (%(until)s::timestamptz is null or received_at < %(until)s::timestamptz)
    and (%(connection)s::text is null or connection = %(connection)s)
  union select %(connection)s, %(record)s, %(external_id)s where %(record)s::text is not null),
told as (
  select r.subject as key from event e join cross_reference r
    on r.connection = e.connection and r.target = e.kind and r.external_id = e.external_id
  union select connection || ':' || kind || ':' || external_id from event)
select a.flow, a.key, a.engagement from agenda a where %(engagement)s::text is not null and engagement = %(engagement)s
union select a.flow, a.key, a.engagement from told join agenda a using (key)
union select a.flow, a.key, a.engagement from effect e join agenda a using (flow, key) where e.id = %(effect)s::bigint
union select a.flow, a.key, a.engagement from agenda a
  where %(connection)s::text is not null and %(since)s::timestamptz is null and %(record)s::text is null
    and (exists (select from effect e where e.flow = a.flow and e.key = a.key and e.connection = %(connection)s)
      or exists (select from cross_reference r where r.subject = a.key and r.connection = %(connection)s)
      or starts_with(a.key, %(connection)s || ':'))
"""
_LINES = """
select t.id, t.connection, t.kind, t.source_id from project_transaction t
where t.id > %(after)s and t.id <= %(to)s and t.live and t.sign = 1 and t.part = 0 and t.kind = any (%(kinds)s)
  and %(effect)s::bigint is null
  and (%(engagement)s::text is null
    or t.project_id = any (array(select id from project where engagement_id = %(engagement)s)))
  and (%(connection)s::text is null or t.connection = %(connection)s)
  and (%(record)s::text is null or t.kind = %(record)s and t.source_id = %(external_id)s)
  and (%(since)s::timestamptz is null or t.page_id = any (array(select id from pull_page
    where pulled_at >= %(since)s::timestamptz and (%(until)s::timestamptz is null
      or pulled_at < %(until)s::timestamptz))))
"""
_ALL = {"engagement": None, "effect": None, "connection": None, "record": None, "external_id": None}
LAST = 2**63 - 1


def _values(scope: Scope) -> dict[str, Any]:
    return {**_ALL, "since": None, "until": None, **scope.values()}


def instances(db: Connection, scope: Scope, *, limit: int | None = None) -> list[Instance]:
    """The flow instances of a scope, in a fixed order."""
    query = f"select flow, key, engagement from ({_INSTANCES}) found order by engagement, flow, key limit %(limit)s"  # noqa: S608
    rows = db.execute(query.encode(), {**_values(scope), "limit": limit}).fetchall()
    return [Instance(row["flow"], row["key"], row["engagement"]) for row in rows]


def lines(
    db: Connection, scope: Scope, *, after: int = 0, to: int = LAST, limit: int | None = None
) -> list[dict[str, Any]]:
    """The source lines of a scope after a transaction, by their numbers: id, connection, kind, source id."""
    values = {**_values(scope), "after": after, "to": to, "kinds": list(LINE_KINDS), "limit": limit}
    return db.execute(f"{_LINES} order by t.id limit %(limit)s".encode(), values).fetchall()


def sizes(db: Connection, scope: Scope) -> tuple[int, int, int]:
    """How many flow instances and source lines a scope has, and the number of its last line."""
    values = {**_values(scope), "after": 0, "to": LAST, "kinds": list(LINE_KINDS)}
    query = (
        f"select (select count(*) from ({_INSTANCES}) i) as items, count(*) as lines, coalesce(max(id), 0) as last"  # noqa: S608
        f" from ({_LINES}) l"
    )
    row = db.execute(query.encode(), values).fetchone()
    assert row is not None
    return row["items"], row["lines"], row["last"]


def told_of(db: Connection, scope: Scope) -> str:
    """The scope in words, with the name of what it is about."""
    query, known = "", None
    if scope.engagement is not None:
        query, known = "select name from engagement where id = %s", scope.engagement
    elif scope.effect is not None:
        query, known = "select label || ' in ' || connection as name from effect where id = %s", str(scope.effect)
    row = db.execute(query.encode(), [known]).fetchone() if query else None
    return f"“{row['name'][:200]}”" if row else scope.told


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What came of asking for a replay."""

    number: int
    joined: bool
    """One of the same scope was running; this is that one."""
    items: int
    lines: int


_START = """
insert into replay (scope, told, requested_by, items, lines, lines_until)
values (%(scope)s, %(told)s, %(by)s, %(items)s, %(lines)s, %(last)s)
on conflict (md5(scope::text)) where state = 'running' do nothing returning id
"""
_ITEMS = f"insert into replay_item (replay_id, flow, key, engagement) select %(replay)s, * from ({_INSTANCES}) found"  # noqa: S608


def ask(database: Database, scope: Scope, by: str) -> Asked:
    """Ask for a replay; the workers carry it out. Raises NothingToReplay."""
    with database.transaction() as db:
        items, lines_, last = sizes(db, scope)
        if items == 0 and lines_ == 0:
            raise NothingToReplay(f"There is nothing to replay: we know nothing of {scope.told}.")
        told = told_of(db, scope)
        values = {"scope": Jsonb(scope.values()), "told": told, "by": by, "items": items, "lines": lines_}
        row = db.execute(_START, {**values, "last": last}).fetchone()
        if row is None:
            return _join(db, scope, by)
        number = int(row["id"])
        db.execute(_ITEMS.encode(), {**_values(scope), "replay": number})
        detail = {"label": f"Replay of {told}", "scope": scope.values(), "processes": items, "lines": lines_}
        audit(db, "replay.asked", engagement=scope.engagement, actor=by, object_=f"replay:{number}", detail=detail)
    return Asked(number=number, joined=False, items=items, lines=lines_)


def _join(db: Connection, scope: Scope, by: str) -> Asked:
    row = db.execute(
        "select id, items, lines from replay where md5(scope::text) = md5((%s::jsonb)::text) and state = 'running'",
        [Jsonb(scope.values())],
    ).fetchone()
    if row is None:  # it ended in this very moment
        raise NothingToReplay(f"A replay of {scope.told} has just ended; ask again if you still want one.")
    audit(
        db,
        "replay.joined",
        engagement=scope.engagement,
        actor=by,
        object_=f"replay:{row['id']}",
        detail={"label": f"Replay of {told_of(db, scope)} joined"},
    )
    return Asked(number=row["id"], joined=True, items=row["items"], lines=row["lines"])


def stop(database: Database, number: int, by: str) -> bool:
    """Wake and read no more; what is under way ends. False when it was not running."""
    with database.transaction() as db:
        row = db.execute(
            "update replay set state = 'stopped', stopped_by = %s, ended_at = clock_timestamp()"
            " where id = %s and state = 'running' returning id",
            [by, number],
        ).fetchone()
        if row is None:
            return False
        db.execute("delete from replay_item where replay_id = %s", [number])
        audit(db, "replay.stopped", actor=by, object_=f"replay:{number}")
    return True


_RUNNING = "select id from replay where state = 'running' order by id for update skip locked limit 20"
_SETTLED = """
with gone as (
  delete from replay_item i using agenda a where i.replay_id = %(replay)s and a.flow = i.flow and a.key = i.key
    and i.wanted is not null and a.done >= i.wanted returning i.flow)
update replay set looked = looked + (select count(*) from gone) where id = %(replay)s
"""
_NEXT = """
select i.flow, i.key, coalesce(a.engagement, i.engagement) as engagement from replay_item i
  left join agenda a on a.flow = i.flow and a.key = i.key
where i.replay_id = %(replay)s and i.wanted is null order by i.flow, i.key
limit greatest(%(window)s - (select count(*) from replay_item where replay_id = %(replay)s and wanted is not null), 0)
"""
_WOKEN = """
update replay_item i set wanted = a.wanted from agenda a, unnest(%(flows)s::text[], %(keys)s::text[]) n (flow, key)
where i.replay_id = %(replay)s and i.flow = n.flow and i.key = n.key and a.flow = n.flow and a.key = n.key
"""
_END = """
update replay r set state = 'done', ended_at = clock_timestamp()
where id = %(replay)s and lines_after >= lines_until and not exists (select from replay_item where replay_id = r.id)
returning told, requested_by, scope, items, lines, lines_changed, lines_gone
"""


def move(database: Database) -> int:
    """Bring the running replays on: wake what fits into the window, and end what is over. Returns how many were woken.

    Any number of workers may do so at once.
    """
    woken = 0
    with database.transaction() as db:
        for row in db.execute(_RUNNING).fetchall():
            replay = {"replay": row["id"]}
            db.execute(_SETTLED, replay)
            following = db.execute(_NEXT, {**replay, "window": WINDOW}).fetchall()
            if following:
                wake_many(db, [(one["flow"], one["key"], one["engagement"]) for one in following], "operator")
                names = {"flows": [one["flow"] for one in following], "keys": [one["key"] for one in following]}
                db.execute(_WOKEN, {**replay, **names})
                woken += len(following)
            _end(db, row["id"])
    return woken


def _end(db: Connection, number: int) -> None:
    row = db.execute(_END, {"replay": number}).fetchone()
    if row is not None:
        counts = {name: row[name] for name in ("items", "lines", "lines_changed", "lines_gone")}
        audit(
            db,
            "replay.ended",
            engagement=row["scope"].get("engagement"),
            object_=f"replay:{number}",
            detail={"label": f"Replay of {row['told']} done", "asked_by": row["requested_by"], **counts},
        )
