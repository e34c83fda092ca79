"""The effect rows: one demanded write to one target in one system, its intent before the call, its outcome after.

Identity is (connection, target, subject), whoever asks. An intent is committed before the call; the outcome travels
with the next intent or the end of the run, mostly in one statement. Both are fenced by the engagement's epoch and by
the attempt they judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from psycopg import Error as DatabaseError
from psycopg.types.json import Jsonb

from tieline.engine.tiers import Tier, tier_of
from tieline.model.record import Record
from tieline.sdk.operation import Payload
from tieline.store.database import Connection

EffectState = Literal[
    "intended",
    "confirmed",
    "rejected",
    "refused_for_now",
    "in_doubt",
    "accepted",
    "drifted",
    "released",
    "withdrawn",
]


class Moved(Exception):
    """Another run wrote this effect or took over the engagement since it was read."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A row of table `effect`, as read."""

    id: int
    connection: str
    target: str
    subject: str
    engagement: str
    flow: str
    key: str
    state: EffectState
    generation: int
    attempts: int
    ordinal: int
    epoch: int
    create_key: str
    content_hash: bytes
    confirmed_hash: bytes | None
    content: Payload | None
    source_version: int | None
    external_id: str | None
    handle: str | None
    sent_at: datetime | None
    quarantine_until: datetime | None
    retry_at: datetime | None
    failures: int
    problem: dict[str, Any] | None
    now: datetime
    """The database's clock when the row was read."""
    still_running: bool
    """Its intent belongs to a run of another engagement that still holds its lease and was sent moments ago."""

    def overtook(self, record: Record, read_since: datetime) -> bool:
        """Whether another engagement sent a newer version of what both share after the record began to be read."""
        version: int | None = getattr(record, "source_version", None)
        if version is None or self.source_version is None or self.sent_at is None:
            return False
        return version < self.source_version and self.sent_at > read_since


_READ = """
select e.id, e.connection, e.target, e.subject, e.engagement, e.flow, e.key, e.state, e.generation, e.attempts,
  e.ordinal, e.epoch, e.create_key, e.content_hash, e.confirmed_hash, e.content, e.source_version, e.external_id,
  e.handle, e.sent_at, e.quarantine_until, e.retry_at, e.failures, e.problem, clock_timestamp() as now,
  e.state = 'intended' and e.engagement <> %(engagement)s and e.sent_at > clock_timestamp() - interval '30 seconds'
    and l.epoch = e.epoch as still_running
"""
_ONE = f"""{_READ}
from effect e left join lease l on l.engagement = e.engagement
where e.connection = %(connection)s and e.target = %(target)s and e.subject = %(subject)s
"""
# With `= any (subjects)` the planner reads all effects of the target, until it has statistics; `offset 0` hinders it.
_MANY = f"""{_READ}
from unnest(%(subjects)s::text[]) wanted (subject)
  cross join lateral (select * from effect where connection = %(connection)s and target = %(target)s
    and subject = wanted.subject offset 0) e
  left join lease l on l.engagement = e.engagement
"""  # noqa: S608
_OF_FLOW = f"""{_READ}
from effect e left join lease l on l.engagement = e.engagement
where e.flow = %(flow)s and e.key = %(key)s limit %(most)s
"""
MOST_KNOWN = 200


def effects_of_flow(connection: Connection, flow: str, key: str, engagement: str) -> list[Effect]:
    """The effects a flow instance was the last to write, at most MOST_KNOWN."""
    values = {"flow": flow, "key": key, "engagement": engagement, "most": MOST_KNOWN}
    return [_effect(row) for row in connection.execute(_OF_FLOW, values).fetchall()]


def read_effects(
    connection: Connection, vendor: str, target: str, subjects: list[str], engagement: str
) -> dict[str, Effect]:
    """The effects of one target by subject."""
    values = {"connection": vendor, "target": target, "engagement": engagement}
    if len(subjects) == 1:
        rows = connection.execute(_ONE, {**values, "subject": subjects[0]}).fetchall()
    else:
        rows = connection.execute(_MANY, {**values, "subjects": subjects}).fetchall()
    return {row["subject"]: _effect(row) for row in rows}


def _effect(row: Mapping[str, Any]) -> Effect:
    return Effect(**{**row, "still_running": bool(row["still_running"])})


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be sent, and the row it was decided on (None: the first time)."""

    connection: str
    target: str
    subject: str
    label: str
    content: Payload
    content_hash: bytes
    create_key: str
    ordinal: int
    source_version: int | None
    before: Effect | None


@dataclass(frozen=True, slots=True)
class Author:
    """The run that writes: its fence and its place in the audit trail."""

    flow: str
    key: str
    engagement: str
    epoch: int
    run_id: int
    tier: Tier = "project"
    since: datetime | None = None
    """When the event behind this run came: the start of the service clock."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the row of a run tells from its first change on."""

    reasons: tuple[str, ...]
    app_version: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    effect_id: int
    attempt: int
    state: EffectState
    intent: Intent
    external_id: str | None = None
    handle: str | None = None
    wait_seconds: float | None = None
    """Until the next attempt or poll."""
    quarantine_seconds: float | None = None
    problem: dict[str, Any] | None = None


# Parts of one statement: `began` has the run's id; `done` has a row unless the outcome lost its race, and then nothing
# else is done. The service fact, the link and the trail commit with the outcome they tell.
_BEGIN_RUN = """
began as (
insert into run (flow, key, engagement, epoch, reasons, app_version, started_at, state)
values (%(flow)s, %(key)s, %(engagement)s, %(epoch)s, %(reasons)s, %(app_version)s, %(started_at)s, 'running')
returning id)"""
_HAS_BEGUN = "began as (select %(run_id)s::bigint as id)"
_OUTCOME = """
done as (
update effect set state = %(state)s,
  confirmed_hash = case %(state)s when 'confirmed' then content_hash when 'in_doubt' then null
    when 'accepted' then null else confirmed_hash end,
  confirmed_content = case %(state)s when 'confirmed' then content else confirmed_content end,
  content = case %(state)s when 'confirmed' then null else content end,
  external_id = coalesce(%(external_id)s, external_id), handle = %(handle)s,
  failures = case when %(state)s in ('refused_for_now', 'in_doubt', 'rejected') then failures + 1 else 0 end,
  retry_at = clock_timestamp() + make_interval(secs => %(wait)s::float8),
  quarantine_until = case when %(quarantine)s::float8 is null then quarantine_until
    else greatest(quarantine_until, clock_timestamp() + make_interval(secs => %(quarantine)s::float8)) end,
  problem = %(problem)s, changed_at = clock_timestamp()
where id = %(effect_id)s and attempts = %(attempt)s and epoch = %(epoch)s
  and exists (select from lease where engagement = %(engagement)s and epoch = %(epoch)s)
returning id, state, connection, engagement, label, target, subject),
measured as (
  insert into service_fact (tier, connection, engagement, label, object, started_at, ended_at)
  select %(tier)s::text, connection, engagement, label, target || ':' || subject, %(since)s::timestamptz,
    clock_timestamp()
  from done where state = 'confirmed' and %(since)s::timestamptz is not null),
linked as (
  insert into cross_reference (connection, target, subject, external_id)
  select connection, target, subject, %(external_id)s from done
  where %(external_id)s::text is not null and state in ('confirmed', 'drifted')
  on conflict (connection, target, subject) do update set external_id = excluded.external_id),
told as (
  insert into audit_event (engagement, run_id, action, object, detail)
  select engagement, %(run_id)s, 'effect.' || state, connection || ':' || target || ':' || subject, %(detail)s
  from done)"""
_NO_OUTCOME = "done as (select 0 as id)"
_INSERT = """
intent as (
insert into effect (connection, target, subject, engagement, flow, key, label, run_id, state, epoch, create_key,
  ordinal, content_hash, content, source_version, sent_at)
select %(connection)s, %(target)s, %(subject)s, %(engagement)s, %(flow)s, %(key)s, %(label)s, began.id, 'intended',
  %(epoch)s, %(create_key)s, %(ordinal)s, %(content_hash)s, %(content)s, %(source_version)s::bigint, clock_timestamp()
from began where exists (select from done)
  and exists (select from lease where engagement = %(engagement)s and epoch = %(epoch)s)
on conflict (connection, target, subject) do nothing returning id)"""
_UPDATE = """
intent as (
update effect set state = 'intended', engagement = %(engagement)s, flow = %(flow)s, key = %(key)s, label = %(label)s,
  run_id = began.id, epoch = %(epoch)s, create_key = %(create_key)s, ordinal = %(ordinal)s,
  generation = generation + (content_hash <> %(content_hash)s)::int, attempts = attempts + 1,
  content_hash = %(content_hash)s, content = %(content)s, source_version = %(source_version)s::bigint,
  sent_at = clock_timestamp(), retry_at = null, retired_at = null, problem = null, changed_at = clock_timestamp()
from began where effect.id = %(id)s and state = %(was)s and attempts = %(attempts)s and exists (select from done)
  and exists (select from lease where engagement = %(engagement)s and epoch = %(epoch)s)
returning effect.id)"""


@cache
def statement(*parts: str, returns: str) -> bytes:
    """One statement of such parts."""
    return f"with {','.join(parts)}\nselect {returns}".encode()


def outcome_part(outcome: Outcome | None) -> str:
    """The part of a statement that settles an attempt: its `done` has a row, unless another run has taken over."""
    return _OUTCOME if outcome else _NO_OUTCOME


@dataclass(frozen=True, slots=True)
class Stored:
    """An intent that is stored, or (`effect_id` is None) lost the race to another run."""

    run_id: int
    effect_id: int | None
    attempt: int


def write_intent(
    connection: Connection, intent: Intent, author: Author, begins: Beginning | None, outcome: Outcome | None
) -> Stored:
    """Write an intent, and with it the run's row (`begins`) and what became of the attempt before it.

    Raises Moved when another run has taken over.
    """
    before = intent.before
    values = {**_values_of(intent), **author_values(author, begins)}
    if before is not None:
        values |= {"id": before.id, "was": before.state, "attempts": before.attempts}
    if outcome is not None:
        values |= outcome_values(outcome, author)
    query = statement(
        _BEGIN_RUN if begins else _HAS_BEGUN,
        outcome_part(outcome),
        _UPDATE if before else _INSERT,
        returns="(select id from began) as run_id, (select id from done) as done, (select id from intent) as id",
    )
    row = connection.execute(query, values).fetchone()
    if row is None or row["done"] is None:
        raise Moved
    return Stored(row["run_id"], row["id"], before.attempts + 1 if before else 1)


# The lock on the lease keeps a new run from beginning between this look and its end: it then reads when we last sent.
_RENEW = """
with fence as (select from lease where engagement = %(engagement)s and epoch = %(epoch)s for share)
update effect set sent_at = clock_timestamp()
where id = %(id)s and attempts = %(attempt)s and epoch = %(epoch)s and state = 'intended' and exists (select from fence)
"""


def renew_intent(connection: Connection, effect_id: int, attempt: int, author: Author) -> bool:
    """Whether the intent is still this run's; it then counts as written now. False as well when nobody can say."""
    values = {"id": effect_id, "attempt": attempt, "engagement": author.engagement, "epoch": author.epoch}
    try:
        return connection.execute(_RENEW, values).rowcount == 1
    except DatabaseError:
        return False


def write_outcome(connection: Connection, outcome: Outcome, author: Author) -> None:
    """Write what became of an attempt, its cross-reference and its audit event.

    Raises Moved when another run has taken over.
    """
    query = statement(_OUTCOME, returns="id from done")
    values = {**author_values(author, None), **outcome_values(outcome, author)}
    if connection.execute(query, values).fetchone() is None:
        raise Moved


def begin_run(connection: Connection, author: Author, begins: Beginning) -> int:
    """Make the row of a run; returns its id."""
    query = statement(_BEGIN_RUN, returns="id from began")
    row = connection.execute(query, author_values(author, begins)).fetchone()
    assert row is not None
    return int(row["id"])


def author_values(author: Author, begins: Beginning | None) -> dict[str, Any]:
    """What statements are told of who writes."""
    values: dict[str, Any] = {
        "engagement": author.engagement,
        "flow": author.flow,
        "key": author.key,
        "epoch": author.epoch,
        "run_id": author.run_id,
    }
    if begins is not None:
        told = {"reasons": list(begins.reasons), "app_version": begins.app_version, "started_at": begins.started_at}
        values |= told
    return values


def _values_of(intent: Intent) -> dict[str, Any]:
    return {
        "connection": intent.connection,
        "target": intent.target,
        "subject": intent.subject,
        "label": intent.label,
        "content": Jsonb(intent.content),
        "content_hash": intent.content_hash,
        "create_key": intent.create_key,
        "ordinal": intent.ordinal,
        "source_version": intent.source_version,
    }


def outcome_values(outcome: Outcome, author: Author) -> dict[str, Any]:
    """What `outcome_part` is told, beside the author."""
    intent = outcome.intent
    detail = {
        "label": intent.label,
        "flow": author.flow,
        "external_id": outcome.external_id,
        "problem": (outcome.problem or {}).get("message"),
        "hash": intent.content_hash.hex(),
    }
    return {
        "effect_id": outcome.effect_id,
        "attempt": outcome.attempt,
        "state": outcome.state,
        "external_id": outcome.external_id,
        "handle": outcome.handle,
        "wait": outcome.wait_seconds,
        "quarantine": outcome.quarantine_seconds,
        "problem": Jsonb(outcome.problem) if outcome.problem else None,
        "tier": tier_of(author.tier, intent.target),
        "since": author.since,
        "detail": Jsonb(detail),
    }
