"""Operations: how the connections do, what the feeds read, what is paused, and which writes are not settled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tieline.app.views.systems import Cards, SystemCard
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class FeedRow:
    """One inbound feed."""

    stream: str
    connection: str
    feed: str
    read_at: datetime | None
    failures: int
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class PauseRow:
    """What stands still by a decision."""

    scope: str
    """`connection`, `flow` or `entity`."""
    name: str
    reason: str
    paused_by: str
    paused_at: datetime


@dataclass(frozen=True, kw_only=True)
class ConnectionRow:
    """One connection and its health."""

    name: str
    system: str
    account: str
    roles: tuple[str, ...]
    health: str
    """`healthy`, `failing` (a feed cannot be read), `down` (calls rest), `paused`."""
    why: str | None
    pause: PauseRow | None
    unsettled: int
    """Writes that are not confirmed yet."""
    unclear: int
    """Of those: it is unclear whether they happened."""
    last_write: datetime | None
    feeds: tuple[FeedRow, ...]


@dataclass(frozen=True, kw_only=True)
class EffectRow:
    """A write that is not settled."""

    id: int
    connection: str
    target: str
    label: str
    state: str
    engagement_id: str
    engagement: str | None
    problem: str | None
    next_at: datetime | None
    """When Tieline tries or looks again by itself."""


@dataclass(frozen=True, kw_only=True)
class Operations:
    """The page."""

    connections: tuple[ConnectionRow, ...]
    pauses: tuple[PauseRow, ...]
    effects: tuple[EffectRow, ...]
    behind: int
    """Processes that look again as soon as a worker is free."""
    retrying: int
    """Processes that try again by themselves later."""
    inbox_hour: int
    """Events received within the last hour."""
    unclear: int
    last_event: datetime | None
    workers: int
    """With a heartbeat within the last ten seconds."""


def read_operations(db: Connection, cards: Cards) -> Operations:
    """Everything at one moment."""
    pauses = list_pauses(db)
    connections = tuple(_connections(db, cards, pauses))
    row = db.execute(_FIGURES).fetchone()
    assert row is not None
    return Operations(
        connections=connections,
        pauses=tuple(pauses),
        effects=tuple(list_unsettled(db)),
        unclear=sum(one.unclear for one in connections),
        **row,
    )


_FIGURES = """
select (select count(*) from agenda where behind) as behind,
  (select count(*) from agenda where state = 'retrying' and not behind) as retrying,
  (select count(*) from inbox where id > (select coalesce(max(id), 0) - 1000000 from inbox)
    and received_at > clock_timestamp() - interval '1 hour') as inbox_hour,
  (select received_at from inbox order by id desc limit 1) as last_event,
  (select count(*) from procrastinate_workers
    where last_heartbeat > clock_timestamp() - interval '10 seconds') as workers
"""


def list_pauses(db: Connection) -> list[PauseRow]:
    """What is paused, the oldest first."""
    rows = db.execute(
        "select scope, name, reason, paused_by, paused_at from pause order by paused_at, scope, name"
    ).fetchall()
    return [PauseRow(**row) for row in rows]


def list_unsettled(db: Connection, *, limit: int = 25) -> list[EffectRow]:
    """Writes that wait, are unclear or refused, the oldest change first."""
    rows = db.execute(
        "select f.id, f.connection, f.target, f.label, f.state, f.engagement as engagement_id, e.name as engagement,"
        " f.problem->>'message' as problem, greatest(f.retry_at, f.quarantine_until) as next_at from effect f"
        " left join engagement e on e.id = f.engagement"
        " where f.state <> 'confirmed' and f.state not in ('withdrawn', 'released') and f.retired_at is null"
        " order by f.changed_at, f.id limit %s",
        [limit],
    ).fetchall()
    return [EffectRow(**row) for row in rows]


def list_connections(db: Connection, cards: Cards) -> list[ConnectionRow]:
    """The connections of the site with their health."""
    return _connections(db, cards, list_pauses(db))


_UNSETTLED = """
select connection, count(*) as unsettled, count(*) filter (where state in ('in_doubt', 'intended')) as unclear
from effect where state <> 'confirmed' and state not in ('withdrawn', 'released') and retired_at is null
group by connection
"""


def _connections(db: Connection, cards: Cards, pauses: list[PauseRow]) -> list[ConnectionRow]:
    feeds = _feeds(db)
    circuits = {
        row["connection"]: row
        for row in db.execute(
            "select connection, reason from circuit where retry_at > clock_timestamp() - interval '1 minute'"
        ).fetchall()
    }
    unsettled = {row["connection"]: row for row in db.execute(_UNSETTLED).fetchall()}
    writes = {row["connection"]: row["at"] for row in db.execute(_LAST_WRITES).fetchall()}
    paused = {pause.name: pause for pause in pauses if pause.scope == "connection"}
    return [
        _connection(
            card,
            tuple(feed for feed in feeds if feed.connection == name),
            circuits.get(name),
            paused.get(name),
            unsettled.get(name, {}),
            writes.get(name),
        )
        for name, card in cards.items()
    ]


# Among the newest events only: a connection that wrote nothing since then shows none.
_LAST_WRITES = """
select split_part(object, ':', 1) as connection, max(at) as at from (
  select action, object, at from audit_event order by id desc limit 5000) newest
where action in ('effect.confirmed', 'lines.posted') group by 1
"""


def _connection(
    card: SystemCard,
    feeds: tuple[FeedRow, ...],
    circuit: dict[str, Any] | None,
    pause: PauseRow | None,
    unsettled: dict[str, Any],
    last_write: datetime | None,
) -> ConnectionRow:
    health, why = _health(feeds, circuit, pause)
    return ConnectionRow(
        name=card.connection,
        system=card.system,
        account=card.account,
        roles=card.roles,
        health=health,
        why=why,
        pause=pause,
        unsettled=unsettled.get("unsettled", 0),
        unclear=unsettled.get("unclear", 0),
        last_write=last_write,
        feeds=feeds,
    )


def _health(
    feeds: tuple[FeedRow, ...], circuit: dict[str, Any] | None, pause: PauseRow | None
) -> tuple[str, str | None]:
    if pause is not None:
        return "paused", pause.reason
    if circuit is not None:
        return "down", circuit["reason"]
    failing = next((feed for feed in feeds if feed.failures), None)
    return ("failing", failing.problem) if failing is not None else ("healthy", None)


def _feeds(db: Connection) -> list[FeedRow]:
    rows = db.execute(
        "select stream, split_part(stream, ':', 1) as connection, substr(stream, strpos(stream, ':') + 1) as feed,"
        " swept_at as read_at, failures, problem from feed_cursor order by stream"
    ).fetchall()
    return [FeedRow(**row) for row in rows]
