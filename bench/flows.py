"""Won to everything created: how long, and how many times the bare vendor calls of the same engagements."""

import math
import statistics
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.recording import Bare, Call, Recording, recording
from bench.world import Postgres, Vendors, tokens, trust_certificate, vendors, win_deals, write_bench_site
from tieline.app.assembly import Tieline, assemble
from tieline.app.intake import Intake
from tieline.app.site import load_site
from tieline.app.worker import start
from tieline.engine.wake import wake_many
from tieline.sdk.feed import Changed

LAST = "contract_to_project"
MEASURED = ("opportunity_to_contract", LAST)
THREADS = 8


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    engagements: int = 30
    at_once: int = 10
    latencies: Sequence[int] = (0, 20)

    @property
    def deals(self) -> int:
        """One to warm up, then for each latency those one by one and those at once."""
        return 1 + (self.engagements + self.at_once) * len(self.latencies)


QUICK = Plan(engagements=5, at_once=5)


def measure(postgres: Postgres, folder: Path, seed: int, plan: Plan) -> list[dict[str, Any]]:
    """One row for each latency."""
    with vendors(seed) as world:
        write_bench_site(folder, world)
        trust_certificate(folder, world)
        conninfo = postgres.fresh_database("bench_flows")
        warm_up, one_by_one, at_once = _product(conninfo, folder, world, plan)
    with vendors(seed) as world:
        floors = _floor(folder, world, plan, warm_up, one_by_one)
    return [
        _row(milliseconds, one_by_one[milliseconds], at_once[milliseconds], floors[milliseconds])
        for milliseconds in plan.latencies
    ]


@dataclass(frozen=True)
class Measured:
    """One engagement: seconds and its vendor calls."""

    seconds: float
    calls: list[Call]


def _product(
    conninfo: str, folder: Path, world: Vendors, plan: Plan
) -> tuple[Measured, dict[int, list[Measured]], dict[int, float]]:
    """The warm-up, the engagements one by one, and engagements per second of those at once."""
    with ExitStack() as stack:
        seen = stack.enter_context(recording())
        tieline = assemble(load_site(folder), conninfo, threads=THREADS)
        stack.callback(tieline.close)
        stopped = threading.Event()
        worker = start(tieline, stopped, threads=THREADS)
        stack.callback(worker.join, 40)
        stack.callback(stopped.set)
        rest(tieline, feeds=3)  # the first sweep of each feed is over and has found nothing
        deals = win_deals(world, plan.deals)
        measured: dict[int, list[Measured]] = {}
        warm_up = _one(tieline, seen, deals.pop(0))
        for milliseconds in plan.latencies:
            world.slow_down(milliseconds)
            measured[milliseconds] = [_one(tieline, seen, deals.pop(0)) for _ in range(plan.engagements)]
        rates: dict[int, float] = {}
        for milliseconds in plan.latencies:
            world.slow_down(milliseconds)
            some = [deals.pop(0) for _ in range(plan.at_once)]
            rates[milliseconds] = plan.at_once / _many(tieline, seen, some).seconds
        world.slow_down(0)
        return warm_up, measured, rates


def _one(tieline: Tieline, seen: Recording, deal: str) -> Measured:
    return _many(tieline, seen, [deal])


def _many(tieline: Tieline, seen: Recording, deals: Sequence[str]) -> Measured:
    """Wake these deals in one commit; the clock stops when the last contract_to_project has ended."""
    seen.clear()
    intake = Intake(tieline)
    begun = time.perf_counter()
    with tieline.database.transaction() as db:
        changed = [Changed("opportunity", deal, 1) for deal in deals]
        wake_many(db, intake.concerns(db, "salesforce", changed), "event")
    ended = seen.wait_for(LAST, len(deals))
    if any(one.state != "done" for one in ended):
        with tieline.database.connection() as db:
            told = db.execute("select flow, state, note from agenda where state <> 'done'").fetchall()
        raise RuntimeError(f"an engagement did not get through: {told}")
    rest(tieline)
    return Measured(max(one.at for one in ended) - begun, [call for call in seen.calls if call.flow in MEASURED])


def rest(tieline: Tieline, feeds: int = 0, seconds: float = 60.0) -> None:
    """Wait until no job is left; what follows the measured flows must not run into the next measurement."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with tieline.database.connection() as db:
            row = db.execute(
                "select (select count(*) from procrastinate_jobs) as jobs, (select count(*) from feed_cursor) as feeds"
            ).fetchone()
        if row is not None and row["jobs"] == 0 and row["feeds"] >= feeds:
            return
        time.sleep(0.02)
    raise RuntimeError("the worker does not come to rest")


@dataclass(frozen=True)
class Floor:
    """The bare calls of one engagement after the other."""

    seconds: list[float]
    other: int


def _floor(
    folder: Path, world: Vendors, plan: Plan, warm_up: Measured, measured: dict[int, list[Measured]]
) -> dict[int, Floor]:
    """The same calls to stand-ins in the same state: same seed, same deals, same order, so ids are the same."""
    bare = Bare(world.urls, tokens(folder, world))
    win_deals(world, plan.deals)
    bare.replay(warm_up.calls)
    floors: dict[int, Floor] = {}
    for milliseconds in plan.latencies:
        world.slow_down(milliseconds)
        results = [bare.replay(one.calls) for one in measured[milliseconds]]
        floors[milliseconds] = Floor([seconds for seconds, _ in results], sum(other for _, other in results))
    bare.close()
    return floors


def _row(milliseconds: int, measured: Sequence[Measured], rate: float, floor: Floor) -> dict[str, Any]:
    seconds = [one.seconds for one in measured]
    return {
        "latency_ms": milliseconds,
        "engagements": len(measured),
        "calls": statistics.mean(len(one.calls) for one in measured),
        "p50_ms": 1000 * percentile(seconds, 50),
        "p99_ms": 1000 * percentile(seconds, 99),
        "floor_p50_ms": 1000 * percentile(floor.seconds, 50),
        "floor_p99_ms": 1000 * percentile(floor.seconds, 99),
        "times_floor_p50": percentile(seconds, 50) / percentile(floor.seconds, 50),
        "times_floor_p99": percentile(seconds, 99) / percentile(floor.seconds, 99),
        "at_once_per_second": rate,
        "floor_answers_that_differ": floor.other,
    }


def percentile(values: Sequence[float], percent: int) -> float:
    """Nearest rank: the smallest value that is not exceeded by so many percent."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
