"""Waking a flow instance: one statement marks the agenda and queues the job that will look at it.

The agenda row is the truth, the job only wakes us up; a thousand events become one waiting job. The statement writes
Procrastinate's table directly because `defer` raises AlreadyEnqueued inside our transaction; its version is pinned and
`tests/engine/test_wake.py` checks this statement against the schema.
"""

from collections.abc import Sequence
from datetime import datetime

from tieline.sdk.crashpoint import crash_point
from tieline.store.database import Connection

QUEUE = "flows"
TASK = "run_flow"

_WAKE = """
with woken as (
  insert into agenda as a (flow, key, engagement, wanted, reasons, since)
  select distinct on (flow, key) flow, key, engagement, 1, array[%(reason)s::text],
    coalesce(%(since)s::timestamptz, clock_timestamp())
  from unnest(%(flows)s::text[], %(keys)s::text[], %(engagements)s::text[]) n (flow, key, engagement)
  order by flow, key
  on conflict (flow, key) do update set
    wanted = a.wanted + 1, engagement = excluded.engagement, since = coalesce(a.since, excluded.since),
    reasons = case when %(reason)s = any (a.reasons) then a.reasons else a.reasons || %(reason)s::text end
  returning flow, key, engagement)
insert into procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
select %(queue)s, %(task)s, engagement, flow || ':' || key, jsonb_build_object('flow', flow, 'key', key) from woken
on conflict (queueing_lock) where status = 'todo' do nothing
"""


def wake(
    connection: Connection, flow: str, key: str, engagement: str, reason: str, since: datetime | None = None
) -> None:
    """Say "look again". `engagement` is the lock: one run per engagement at a time.

    `reason` is `event`, `decision`, `operator`, `sweep`, `timer` or `flow`; it decides whether refused content is
    sent again. `since`: when the event behind it came, if that is not now; it starts the service clock.
    """
    wake_many(connection, [(flow, key, engagement)], reason, since)


def wake_many(
    connection: Connection, instances: Sequence[tuple[str, str, str]], reason: str, since: datetime | None = None
) -> None:
    """Wake (flow, key, engagement), each once and in one order for all callers, or two deadlock."""
    if not instances:
        return
    flows, keys, engagements = (list(column) for column in zip(*instances, strict=True))
    values = {"flows": flows, "keys": keys, "engagements": engagements, "reason": reason, "since": since}
    connection.execute(_WAKE, {**values, "queue": QUEUE, "task": TASK})


def wake_engagement(connection: Connection, engagement: str, reason: str) -> int:
    """Wake every flow instance of an engagement; returns how many."""
    rows = connection.execute("select flow, key from agenda where engagement = %s", [engagement]).fetchall()
    for row in rows:
        wake(connection, row["flow"], row["key"], engagement, reason)
    return len(rows)


_DUE = """
select flow, key, engagement from agenda
where due_at <= clock_timestamp() order by due_at limit 100 for update skip locked
"""


def wake_due(connection: Connection) -> int:
    """Wake what has become due (back-off over, quarantine over, vendor job to poll). Call inside a transaction."""
    rows = connection.execute(_DUE).fetchall()
    for row in rows:
        connection.execute("update agenda set due_at = null where flow = %s and key = %s", [row["flow"], row["key"]])
        wake(connection, row["flow"], row["key"], row["engagement"], "timer")
    if rows:
        crash_point("timer.waking")
    return len(rows)
