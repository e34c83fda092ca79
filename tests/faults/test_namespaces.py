"""Two workers in networks of their own: one is cut off and the other does its work, then it is the other way round."""

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.e2e.deals import Deal, money, shown, win, work, workday
from tests.e2e.oracle import count, doubled, time_lines
from tests.e2e.world import World, world
from tests.faults.namespaces import TESTING, Bridge, two_islands
from tests.faults.server import server
from tieline.app.assurance import firm_of
from tieline.demo.processes import Processes
from tieline.reconciliation.verify import Checked, verify
from tieline.rehearsal.fleet import rehearsed
from tieline.sdk.errors import Unavailable

T = TypeVar("T")
TOM = "tom.okafor@haldenmarsh.example"
MOST_DEALS = 20
PATIENCE = 180
"""Seconds; a lock of the one who is cut off ends when the server's keep-alive notices, after half a minute."""

pytestmark = [
    pytest.mark.torture,
    pytest.mark.timeout(900),
    pytest.mark.allow_hosts(["127.0.0.1", TESTING]),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("ip") is None, reason="network namespaces need root and the command ip"
    ),
]

_UNDER_WAY = """
select host(s.client_addr) as address from posting_batch b
join pg_locks l on l.locktype = 'advisory' and l.classid = 777 and l.objid = b.worker::oid
join pg_stat_activity s on s.pid = l.pid
where b.state = 'sending' and (select count(distinct worker_id) from procrastinate_jobs where status = 'doing') = 2
"""
"""Who sends a batch, while both have jobs."""
_HELD = """
select 'batch ' || id || ':' || epoch as what from posting_batch where state = 'sending'
union all select 'job ' || id from procrastinate_jobs where status = 'doing'
"""
_SESSIONS = "select from pg_stat_activity where client_addr = %s::inet"
_HEARTS = "select from procrastinate_workers where last_heartbeat > clock_timestamp() - interval '5 seconds'"
_LEFT = """
select 'job of ' || (args->>'flow') as what from procrastinate_jobs where args->>'flow' <> 'unlinked'
union all select 'batch ' || state from posting_batch where state <> 'done'
union all select flow || ' ' || state from agenda where (behind or due_at is not null) and flow <> 'unlinked'
"""


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    try:
        with two_islands() as made:
            yield made
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces can be made here: {error.stderr.strip()}")


def test_a_worker_that_is_cut_off_is_replaced_by_the_other_and_works_again_when_it_is_back(
    bridge: Bridge, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with (
        server(tmp_path / "database", {"listen_addresses": bridge.address}) as postgres,
        world(tmp_path, postgres.url, host=bridge.address) as here,
        _workers(bridge, here.site, postgres.admit(bridge.address, bridge.network), tmp_path / "logs") as processes,
    ):
        people = _People(here)
        sender = people.busy_until(lambda: here.rows(_UNDER_WAY), "batch of one worker while both have jobs")
        lost = next(island for island in bridge.islands if island.address == sender[0]["address"])
        other = next(island for island in bridge.islands if island is not lost)

        lost.cut()
        cut_at, held = time.monotonic(), {row["what"] for row in here.rows(_HELD)}
        people.without_latency()
        here.until(lambda: not held & {row["what"] for row in here.rows(_HELD)}, "take-over", PATIENCE)
        seconds = time.monotonic() - cut_at
        record_property("told", f"Cut off over {len(held)} batches and jobs: all went on after {seconds:.1f} s")
        people.settle()
        here.until(lambda: not here.rows(_SESSIONS, lost.address), "end of the sessions of who is cut off", PATIENCE)
        lost.heal()
        here.until(lambda: len(here.rows(_HEARTS)) == 2, "return of who was cut off", PATIENCE)

        other.cut()
        people.settle()
        other.heal()
        here.until(lambda: len(here.rows(_HEARTS)) == 2, "return of the other", PATIENCE)
        people.settle()
        assert all(processes.alive(island.name) for island in bridge.islands), "a worker ended with its network"
        people.judge()


@contextmanager
def _workers(bridge: Bridge, site: Path, conninfo: str, logs: Path) -> Iterator[Processes]:
    """`tieline worker` in each namespace."""
    processes = Processes(logs)
    try:
        for island in bridge.islands:
            command = island.command(rehearsed("worker", "--site", str(site), "--threads", "4"))
            processes.launch(island.name, command, {"TIELINE_DATABASE_URL": conninfo})
        yield processes
    finally:
        processes.stop()


class _People:
    """They sell, work and approve all the time, wherever the network ends."""

    def __init__(self, here: World) -> None:
        self._here = here
        self._deals: list[Deal] = []
        self._minutes: Counter[str] = Counter()
        """Of approved time, by deal."""

    def busy_until(self, moment: Callable[[], T], what: str) -> T:
        """They act while calls are slow, until the moment has come."""
        self.sell()
        project = self._here.until(lambda: shown(self._here, self._deals[0]), "first project", PATIENCE)
        for operation in ("timeBill.*", "job.upsert"):
            self._here.fault("netsuite", operation, "latency", ms=3000)
        for _ in range(MOST_DEALS):
            self.sell()
            self.book(self._deals[0], project)
            looked = time.monotonic() + 2
            while time.monotonic() < looked:
                if come := moment():
                    return come
                time.sleep(0.05)
        raise AssertionError(f"never came: {what}")

    def without_latency(self) -> None:
        self._here.control("netsuite", "DELETE", "faults")

    def settle(self) -> None:
        """They sell once more, time is approved on every project, and all of it gets where it belongs."""
        self.sell()
        for deal in self._deals:
            self.book(deal, self._here.until(partial(shown, self._here, deal), f"project of {deal.name}", PATIENCE))
        self._here.until(self._is_booked, "approved time in the ERP", PATIENCE)
        self._here.until(lambda: not self._here.rows(_LEFT), "rest", PATIENCE)

    def sell(self) -> None:
        self._deals.append(win(self._here, f"Deal {len(self._deals) + 1}"))

    def book(self, deal: Deal, project: dict[str, Any]) -> None:
        days = [(workday(back), 30 + 15 * back) for back in range(3)]
        work(self._here, project, TOM, *days)
        self._minutes[deal.id] += sum(minutes for _, minutes in days)

    def judge(self) -> None:
        """The vendors' ledgers hold each thing once, and the invariants hold."""
        here, wanted = self._here, len(self._deals)
        assert doubled(here) == []
        found = {kind: count(here, "netsuite", kind) for kind in ("customer", "job", "salesOrder")}
        assert found == dict.fromkeys(found, wanted)
        assert count(here, "kantata", "workspaces") == wanted
        assert {len(bodies) for bodies in time_lines(here).values()} == {1}
        assert self._is_booked()
        checked = here.until(self._checked, "verification", PATIENCE)
        assert [words for one in checked for words in one.violations] == []
        assert here.exceptions() == []

    def _checked(self) -> list[Checked] | None:
        """None while sessions of who was cut off still hold the calls a vendor allows side by side."""
        try:
            return verify(firm_of(self._here.tieline), "a test", seed=7).checked
        except Unavailable:
            return None

    def _is_booked(self) -> bool:
        projects = {deal.id: shown(self._here, deal) for deal in self._deals}
        return all(
            project is not None and self._here.finance.hours(project["ERP_Id__c"]) * 60 == money(self._minutes[deal])
            for deal, project in projects.items()
        )
