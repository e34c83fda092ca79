"""Preview: flow instances run as they would now, in a transaction that is rolled back and with the way out shut."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from psycopg.errors import DeadlockDetected, LockNotAvailable

from tieline.engine.effect import Author
from tieline.engine.flow import FlowEngine, execute
from tieline.engine.foresight import Foreseen, Foresight
from tieline.engine.run import EndState, Run
from tieline.engine.step import Step
from tieline.sdk.http import nothing_is_sent
from tieline.store.database import Connection

log = structlog.get_logger()

# Workers must never wait long for somebody who only looks, and never be the victim of a deadlock with him.
PATIENCE = "set local lock_timeout = '300ms'"


@dataclass(frozen=True, slots=True)
class Instance:
    """A flow instance; `engagement` is its lock."""

    flow: str
    key: str
    engagement: str


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """How the run of one flow instance would go."""

    instance: Instance
    state: EndState
    note: str | None
    writes: tuple[Foreseen, ...]
    unchanged: int
    """Records that are as they should be."""
    problems: tuple[str, ...]
    """What a person would have to mend."""
    steps: tuple[Step, ...]


def preview(engine: FlowEngine, instances: Sequence[Instance], most: int, ends: float) -> list[Forecast]:
    """Forecasts of instances of one engagement, and of the flows they would wake: at most so many, and none begun
    after `ends` (by `time.monotonic()`).

    Nothing is written: neither here nor in any system. Vendors are read.
    """
    forecasts: list[Forecast] = []
    waiting, seen = list(instances), set(instances)
    with nothing_is_sent(), engine.database.connection() as db, db.transaction(force_rollback=True):
        db.execute(PATIENCE)
        while waiting and len(forecasts) < most and time.monotonic() < ends:
            seen_ahead, woken = _forecast(engine, db, waiting.pop(0))
            forecasts.append(seen_ahead)
            for one in woken:
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
    return forecasts


def forecast(engine: FlowEngine, db: Connection, instance: Instance) -> Forecast:
    """One forecast, in a transaction of the caller's that is rolled back, with the way out shut by the caller."""
    return _forecast(engine, db, instance)[0]


def _forecast(engine: FlowEngine, db: Connection, instance: Instance) -> tuple[Forecast, list[Instance]]:
    run, state, note = _run(engine, db, instance), "blocked", None
    problems: list[str] = []
    try:
        with db.transaction():
            end = execute(run, engine.flows[instance.flow], engine.systems(db))
            state, note = end.state, end.note
            for action in run.in_transaction:
                action(db)
    except (LockNotAvailable, DeadlockDetected):
        state, note = "retrying", "It is being worked on just now; look again in a moment."
    except Exception as error:
        log.exception("preview_failed", flow=instance.flow, key=instance.key)
        problems.append(f"Tieline itself would fail in {instance.flow}: {type(error).__name__}")
    problems = [*(problem.message for problem in run.problems), *problems]
    assert run.foresight is not None
    told = Forecast(
        instance=instance,
        state=state,  # type: ignore[arg-type]
        note=note,
        writes=tuple(run.foresight.writes),
        unchanged=sum(step.what == "unchanged" for step in run.steps),
        problems=tuple(problems),
        steps=tuple(run.steps),
    )
    return told, [Instance(item.flow, item.key, item.engagement) for item in run.wakes]


def _run(engine: FlowEngine, db: Connection, instance: Instance) -> Run:
    row = db.execute("select clock_timestamp() as now").fetchone()
    assert row is not None
    now: datetime = row["now"]
    return Run(
        db=db,
        author=Author(flow=instance.flow, key=instance.key, engagement=instance.engagement, epoch=0, run_id=0),
        reasons=("operator",),
        controls=engine.controls,
        site_uid=engine.site_uid,
        app_version=engine.app_version,
        started_at=now,
        foresight=Foresight(),
    )
