"""Reconciliation and verification of one process: nightly, when somebody asks, and the repairs people ask for."""

import secrets
from datetime import datetime, timedelta

import structlog

from tieline.app.assembly import Tieline
from tieline.app.transactions import pricing_of, sinks_of
from tieline.reconciliation.comparison import Firm, Scope
from tieline.reconciliation.period import Period, newest, period_of
from tieline.reconciliation.reconcile import Busy, reconcile
from tieline.reconciliation.repair import do_repairs
from tieline.reconciliation.verify import verify
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable

log = structlog.get_logger()

NIGHTLY = "nightly"
LARGEST_SEED = 2**31


def firm_of(tieline: Tieline) -> Firm:
    """What is reconciled: the site's systems, with its prices as they are now."""
    return Firm(
        database=tieline.database,
        connected=tieline.connected,
        pricing=pricing_of(tieline, sinks_of(tieline)),
        entities=tuple(entity.id for entity in tieline.site.firm.legal_entities),
        grace=timedelta(minutes=tieline.site.reconciliation.grace_minutes),
    )


def new_seed() -> int:
    """A seed for the samples of a verification; it is told, so that a run can be repeated."""
    return secrets.randbelow(LARGEST_SEED)


class Assurance:
    """What the worker does about it."""

    def __init__(self, tieline: Tieline) -> None:
        self._tieline = tieline

    def usual(self) -> Period:
        """The months a comparison without a period looks at."""
        return newest(self._tieline.site.reconciliation.months, self._now().date())

    def look(self) -> None:
        """Repairs, comparisons somebody asked for, and those whose turn it is."""
        try:
            do_repairs(firm_of(self._tieline))
            self._asked()
            self._looks()
            self._nightly()
        except Busy:
            log.info("reconciliation_waits")
        except (Unavailable, Rejected, Unauthorized) as error:
            log.warning("reconciliation_failed", connection=error.system, error=error.message[:200])

    def _asked(self) -> None:
        with self._tieline.database.connection() as db:
            rows = db.execute(
                "select id, scope, asked_by from reconciliation where state = 'asked' order by id limit 20"
            ).fetchall()
        for row in rows:
            scope = row["scope"]
            period = period_of(scope["period"]) if scope.get("period") else self.usual()
            wanted = Scope(period=period, connection=scope.get("connection"), entity=scope.get("entity"))
            reconcile(firm_of(self._tieline), wanted, row["asked_by"], asked=row["id"])

    def _looks(self) -> None:
        """Discrepancies whose exception was retried are compared anew, in the months they are of."""
        with self._tieline.database.connection() as db:
            row = db.execute(
                "select min(period) filter (where period <> '-') as first, max(period) filter (where period <> '-')"
                " as last, min(look_by) as by from discrepancy where closed_at is null and look_by is not null"
            ).fetchone()
        if row is None or row["by"] is None:
            return
        period = period_of(f"{row['first']}..{row['last']}") if row["first"] else self.usual()
        reconcile(firm_of(self._tieline), Scope(period=period), row["by"])

    def _nightly(self) -> None:
        if self._is_time():
            reconcile(firm_of(self._tieline), Scope(period=self.usual()), NIGHTLY)
            sla = timedelta(minutes=self._tieline.site.reconciliation.stuck_minutes)
            sample = self._tieline.site.reconciliation.sample
            verify(firm_of(self._tieline), NIGHTLY, seed=new_seed(), sample=sample, sla=sla)

    def _is_time(self) -> bool:
        """Whether it is our turn among all workers; a new installation waits for its first interval to pass."""
        with self._tieline.database.connection() as db:
            row = db.execute(
                "insert into feed_cursor as c (stream, swept_at) values ('tieline:reconciliation', clock_timestamp())"
                " on conflict (stream) do update set swept_at = excluded.swept_at"
                " where c.swept_at < clock_timestamp() - make_interval(secs => %s) returning xmax <> 0 as due",
                [self._tieline.site.reconciliation.every_seconds],
            ).fetchone()
        return row is not None and bool(row["due"])

    def _now(self) -> datetime:
        with self._tieline.database.connection() as db:
            row = db.execute("select clock_timestamp() as now").fetchone()
        assert row is not None
        now: datetime = row["now"]
        return now
