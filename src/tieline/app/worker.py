"""One worker process: runs woken flows, sweeps feeds, moves the bulk lane, until it is told to stop."""

import gc
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import structlog
from psycopg.errors import Error as DatabaseError

from tieline.app.alert_delivery import deliver
from tieline.app.alerts import chase_missing_time, look
from tieline.app.assembly import Tieline
from tieline.app.assurance import Assurance
from tieline.app.intake import Intake
from tieline.app.measure import forget_old, measure_batches
from tieline.app.outlooks import look_at_all, look_at_late_invoices
from tieline.app.people import READ_EVERY, read_people, wake_labor_terms
from tieline.app.site_watch import SiteWatch
from tieline.app.transactions import Transactions
from tieline.engine.approvals import expire_approvals
from tieline.engine.intake import claim_turn
from tieline.engine.worker import Ticker, run_worker
from tieline.lane.billing_facts import wake_billing_due

log = structlog.get_logger()

Duty = Callable[[], None]
LOOK_EVERY = 10.0
"""Seconds between two looks for alerts."""
CHASE_EVERY = 300.0
"""Seconds between two looks for missing time."""
LISTENERS_END = 3.0
"""Seconds a listener gets to end its long poll; it is cut off afterwards, and resumes where it committed."""


def work(tieline: Tieline, stopped: threading.Event, *, threads: int = 8) -> None:
    """Run until `stopped`. A database that restarts is waited for; nothing under way is lost by it."""
    intake, transactions = Intake(tieline), Transactions(tieline)
    look_for_garbage_less_often()
    wake_labor_terms(tieline)
    ticker = Ticker(tieline.database, duties(tieline, intake, transactions))
    ticker.start()
    listeners = intake.listen(stopped)
    try:
        while not stopped.is_set():
            try:
                run_worker(tieline.database.conninfo, tieline.engine, threads=threads, stopped=stopped)
            except (DatabaseError, OSError) as error:
                log.warning("worker_waits", error=str(error).splitlines()[0] if str(error) else type(error).__name__)
                time.sleep(0.5)
    finally:
        ticker.stop()
        for listener in listeners:
            listener.join(LISTENERS_END)
        transactions.close()


def look_for_garbage_less_often() -> None:
    """What is loaded by now stays; the records of a page are many and no garbage. Saves a tenth of the lane's time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def duties(tieline: Tieline, intake: Intake, transactions: Transactions) -> dict[str, tuple[float, Duty]]:
    """Name -> (every so many seconds, what)."""
    every = tieline.site.intake
    table: dict[str, tuple[float, Duty]] = {name: (every.sweep_seconds, duty) for name, duty in intake.sweeps().items()}
    table |= {name: (every.time_seconds, duty) for name, duty in transactions.pulls().items()}
    table["post"] = (min(every.time_seconds, 2.0), transactions.post)
    table["replay"] = (0.5, transactions.replay)
    table["release"] = (5.0, transactions.release)
    table["billing"] = (60.0, partial(bill_what_is_due, tieline))
    table["measure"] = (5.0, partial(measure_batches, tieline.database))
    table["alerts"] = (2.0, partial(alerts, tieline))
    table["site"] = (2.0, SiteWatch(tieline, transactions).look)
    table["outlook"] = (min(tieline.site.firm.health.every_seconds, 60.0), partial(outlooks, tieline))
    table["people"] = (min(READ_EVERY, 60.0), partial(people, tieline))
    table["missing_time"] = (60.0, partial(missing_time, tieline))
    table["assurance"] = (5.0, Assurance(tieline).look)
    table["nightly"] = (min(every.nightly_seconds, 60.0), partial(nightly, tieline, intake, transactions))
    for name, governor in tieline.governors.items():
        table[f"{name}:relax"] = (1.0, governor.relax)
    return table


def nightly(tieline: Tieline, intake: Intake, transactions: Transactions) -> None:
    """The comparison of id sets finds what was deleted outside; one worker does it."""
    if claim_turn(tieline.database, "tieline:nightly", tieline.site.intake.nightly_seconds):
        intake.find_deletes()
        transactions.find_deletes()
        look_at_late_invoices(tieline.database)
        forget_old(tieline.database)


def bill_what_is_due(tieline: Tieline) -> None:
    """Billing looks at projects whose period begins or ends, though nothing has happened."""
    with tieline.database.transaction() as db:
        wake_billing_due(db, datetime.now(UTC).date())


def outlooks(tieline: Tieline) -> None:
    """One worker looks at how engagements do."""
    if claim_turn(tieline.database, "tieline:outlook", tieline.site.firm.health.every_seconds):
        look_at_all(tieline.database, tieline.site)


def people(tieline: Tieline) -> None:
    """One worker reads who works, and who is away."""
    if claim_turn(tieline.database, "tieline:people", READ_EVERY):
        read_people(tieline)


def missing_time(tieline: Tieline) -> None:
    """One worker looks whose time is missing; the alerts' delivery tells them."""
    if claim_turn(tieline.database, "tieline:missing-time", CHASE_EVERY):
        chase_missing_time(tieline.database, tieline.site)


def alerts(tieline: Tieline) -> None:
    """One worker looks at what is wrong; any of them tells people."""
    if claim_turn(tieline.database, "tieline:alerts", LOOK_EVERY):
        expire_approvals(tieline.database, tieline.site.approvals)
        look(tieline.database, tieline.site)
    deliver(tieline.database, tieline.site)


def start(tieline: Tieline, stopped: threading.Event, *, threads: int = 8) -> threading.Thread:
    """`work` in a thread of this process."""
    thread = threading.Thread(target=partial(work, tieline, stopped, threads=threads), name="worker", daemon=True)
    thread.start()
    return thread
