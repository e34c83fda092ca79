"""Stopped half way on the last release and finished on this one: the vendors hold what they would have held."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.e2e.world import World
from tests.faults.books import Books, books, difference
from tests.faults.firm import QUARANTINE, Firm, asked, furnish, left_open
from tests.faults.old_release import OldRelease, kill, last_release
from tests.faults.test_database_restarts import rows, until
from tests.faults.worker_process import Orders
from tests.faults.workload import opportunity_to_cash
from tieline.app.example import NETSUITE_ACCOUNT
from tieline.engine.schema import migrate_database

SLOW = 1500
"""Milliseconds a call hangs at the vendor while the worker is killed."""
LOOKS = 3
"""How often the last release reads the time feed before we believe that it rests."""
SWEPT = "select swept_at::text from feed_cursor where stream = 'kantata:time' and swept_at > %s::timestamptz"
RESTING = """
select 1::text where not exists (select from agenda where (behind or due_at is not null) and flow <> 'unlinked')
  and not exists (select from procrastinate_jobs where status in ('todo', 'doing'))
  and not exists (select from posting_batch where state <> 'done') and exists (select from inbox)
"""


@dataclass
class Upgraded(Firm):
    """Settles by the last release until it is killed in a call, then by this one."""

    old: OldRelease | None = None
    stop_in: tuple[str, str] = ("", "")
    migrated_first: bool = False
    """The schema is this release's before the last one is stopped: it must bear that."""
    stopped: bool = field(default=False, init=False)
    _looked: list[str] = field(default_factory=list, init=False)
    _started_at: str = field(default="", init=False)

    def settle(self) -> None:
        if not self.stopped:
            self._settle_by_the_last_release()
        if self.stopped:
            super().settle()

    def _settle_by_the_last_release(self) -> None:
        assert self.old is not None
        self.here.fault(*self.stop_in, "latency", ms=SLOW, times=1)
        self._looked, self._started_at = [], self.rows("select clock_timestamp()::text as now")[0]["now"]
        worker = self.old.worker(self.orders.site, self.orders.conninfo)
        try:
            if self.migrated_first:
                until(lambda: worker.poll() is not None or _has_schema(self.orders.conninfo), "the old schema")
                migrate_database(self.orders.conninfo)
            until(lambda: worker.poll() is not None or self._is_over(), "the call in which it is stopped, or rest")
            assert worker.poll() is None, (self.orders.site / "old-worker.log").read_text()[-3000:]
        finally:
            kill(worker)
        for vendor in self.here.urls:
            self.here.control(vendor, "DELETE", "faults")
        if self.stopped:
            migrate_database(self.orders.conninfo)
            self.replace_worker()

    def _is_over(self) -> bool:
        """It hangs in its call, or has looked around twice since it started and found nothing more to do."""
        self.stopped = asked(self.here, *self.stop_in) >= 1
        if self.stopped or not _has_schema(self.orders.conninfo):
            return self.stopped
        since = self._looked[-1] if self._looked else self._started_at
        self._looked += [row["swept_at"] for row in self.rows(SWEPT, since)]
        return len(self._looked) > LOOKS and bool(rows(self.orders.conninfo, RESTING))


def _has_schema(conninfo: str) -> bool:
    return rows(conninfo, "select (to_regclass('erp_line') is not null)::text") == [("true",)]


@pytest.mark.torture
@pytest.mark.timeout(400)
@pytest.mark.parametrize("migrated_first", [False, True])
@pytest.mark.parametrize(
    "stop_in",
    [
        ("kantata", "workspaces.create"),
        ("netsuite", "customer.upsert"),
        ("netsuite", "timeBill.*"),
        ("netsuite", "invoice.*"),
    ],
    ids=" ".join,
)
def test_stopped_on_the_last_release_and_finished_on_this_one_the_ledgers_are_the_same(
    here: World,
    undisturbed: tuple[Books, dict[str, int]],
    empty_database: str,
    tmp_path: Path,
    stop_in: tuple[str, str],
    migrated_first: bool,
    record_property: Callable[[str, str], None],
) -> None:
    version, commit = last_release()
    old = OldRelease.unpacked(commit, tmp_path / version)
    site = tmp_path / "site"
    old.write_site(site, _example(here))
    moved = replace(here, site=site, people={})
    furnish(moved)
    run = Upgraded(
        moved, Orders(empty_database, site, QUARANTINE), old=old, stop_in=stop_in, migrated_first=migrated_first
    )
    try:
        opportunity_to_cash(run)
        assert run.stopped, f"{version} never came to {stop_in}"
        assert difference(undisturbed[0], books(moved)) == []
        assert left_open(run) == []
    finally:
        run.end()
        for person in moved.people.values():
            person._browser.close()
    record_property("told", f"upgrade from {version} in the middle of {' '.join(stop_in)}: same ledgers")


def _example(here: World) -> str:
    """The values of the site, as `tests.e2e.world` has them."""
    return json.dumps(
        {
            "salesforce_url": here.urls["salesforce"],
            "salesforce_account": here.sales.organisation,
            "salesforce_options": "poll_seconds = 1",
            "kantata_url": here.urls["kantata"],
            "erps": [{"connector": "netsuite", "url": here.urls["netsuite"], "account": NETSUITE_ACCOUNT}],
            "sweep_seconds": 0.5,
            "time_seconds": 0.5,
        }
    )
