"""Eight workers on one engagement: it is created once, never goes back, and ends at the newest version."""

import threading
import time
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from tests.effort import turns
from tests.engine.conftest import Bench
from tests.engine.ledger_vendor import LedgerVendor, Thing
from tieline.engine.change_guard import ChangeGuard
from tieline.engine.controls import Controls
from tieline.engine.run import Run
from tieline.engine.wake import wake, wake_due
from tieline.engine.worker import put_back_unattended, run_worker
from tieline.sdk.operation import Answer, Payload, WriteSafety
from tieline.store.database import Database

WORKERS = 8
UPDATES = (200, 1000)
"""Changes of the truth: usually, and in torture."""


class SharedVendor(LedgerVendor):
    """One that many call at once."""

    lock = threading.Lock()

    def _create(self, creates: WriteSafety, payload: Payload, key: str) -> Answer:
        with self.lock:
            return super()._create(creates, payload, key)

    def _update(self, external_id: str, payload: Payload) -> Answer:
        with self.lock:
            return super()._update(external_id, payload)


KEYS = {"a": "eng_1", "b": "eng_1", "c": "eng_2"}
"""Two flow instances of the one engagement, and one of another engagement that has the same customer."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("turn", turns(1, 4))
@pytest.mark.parametrize("safety", [WriteSafety.UPSERT, WriteSafety.LOOKUP, WriteSafety.NATIVE_KEY])
def test_eight_workers_on_one_engagement_never_write_twice_nor_back(
    database: str, safety: WriteSafety, turn: int
) -> None:
    opened, vendor, truth = Database(database, size=20), SharedVendor(), [0]
    bench = Bench(opened)

    def flow(run: Run, key: str, systems: Any) -> None:
        version = truth[0]
        shared = Thing(id="customer", name="C", amount=version, source_version=version)
        customer = run.ensure("Customer", vendor.operation("customer", safety), shared)
        own = Thing(id=key, name="P", amount=version, source_version=version)
        run.ensure("Project", vendor.operation("project", safety), own, customer=customer)

    bench.flows["f"] = flow
    # Each change of the truth may be sent on, which the guard would take for a mistake.
    bench.engine = replace(bench.engine, controls=Controls(guard=ChangeGuard(records=10 * UPDATES[1])))
    stopped = threading.Event()
    workers = [
        threading.Thread(
            target=run_worker, args=(database, bench.engine), kwargs={"threads": 2, "stopped": stopped}, daemon=True
        )
        for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    try:
        for version in range(1, UPDATES[turn > 0] + 1):
            truth[0] = version
            with opened.transaction() as db:
                for key, engagement in KEYS.items():
                    wake(db, "f", key, engagement, "event")
        _until_done(bench)
    finally:
        stopped.set()
        for worker in workers:
            worker.join(60)
        opened.close()
    _check(vendor, UPDATES[turn > 0])


def _until_done(bench: Bench) -> None:
    deadline = time.monotonic() + 200
    while bench.rows("select key from agenda where behind or due_at is not null or state <> 'done'"):
        assert time.monotonic() < deadline, bench.rows("select * from agenda")
        with bench.database.transaction() as db:
            wake_due(db)
        put_back_unattended(bench.database)
        time.sleep(0.02)


def _check(vendor: LedgerVendor, newest: int) -> None:
    written: dict[str, list[int]] = defaultdict(list)
    for _, _, payload in vendor.ledger:
        written[str(payload["ref"])].append(int(payload["amount"]))
    assert {payload["ref"] for payload in vendor.objects.values()} == {"customer", *KEYS}
    assert vendor.creates() == len(vendor.objects) == 1 + len(KEYS)
    for ref, versions in written.items():
        assert versions == sorted(versions), f"{ref} went back"
        assert versions[-1] == newest
