"""The shared pool of calls: weights, what nobody uses, 429s, and never more than the vendor allows."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.engine.limits import Governor
from tieline.engine.limits_calls import BOUNDS, percentile
from tieline.engine.limits_pool import LOWEST, ONE_STORM, Pool, Rules, refill, slow_down, take
from tieline.engine.limits_slots import Slots
from tieline.engine.tiers import SERVICE_LEVELS, Tier, working_for
from tieline.sdk.connector import Limits
from tieline.sdk.errors import Throttled, Unavailable
from tieline.store.database import Database

WEIGHTS: dict[Tier, float] = {tier: level.weight for tier, level in SERVICE_LEVELS.items()}
RULES = Rules(rate=10.0, burst=20.0, weights=WEIGHTS)
TIERS = st.sampled_from(sorted(WEIGHTS))


def _greedy(pool: Pool, tiers: list[Tier], seconds: float, start: float) -> dict[Tier, int]:
    """Every tier asks for as much as it gets, twenty times a second."""
    got = dict.fromkeys(tiers, 0)
    for tick in range(int(seconds * 20)):
        for tier in tiers:
            taken, _ = take(pool, RULES, tier, 5, start + tick / 20)
            got[tier] += taken
    return got


def test_a_tier_alone_has_the_whole_rate() -> None:
    pool = Pool(at=1000.0, free=0.0)
    assert _greedy(pool, ["transactions"], 60, 1000.0)["transactions"] == pytest.approx(600, abs=12)


def test_tiers_that_all_want_calls_get_them_by_weight() -> None:
    pool = Pool(at=1000.0, free=0.0)
    got = _greedy(pool, ["transactions", "project", "feedback"], 110, 1000.0)
    assert sum(got.values()) == pytest.approx(1100, abs=25)
    assert got["project"] / got["transactions"] == pytest.approx(8.0, rel=0.1)
    assert got["feedback"] / got["transactions"] == pytest.approx(2.0, rel=0.15)


def test_what_a_tier_leaves_goes_to_the_others() -> None:
    pool = Pool(at=1000.0, free=0.0)
    bulk = 0
    for tick in range(60 * 20):
        now = 1000.0 + tick / 20
        if tick % 20 == 0:
            take(pool, RULES, "project", 1, now)
        bulk += take(pool, RULES, "transactions", 5, now)[0]
    assert bulk > 500, "one call a second of a heavy tier must not cost bulk work nine tenths of the rate"


def test_a_deal_in_the_middle_of_a_month_end_waits_for_a_moment_only() -> None:
    pool = Pool(at=1000.0, free=0.0)
    _greedy(pool, ["transactions"], 30, 1000.0)
    now, waited, calls = 1030.0, 0.0, 0
    while calls < 20:
        take(pool, RULES, "transactions", 5, now)
        taken, wait = take(pool, RULES, "project", 1, now)
        calls += taken
        waited += 0.0 if taken else min(wait, 0.5)
        now += 0.0 if taken else min(wait, 0.5)
    assert waited < 20 / (RULES.rate * 8 / 9) + 1.0


@given(
    st.lists(
        st.tuples(TIERS, st.integers(1, 30), st.floats(0, 5), st.sampled_from(["", "", "", "rate", "at once"])),
        max_size=80,
    )
)
def test_no_more_is_handed_out_than_the_vendor_allows(asks: list[tuple[Tier, int, float, str]]) -> None:
    pool, now, handed = Pool(at=1000.0, free=RULES.burst), 1000.0, 0
    for tier, want, pause, refused in asks:
        now += pause
        if refused:
            refill(pool, RULES, now)
            slow_down(pool, now, 2.0, at_once=refused == "at once")
        taken, wait = take(pool, RULES, tier, want, now)
        handed += taken
        assert 0 <= taken <= want
        assert taken or wait > 0
        assert pool.free + sum(pool.own.values()) <= RULES.burst + 1e-6
        assert pool.free >= -1e-9
        assert handed <= RULES.burst + RULES.rate * (now - 1000.0) + 1e-6


def test_a_429_halves_the_rate_once_a_storm_and_it_recovers_slowly() -> None:
    pool = Pool(at=1000.0, free=20.0)
    for _ in range(8):
        slow_down(pool, 1000.0, 1.0, at_once=False)
    assert pool.factor == 0.5, "eight calls under way at the same 429 are one lesson"
    taken, wait = take(pool, RULES, "project", 1, 1000.5)
    assert (taken, round(wait, 6)) == (0, 0.5)
    slow_down(pool, 1000.0 + ONE_STORM + 0.1, 1.0, at_once=False)
    assert pool.factor == pytest.approx(0.25)
    for hour in range(50):
        slow_down(pool, 1010.0 + hour * 3, 1.0, at_once=False)
    assert pool.factor == LOWEST
    pool = Pool(at=1000.0, free=0.0, factor=0.5, lowered_at=1000.0)
    refill(pool, RULES, 1060.0)
    assert 0.6 < pool.factor < 0.8, "a minute brings some of it back"
    refill(pool, RULES, 1000.0 + 3600)
    assert pool.factor == 1.0


def test_too_many_at_once_lowers_the_slots_and_leaves_the_rate_alone() -> None:
    pool = Pool(at=1000.0, free=20.0)
    slow_down(pool, 1000.0, 2.0, at_once=True)
    assert (pool.factor, pool.at_once, pool.rest_until, pool.free) == (1.0, 0.5, 0.0, 20.0)


@pytest.mark.parametrize(("asked", "least", "most"), [(1e9, 3590, 3600), (-5, 0.5, 1.0), (0, 0.5, 1.0), (40, 35, 40)])
def test_every_worker_rests_as_long_as_the_vendor_asks_within_reason(
    database: str, asked: float, least: float, most: float
) -> None:
    db = Database(database)
    limits = Limits(per_second=1000, burst=1000)
    one, other = Governor(db, "erp", "acme", limits), Governor(db, "erp", "acme", limits)
    with pytest.raises(Throttled), one.call():
        raise Throttled("erp", "asked us to slow down", timedelta(seconds=asked))
    with db.connection() as session:
        row = session.execute(
            "select extract(epoch from rest_until - clock_timestamp())::float8 as left from limit_bucket"
        ).fetchone()
    assert row is not None
    assert least <= row["left"] <= most
    if least > 10:
        with pytest.raises(Unavailable, match="asked us to wait") as caught, other.call():
            pass
        assert caught.value.retry_after is not None
        assert least <= caught.value.retry_after.total_seconds() <= most
    one.close()
    other.close()
    db.close()


def test_a_month_end_in_another_worker_leaves_a_slot_to_a_deal(database: str) -> None:
    """Bulk work may hold every slot while it is alone; once a deal has called, its next calls never wait for one."""
    bulk, deal = Slots(database, "acme", 4), Slots(database, "acme", 4)
    held = [bulk.take("erp", "transactions") for _ in range(4)]
    waiting = ThreadPoolExecutor(1).submit(deal.take, "erp", "project")
    bulk.adapt(1.0, urgent=True)
    for slot in held:
        bulk.give_back(slot)
    first = waiting.result(timeout=5)
    again = [bulk.take("erp", "transactions") for _ in range(3)]
    assert 3 not in again, "the last slot is not for bulk work now"
    deal.give_back(first)
    assert deal.take("erp", "project") in {first, 3}
    bulk.close()
    deal.close()


def test_side_by_side_a_deal_overtakes_the_bulk_work_of_its_own_worker(database: str) -> None:
    slots = Slots(database, "acme", 1)
    busy = slots.take("erp", "transactions")
    order: list[str] = []

    def call(tier: Tier) -> None:
        slot = slots.take("erp", tier)
        order.append(tier)
        slots.give_back(slot)

    with ThreadPoolExecutor(6) as pool:
        for _ in range(4):
            pool.submit(call, "transactions")
        while sum(slots._waiting.values()) < 4:
            time.sleep(0.01)
        pool.submit(call, "project")
        while sum(slots._waiting.values()) < 5:
            time.sleep(0.01)
        slots.give_back(busy)
    assert "project" in order[:2], order
    slots.close()


def test_calls_by_tier_through_the_governor_do_not_starve_the_light_ones(database: str) -> None:
    """Ten greedy bulk threads and one deal of ten calls at 40 calls a second: the deal is through long before them."""
    db = Database(database, size=20)
    governor = Governor(db, "erp", "acme", Limits(concurrent=4, per_second=40, burst=4, reserved_share=0.0))
    stop, bulk = threading.Event(), []

    def month_end() -> None:
        while not stop.is_set():
            with governor.call():
                bulk.append(time.monotonic())

    with ThreadPoolExecutor(11) as pool:
        for _ in range(10):
            pool.submit(month_end)
        while len(bulk) < 20:
            time.sleep(0.01)
        before = len(bulk)
        with working_for("project"):
            for _ in range(10):
                with governor.call():
                    pass
        meanwhile = len(bulk) - before
        stop.set()
    assert meanwhile <= 20, f"{meanwhile} bulk calls went out while ten calls of a deal were made"
    governor.close()
    rows = _rows(db, "select sum(calls)::int as calls from call_total")
    assert rows == [{"calls": len(bulk) + 10}]
    db.close()


def test_calls_are_written_down_with_their_ends(database: str) -> None:
    db = Database(database)
    governor = Governor(db, "erp", "acme", Limits(per_second=1000, burst=1000))
    with governor.call():
        pass
    for error in (Throttled("erp", "slow"), Unavailable("erp", "away", timedelta(seconds=1))):
        with pytest.raises(Unavailable), governor.call():
            raise error
    governor.close()
    rows = _rows(
        db, "select calls, failed, throttled, (select sum(n) from unnest(buckets) n) as timed from call_minute"
    )
    assert [sum(row[name] for row in rows) for name in ("calls", "failed", "throttled", "timed")] == [3, 1, 1, 3]
    assert _rows(db, "select calls, failed, throttled from call_total") == [{"calls": 3, "failed": 1, "throttled": 1}]
    db.close()


def test_percentiles_come_from_buckets() -> None:
    buckets = [0] * (len(BOUNDS) + 1)
    assert percentile(buckets, 0.5) is None
    buckets[3] = 100
    assert percentile(buckets, 0.5) == pytest.approx(0.175)
    buckets[-1] = 100
    found = percentile(buckets, 0.99)
    assert found is not None
    assert found > 60


def _rows(db: Database, query: str) -> list[dict[str, Any]]:
    with db.connection() as session:
        return session.execute(query.encode()).fetchall()
