"""The bulk lane of one process: pulls approved time and expenses, posts them, and wakes billing."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from tieline.app.assembly import Tieline, connector_folder
from tieline.app.replay import carry_out
from tieline.engine.controls import pause
from tieline.engine.intake import note_failure
from tieline.lane.deleted import database_time, take_back_deleted
from tieline.lane.post import post_ready
from tieline.lane.pricing import Pricing
from tieline.lane.pull import LineKind, feed_of, pull_feed
from tieline.lane.reference import remember_people
from tieline.lane.release import batch_unposted, release_all_mendable, release_asked
from tieline.lane.repricing import reprice_contracts
from tieline.lane.worker import Worker
from tieline.mapping import ValueTables
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.lines import LineSink
from tieline.sdk.roles import Psa

log = structlog.get_logger()

Duty = Callable[[], None]
PEOPLE_EVERY = 300.0
"""Seconds between two readings of who books time and who is an employee."""
POSTERS = 2
"""While one waits for the ERP the other settles."""
POSTING_ENDS = 10.0
"""Seconds calls under way get to end; a longer one is looked up after the next start."""
KINDS: tuple[LineKind, ...] = ("time", "expense")


class Transactions:
    """What the worker does about project transactions."""

    def __init__(self, tieline: Tieline) -> None:
        self._tieline = tieline
        self.sinks = sinks_of(tieline)
        self._pricing = pricing_of(tieline, self.sinks)
        self._workers = [Worker(tieline.database) for _ in range(POSTERS)]
        self._posting = threading.Lock()
        self._poster = ThreadPoolExecutor(1, "post")
        self._asked = threading.Event()
        self._people_at: dict[str, float] = {}
        for name, connected in tieline.connected.items():
            if connected.psa is not None:
                batch_unposted(tieline.database, self._pricing, name)
        self._lock = threading.Lock()

    def pulls(self) -> dict[str, Duty]:
        """One duty per feed of lines."""
        return {
            f"{name}:{kind}": partial(self.pull, name, connected.psa, kind)
            for name, connected in self._tieline.connected.items()
            if connected.psa is not None
            for kind in KINDS
        }

    def pull(self, name: str, psa: Psa, kind: LineKind) -> None:
        """Read one feed to its end and wake billing of the projects it concerns."""
        database = self._tieline.database
        try:
            self._learn_people()
            pulled = pull_feed(database, feed_of(psa, kind), self._pricing, committed=self._post_beside)
        except (Unavailable, Rejected, Unauthorized) as error:
            note_failure(database, f"{name}:{kind}", error)
            return
        if pulled:
            log.info("pulled", connection=name, kind=kind, lines=pulled)

    def find_deletes(self) -> None:
        """The nightly comparison: approved lines that are gone at their source are taken back."""
        database = self._tieline.database
        for name, connected in self._tieline.connected.items():
            if connected.psa is None:
                continue
            for kind in KINDS:
                feed, listed_at = feed_of(connected.psa, kind), database_time(database)
                try:
                    present = set(connected.psa.list_approved_refs(kind))
                except (Unavailable, Rejected, Unauthorized) as error:
                    note_failure(database, f"{name}:{kind}_ids", error)
                    continue
                gone = take_back_deleted(database, feed, self._pricing, present, listed_at)
                if gone:
                    log.warning("deleted_at_source", connection=name, kind=kind, lines=gone)

    def post(self) -> None:
        """Send what is ready."""
        database, sinks, pricing = self._tieline.database, self._open_sinks(), self._pricing
        with self._posting, ThreadPoolExecutor(POSTERS, "poster") as posters:
            try:
                posted = sum(posters.map(lambda worker: post_ready(database, sinks, worker, pricing), self._workers))
            except Unauthorized as error:
                pause(self._tieline.database, "connection", error.system, "its credentials are refused", "tieline")
                return
        if posted:
            log.info("posted", lines=posted)

    def _post_beside(self) -> None:
        """Send what was pulled while pulling goes on."""
        if not self._asked.is_set():
            self._asked.set()
            self._poster.submit(self._post_asked)

    def _post_asked(self) -> None:
        self._asked.clear()
        try:
            self.post()
        except Exception:
            log.exception("duty_failed", duty="post")

    def refresh(self) -> None:
        """Value tables have changed: prices and checks use the new ones."""
        self._pricing = pricing_of(self._tieline, self.sinks)
        self.release()

    def release(self) -> None:
        """Lines whose cause is gone go on, and those a person wants to see tried again."""
        reprice_contracts(self._tieline.database, self._pricing)
        asked = release_asked(self._tieline.database, self._pricing)
        if asked + release_all_mendable(self._tieline.database, self._pricing):
            self.post()

    def replay(self) -> None:
        """Bring the running replays on."""
        carry_out(self._tieline.database, self._tieline.connected, self._pricing)

    def close(self) -> None:
        """Let calls under way end, and give the posting sessions back."""
        for worker in self._workers:
            worker.stop()
        self._poster.shutdown(wait=False, cancel_futures=True)
        ended = self._posting.acquire(timeout=POSTING_ENDS)
        for worker in self._workers:
            worker.close()
        if ended:
            self._posting.release()

    def _open_sinks(self) -> dict[str, LineSink]:
        """The ERPs nobody has paused."""
        controls = self._tieline.engine.controls
        with self._tieline.database.connection() as db:
            return {
                name: sink for name, sink in self.sinks.items() if controls.pause_of(db, "time", name, None) is None
            }

    def _learn_people(self) -> None:
        """E-mails join the people of PSA and ERP."""
        with self._lock:
            for name, connected in self._tieline.connected.items():
                if time.monotonic() - self._people_at.get(name, -1e9) < PEOPLE_EVERY:
                    continue
                people: dict[str, str] = {}
                if connected.psa is not None:
                    people |= {person.email.lower(): person.ref for person in connected.psa.list_people()}
                if connected.erp is not None:
                    people |= {email.lower(): ref for email, ref in connected.erp.list_people().items()}
                with self._tieline.database.transaction() as db:
                    remember_people(db, name, people)
                self._people_at[name] = time.monotonic()


def sinks_of(tieline: Tieline) -> Mapping[str, LineSink]:
    """Where time is posted, by connection."""
    return {name: connected.erp.time for name, connected in tieline.connected.items() if connected.erp is not None}


def pricing_of(tieline: Tieline, sinks: Mapping[str, LineSink]) -> Pricing:
    """The firm's prices and the item codes of each ERP."""
    off = [
        (name, entity.id)
        for name in sinks
        for entity in tieline.site.firm.legal_entities
        if tieline.engine.controls.mode("time", name, entity.id) != "live"
    ]
    return Pricing(
        tieline.site.firm,
        items={settings.name: item_codes(settings) for settings in tieline.site.connections if settings.name in sinks},
        batch_sizes={name: sink.batch_size for name, sink in sinks.items()},
        off=off,
    )


def item_codes(settings: ConnectionSettings) -> dict[str, str]:
    """Role, `expense` or `fixed` -> the vendor's item, from the value table `item`."""
    folders = [settings.values, connector_folder(settings.connector) / "values"]
    table = ValueTables([folder for folder in folders if folder is not None]).table("item")
    return dict(table.theirs_of)
