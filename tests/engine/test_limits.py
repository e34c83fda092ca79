"""The governor: calls per second, concurrent calls across workers, and the circuit."""

import threading
from datetime import timedelta

import pytest

from tieline.engine import limits_slots
from tieline.engine.limits import Governor
from tieline.engine.limits_slots import Slots
from tieline.sdk.connector import Limits
from tieline.sdk.errors import Failing, Unavailable, Unclear
from tieline.store.database import Database


def test_two_workers_share_the_concurrent_calls_of_an_account(database: str) -> None:
    one, other = Slots(database, "acme", 3), Slots(database, "acme", 3)
    mine = [one.take("erp", "project"), one.take("erp", "project")]
    theirs = other.take("erp", "project")
    assert len({*mine, theirs}) == 3
    released = threading.Timer(0.1, one.give_back, [mine[0]])
    released.start()
    assert one.take("erp", "project") == mine[0]
    one.close()
    assert other.take("erp", "project") in mine, "the slots of a worker that is gone are free at once"
    other.close()


def test_a_call_that_comes_after_the_end_opens_no_session_again(database: str) -> None:
    slots = Slots(database, "acme", 1)
    slots.take("erp", "project")
    slots.close()
    with pytest.raises(Unavailable):
        slots.take("erp", "project")
    other = Slots(database, "acme", 1)
    assert other.take("erp", "project") == 0
    other.close()


def test_slots_of_a_process_that_stands_still_are_free_after_a_while(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_slots, "SILENT", "200ms")
    still, other = Slots(database, "acme", 1), Slots(database, "acme", 1)
    slot = still.take("erp", "project")
    assert other.take("erp", "project") == slot, "it waits for it, not for ever"
    other.close()
    still.give_back(slot)
    still.relax()
    assert still.take("erp", "project") == slot, "who stood still begins anew"
    still.close()


def test_slots_that_are_given_back_are_free_however_many_were_held(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_slots, "REST", -1.0)
    busy, other = Slots(database, "acme", 20), Slots(database, "acme", 20)
    for _ in range(3):
        for slot in [busy.take("erp", "transactions") for _ in range(20)]:
            busy.give_back(slot)
        busy.relax()
    assert {other.take("erp", "project") for _ in range(20)} == set(range(20))
    busy.close()
    other.close()


def test_while_nobody_does_bulk_work_a_process_keeps_the_slots_it_uses(database: str) -> None:
    slots, other = Slots(database, "acme", 4), Slots(database, "acme", 4)
    slots.adapt(1.0, urgent=True, bulk=False)
    mine = [slots.take("erp", "project") for _ in range(2)]
    for slot in mine:
        slots.give_back(slot)
    assert {other.take("erp", "project") for _ in range(2)}.isdisjoint(mine)
    slots.adapt(1.0, urgent=True, bulk=True)
    again = [slots.take("erp", "project") for _ in range(2)]
    assert set(again) == set(mine)
    for slot in again:
        slots.give_back(slot)
    assert other.take("erp", "project") == 3, "the last quarter is free again for whoever is urgent"
    slots.close()
    other.close()


def test_the_bucket_hands_out_no_more_than_its_burst(database: str) -> None:
    db = Database(database)
    limits = Limits(concurrent=5, per_second=0.01, burst=4, reserved_share=0.0)
    governor = Governor(db, "erp", "acme", limits)
    for _ in range(4):
        with governor.call():
            pass
    with pytest.raises(Unavailable, match="call limit") as caught, governor.call():
        pass
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > timedelta(seconds=10)
    governor.close()
    db.close()


@pytest.mark.parametrize(
    "failure", [Unclear("erp", "failed inside"), Failing("erp", "failed inside", timedelta(minutes=2))]
)
def test_five_failures_open_the_circuit_for_every_worker_and_a_429_does_not(
    database: str, failure: Unavailable
) -> None:
    db = Database(database)
    limits = Limits(per_second=1000, burst=1000)
    one, other = Governor(db, "erp", "acme", limits), Governor(db, "erp", "acme", limits)
    for _ in range(6):
        with pytest.raises(Unavailable), one.call():
            raise Unavailable("erp", "asked us to slow down", timedelta(seconds=1))
    for _ in range(5):
        with pytest.raises(type(failure)), one.call():
            raise failure
    for governor in (one, other):
        with pytest.raises(Unavailable, match="is down"), governor.call():
            pass
    one.close()
    other.close()
    db.close()
