"""People, their time off and what they handed in, read from each PSA now and then."""

from datetime import UTC, date, datetime, timedelta

from tieline.app.assembly import Tieline
from tieline.engine.intake import note_failure
from tieline.engine.tiers import working_for
from tieline.engine.wake import wake_many
from tieline.flows.labor_terms import FLOW
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.store.capacity import keep_people, keep_submitted_time, keep_time_off

READ_EVERY = 900.0
"""Seconds between two readings."""
BACK = timedelta(days=400)
"""Time off that long ago is read again; older is left as it was."""


def read_people(tieline: Tieline, today: date | None = None) -> None:
    """Everyone who may book time, when they are away, what waits for approval.

    A PSA that cannot be read is tried again by itself.
    """
    since = (today or datetime.now(UTC).date()) - BACK
    for name, connected in tieline.connected.items():
        if connected.psa is None:
            continue
        try:
            with working_for("feedback"):
                people, away = connected.psa.list_people(), connected.psa.list_time_off(since)
                submitted = connected.psa.list_submitted_time(since)
        except (Unavailable, Rejected, Unauthorized) as error:
            note_failure(tieline.database, f"{name}:people", error)
            continue
        with tieline.database.transaction() as db:
            keep_people(db, name, people)
            keep_time_off(db, name, since, away)
            keep_submitted_time(db, name, submitted)
            db.execute(
                "update feed_cursor set failures = 0, problem = null where stream = %s and failures > 0",
                [f"{name}:people"],
            )


def wake_labor_terms(tieline: Tieline) -> None:
    """Look at everybody whose terms an ERP is to have, since people.csv and costs.csv may have changed."""
    if tieline.site.firm.labor_terms:
        everybody = [(FLOW, one.id, f"{FLOW}:{one.id}") for one in tieline.site.firm.people]
        with tieline.database.transaction() as db:
            wake_many(db, everybody, "event")
