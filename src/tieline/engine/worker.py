"""The worker: Procrastinate runs the woken jobs, a ticker wakes what is due and takes over from dead workers.

Jobs always succeed and are never retried; the agenda is the truth. Priorities, retry strategies and jobs scheduled
for later are not used: each of them blocks a lock or swallows an event (see docs/adr).
"""

import asyncio
import threading
import time
from collections.abc import Callable

import procrastinate
import procrastinate.exceptions
import structlog
from psycopg.errors import Error as DatabaseError
from psycopg.errors import OperationalError

from tieline.engine.flow import FlowEngine
from tieline.engine.wake import QUEUE, TASK, wake, wake_due
from tieline.sdk.crashpoint import crash_point
from tieline.store.database import Database, lasting

log = structlog.get_logger()

TAKE_OVER_AFTER = 8.0
"""Seconds without a heartbeat after which a worker's jobs are taken over."""
HEARTBEAT = 1.0


def job_app(conninfo: str, engine: FlowEngine) -> procrastinate.App:
    """The Procrastinate application with our one task."""
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=lasting(conninfo), min_size=2, max_size=6)
    )

    @app.task(name=TASK, queue=QUEUE)
    def run_flow(flow: str, key: str) -> None:
        crash_point("job.taken")
        engine.run(flow, key)
        crash_point("job.done")

    return app


_STALLED = """
select j.id, j.args->>'flow' as flow, j.args->>'key' as key, j.lock as engagement
from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id
where j.status = 'doing' and (w.id is null or w.last_heartbeat < clock_timestamp() - make_interval(secs => %s))
for update of j skip locked
"""
_TAKE = """
with fence as (insert into lease (engagement, epoch) values (%(engagement)s, 1)
  on conflict (engagement) do update set epoch = lease.epoch + 1)
select procrastinate_finish_job_v1(%(id)s, 'failed', true)
"""


_UNATTENDED = """
update agenda a set failures = failures + 1,
  due_at = clock_timestamp() + make_interval(secs => least(2 ^ least(failures, 12), 3600))
where behind and due_at is null and not exists (select from procrastinate_jobs j
  where j.queueing_lock = a.flow || ':' || a.key and j.status in ('todo', 'doing'))
returning flow, key
"""


def put_back_unattended(database: Database) -> int:
    """Make due what is behind although no job looks at it: its run lost the database half-way. Returns how many."""
    with database.connection() as db:
        rows = db.execute(_UNATTENDED).fetchall()
    for row in rows:
        log.warning("put_back", flow=row["flow"], key=row["key"])
    return len(rows)


def take_over(database: Database, after: float = TAKE_OVER_AFTER) -> int:
    """Finish the jobs of workers that are gone, fence those workers off and wake the flows; returns how many."""
    with database.transaction() as db:
        rows = db.execute(_STALLED, [after]).fetchall()
        for row in rows:
            db.execute(_TAKE, {"engagement": row["engagement"], "id": row["id"]})
            wake(db, row["flow"], row["key"], row["engagement"], "timer")
            log.warning("took_over", flow=row["flow"], key=row["key"])
        if rows:
            crash_point("take_over.taking")
    if rows:
        crash_point("take_over.taken")
    return len(rows)


class Ticker(threading.Thread):
    """Wakes what is due four times a second, takes over once a second, and calls the site's periodic duties."""

    def __init__(self, database: Database, duties: dict[str, tuple[float, Callable[[], None]]], tick: float = 0.25):
        super().__init__(name="ticker", daemon=True)
        self._database = database
        self._duties = duties
        self._tick = tick
        self._stopped = threading.Event()

    def run(self) -> None:
        """Until stopped; a database that is away for a while is waited for."""
        next_at = dict.fromkeys(self._duties, 0.0)
        next_take_over = next_put_back = 0.0
        while not self._stopped.wait(self._tick):
            try:
                with self._database.transaction() as db:
                    wake_due(db)
                if time.monotonic() >= next_take_over:
                    take_over(self._database)
                    next_take_over = time.monotonic() + 1.0
                if time.monotonic() >= next_put_back:
                    put_back_unattended(self._database)
                    next_put_back = time.monotonic() + 15.0
            except DatabaseError as error:
                log.warning("ticker_waits", error=str(error).splitlines()[0] if str(error) else type(error).__name__)
                continue
            for name, (every, duty) in self._duties.items():
                if time.monotonic() >= next_at[name]:
                    next_at[name] = time.monotonic() + every
                    threading.Thread(target=_guarded, args=(name, duty), name=name, daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()


_busy: set[str] = set()
_busy_lock = threading.Lock()


def _guarded(name: str, duty: Callable[[], None]) -> None:
    with _busy_lock:
        if name in _busy:
            return
        _busy.add(name)
    try:
        duty()
    except Exception:
        log.exception("duty_failed", duty=name)
    finally:
        with _busy_lock:
            _busy.discard(name)


def run_worker(conninfo: str, engine: FlowEngine, *, threads: int, stopped: threading.Event) -> None:
    """Run jobs until `stopped`; returns when those under way have ended. Blocks. Raises psycopg's errors."""

    async def work() -> None:
        app = job_app(conninfo, engine)
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=threads,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=1.0,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=3600.0,
                    shutdown_graceful_timeout=30.0,
                )
            )
            while not stopped.is_set() and not worker.done():
                await asyncio.sleep(0.1)
            if worker.done():
                await worker
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    try:
        asyncio.run(work())
    except procrastinate.exceptions.ConnectorException as error:  # not what waiting for the database is made for
        raise OperationalError(f"the job queue lost the database: {error.__cause__ or error}") from error
