"""The worker: threads run the woken jobs, a ticker wakes what is due and takes over from dead workers.

Jobs always succeed and are never retried; the agenda is the truth. Priorities, retry strategies and jobs scheduled
for later are not used: each of them blocks a lock or swallows an event (see docs/adr).
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from psycopg.errors import Error as DatabaseError

from tieline.engine.flow import FlowEngine
from tieline.engine.job_queue import Job, JobQueue
from tieline.engine.wake import wake, wake_due
from tieline.sdk.crashpoint import crash_point
from tieline.store.database import Database

log = structlog.get_logger()

TAKE_OVER_AFTER = 8.0
"""Seconds without a heartbeat after which a worker's jobs are taken over."""
HEARTBEAT = 1.0
LOOK_EVERY = 1.0
"""Seconds between two looks for jobs of which nobody told us."""
STOP_WITHIN = 0.25
"""Seconds within which a worker notices that it shall stop."""
DRAIN = 30.0
"""Seconds that what is under way gets to end."""


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


class Hands:
    """The threads of a worker; each runs one job at a time."""

    def __init__(self, engine: FlowEngine, queue: JobQueue, threads: int) -> None:
        self._engine = engine
        self._queue = queue
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="flow")
        self._ended: deque[int] = deque()
        self._busy = 0
        self._threads = threads

    @property
    def busy(self) -> int:
        """Jobs under way, and those whose end nobody has collected."""
        return self._busy

    @property
    def free(self) -> int:
        """Jobs that can be begun at once."""
        return self._threads - self._busy

    def begin(self, job: Job) -> None:
        """Run a job in a thread."""
        self._busy += 1
        self._pool.submit(self._run, job)

    def collect(self) -> list[int]:
        """The jobs that ended since the last call."""
        ended = [self._ended.popleft() for _ in range(len(self._ended))]
        self._busy -= len(ended)
        return ended

    def close(self) -> None:
        """Begin nothing more; what is under way goes on."""
        self._pool.shutdown(wait=False)

    def _run(self, job: Job) -> None:
        crash_point("job.taken")
        try:
            self._engine.run(job.flow, job.key)
        finally:
            crash_point("job.done")
            self._ended.append(job.id)
            self._queue.ring()


def run_worker(conninfo: str, engine: FlowEngine, *, threads: int, stopped: threading.Event) -> None:
    """Run jobs until `stopped`; returns when those under way have ended. Blocks. Raises psycopg's errors."""
    with JobQueue(conninfo) as queue:
        hands = Hands(engine, queue, threads)
        try:
            _serve(queue, hands, stopped)
            _drain(queue, hands)
        finally:
            hands.close()
        queue.leave()


def _serve(queue: JobQueue, hands: Hands, stopped: threading.Event) -> None:
    beat_at = look_at = 0.0
    while not stopped.is_set():
        now = time.monotonic()
        if now >= beat_at:
            queue.beat()
            beat_at = now + HEARTBEAT
        ended = hands.collect()
        if ended or (hands.free and now >= look_at):
            for job in queue.next(ended, hands.free):
                hands.begin(job)
            look_at = now + LOOK_EVERY
        if queue.wait(STOP_WITHIN):
            look_at = 0.0


def _drain(queue: JobQueue, hands: Hands) -> None:
    """Let what is under way end; the worker lives, for the others, until it has."""
    deadline = time.monotonic() + DRAIN
    while hands.busy and time.monotonic() < deadline:
        queue.beat()
        queue.next(hands.collect(), 0)
        if hands.busy:
            queue.wait(HEARTBEAT)
