"""Running a flow instance: begin (fence, reasons), the flow itself, and the end that settles books and agenda."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from tieline.engine.approvals import void_unasked
from tieline.engine.change_guard import COUNTED, count_values
from tieline.engine.controls import Controls, pause_refused
from tieline.engine.effect import (
    Author,
    Moved,
    author_values,
    outcome_part,
    outcome_values,
    statement,
    write_outcome,
)
from tieline.engine.problem import Problem, auth_problem, problem_of, settle_problems
from tieline.engine.retry_policy import MOST_TRIES, back_off, tries_exhausted
from tieline.engine.run import EndState, Run, Stop
from tieline.engine.tiers import Tier, working_for
from tieline.engine.tracing import span
from tieline.engine.wake import wake
from tieline.sdk.crashpoint import crash_point
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.store.database import CONFLICTS, Connection, Database, repeated

log = structlog.get_logger()

FlowFunction = Callable[[Run, str, Any], None]
"""(run, key, systems): a plain function that may run at any time, any number of times."""

SystemsFor = Callable[[Connection], Any]
"""The systems of the firm, with routes pinned through this database connection."""


@dataclass(frozen=True, kw_only=True)
class FlowEngine:
    """What every run needs; built once by the composition root."""

    database: Database
    flows: Mapping[str, FlowFunction]
    systems: SystemsFor
    controls: Controls
    site_uid: str
    app_version: str
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    """Flow -> the service tier it works for; any other works for `project`."""
    today: Callable[[], date] | None = None
    """Another calendar than the clock's: a rehearsal of months goes by its own days."""

    def run(self, flow: str, key: str) -> EndState:
        """Run a flow instance once. Never raises: whatever happens is on the agenda and in the exception queue."""
        try:
            with self.database.connection() as db:
                return self._run(db, flow, key)
        except Exception:
            log.exception("run_lost", flow=flow, key=key)
            return "retrying"  # the agenda is still behind; the ticker finds that no job looks at it

    def _run(self, db: Connection, flow: str, key: str) -> EndState:
        run, wanted = repeated(lambda: _begin(self, db, flow, key))
        crash_point("run.begun")
        engagement, because = run.author.engagement, ",".join(run.reasons)
        with working_for(run.author.tier), span(flow, thread=engagement, flow=flow, key=key, because=because) as traced:
            state = self._converge(run, wanted)
            traced.note(engagement=run.author.engagement, state=state, run=run.author.run_id or None)
        return state

    def _converge(self, run: Run, wanted: int) -> EndState:
        flow, key = run.author.flow, run.author.key
        try:
            end = execute(run, self.flows[flow], self.systems(run.db))
            return _end(self, run, wanted, end)
        except Moved:
            return _superseded(run)
        except CONFLICTS:
            _rescue_all(run)
            return _superseded(run)
        except Exception as error:
            log.exception("run_failed", flow=flow, key=key)
            return _failed(self, run, wanted, error)


@dataclass(frozen=True, slots=True)
class End:
    """How the flow function ended. `complete`: it ran through and demanded all it wants."""

    state: EndState
    note: str | None
    complete: bool


_BEGIN = """
with seen as (
  update agenda set reasons = '{}', due_at = null,
    taken = array(select distinct unnest(taken || reasons) order by 1) where flow = %(flow)s and key = %(key)s
  returning engagement, wanted, coalesce(since, clock_timestamp()) as since, taken),
fence as (
  insert into lease (engagement, epoch) select engagement, 1 from seen
  on conflict (engagement) do update set epoch = lease.epoch + 1 returning epoch)
select seen.engagement, seen.wanted, seen.since, seen.taken as reasons, fence.epoch, clock_timestamp() as now,
  exists (select from exception_line where flow = %(flow)s and key = %(key)s) as has_problems,
  exists (select from approval where flow = %(flow)s and key = %(key)s) as has_approvals,
  set_config('synchronous_commit', 'off', true)
from seen, fence
"""
# A crash may take the begin back, for nothing was sent yet: the first intent waits for the disk, and so for all before.


def _begin(engine: FlowEngine, db: Connection, flow: str, key: str) -> tuple[Run, int]:
    row = db.execute(_BEGIN, {"flow": flow, "key": key}).fetchone()
    assert row is not None, f"no agenda row of {flow} {key}"
    author = Author(
        flow=flow,
        key=key,
        engagement=row["engagement"],
        epoch=row["epoch"],
        run_id=0,
        tier=engine.tiers.get(flow, "project"),
        since=row["since"],
    )
    started: datetime = row["now"]
    run = Run(
        db=db,
        author=author,
        reasons=tuple(row["reasons"]),
        controls=engine.controls,
        site_uid=engine.site_uid,
        app_version=engine.app_version,
        started_at=started,
        day=engine.today() if engine.today else None,
        has_problems=row["has_problems"],
        has_approvals=row["has_approvals"],
    )
    return run, row["wanted"]


def execute(run: Run, function: FlowFunction, systems: Any) -> End:
    """Call the flow function; the three errors, and what it asks a person, are ends like any other."""
    try:
        function(run, run.author.key, systems)
    except Stop as stop:
        return End(stop.state, stop.note, complete=stop.state != "superseded")
    except Unavailable as error:
        failures = _failures(run)
        asked = error.wish.total_seconds() if error.wish else 0.0
        run.due.append(run.started_at + timedelta(seconds=max(asked, back_off(failures))))
        if failures + 1 >= MOST_TRIES:
            run.problems.append(tries_exhausted(error.system, error.message, label="Read"))
        return End("retrying", f"{error.system} {error.message}", complete=False)
    except Unauthorized as error:
        run.problems.append(auth_problem(error.system, error))
        return End("blocked", error.message, complete=False)
    except Rejected as error:
        run.problems.append(problem_of(error, label="Read", target="read", subject=run.author.key))
        return End("blocked", error.message, complete=False)
    if run.problems:
        return End("blocked", run.problems[0].message, complete=True)
    if run.due:
        return End("retrying", _waiting_note(run), complete=True)
    return End("done", None, complete=True)


def _waiting_note(run: Run) -> str | None:
    waits = [step for step in run.steps if step.what in ("in_doubt", "retrying", "accepted", "waiting")]
    return f"{waits[0].label}: {waits[0].detail}" if waits else None


def _failures(run: Run) -> int:
    row = run.db.execute(
        "select failures from agenda where flow = %s and key = %s", [run.author.flow, run.author.key]
    ).fetchone()
    return int(row["failures"]) if row else 0


# Parts of one statement, behind `outcome_part`: when the outcome lost its race, or the run its lease, nothing is done.
_ENDED = """
ended as (
update agenda set done = greatest(done, %(wanted)s), state = %(end)s, note = %(note)s,
  failures = case when %(complete)s then 0 else failures + 1 end,
  due_at = case when %(due)s::timestamptz is null then due_at else least(due_at, %(due)s::timestamptz) end,
  since = case when %(end)s = 'retrying' then since when wanted > %(wanted)s then %(started)s end,
  taken = case when %(complete)s then '{}' else taken end
where flow = %(flow)s and key = %(key)s and exists (select from done)
  and exists (select from lease where engagement = %(engagement)s and epoch = %(epoch)s)
returning flow)"""
_CLOSED = """
closed as (
update run set ended_at = clock_timestamp(), state = %(end)s, note = %(note)s, steps = %(steps)s
where id = %(run_id)s and exists (select from ended))"""
_RETIRE = """
update effect e set retired_at = clock_timestamp() where e.flow = %(flow)s and e.key = %(key)s and retired_at is null
  and not exists (select from unnest(%(connections)s::text[], %(targets)s::text[], %(subjects)s::text[])
    as d (connection, target, subject)
    where d.connection = e.connection and d.target = e.target and d.subject = e.subject)
"""
_SUPERSEDED = """
update run set ended_at = clock_timestamp(), state = 'superseded', note = 'another run took over', steps = %s
where id = %s
"""


def _end(engine: FlowEngine, run: Run, wanted: int, end: End) -> EndState:
    begun = run.author

    def settle() -> EndState:
        run.author = begun
        return _settle(engine, run, wanted, end)

    return repeated(settle)


def _settle(engine: FlowEngine, run: Run, wanted: int, end: End) -> EndState:
    retires = end.complete and end.state in ("done", "blocked") and bool(run.demanded) and run.may_retire
    alone = not (retires or run.asked or run.has_approvals) and _ends_in_one_statement(run)
    with nullcontext() if alone else run.db.transaction():
        if run.changed or run.problems:
            run.begin_changes()
        for outcome in run.pending[:-1]:
            write_outcome(run.db, outcome, run.author)
        _write_end(run, wanted, end)
        for action in run.in_transaction:
            action(run.db)
        if end.complete and (run.asked or run.has_approvals):
            void_unasked(run.db, run.author, run.asked)
        if retires:
            _retire(run)
        if run.problems or run.has_problems:
            settle_problems(
                run.db,
                flow=run.author.flow,
                key=run.author.key,
                engagement=run.author.engagement,
                problems=run.problems,
                keep_others=end.state == "retrying",
                records=run.read,
            )
        for item in run.wakes:
            wake(run.db, item.flow, item.key, item.engagement, "flow", run.author.since)
        crash_point("run.ending")
    run.pending.clear()
    crash_point("run.ended")
    for problem in run.problems:
        if problem.kind == "auth" and problem.connection:
            pause_refused(engine.database, problem.connection, run.started_at)
    log.info("run_ended", flow=run.author.flow, key=run.author.key, state=end.state, steps=len(run.steps))
    return end.state


def _ends_in_one_statement(run: Run) -> bool:
    """Whether its end is the agenda, its own row, its count and the outcome that waits, and nothing more."""
    tells = run.in_transaction or run.wakes or run.problems or run.has_problems
    return not tells and len(run.pending) < 2 and (run.author.run_id != 0 or not run.changed)


def _write_end(run: Run, wanted: int, end: End) -> None:
    outcome = run.pending[-1] if run.pending else None
    values: dict[str, Any] = {
        **author_values(run.author, None),
        "wanted": wanted,
        "end": end.state,
        "note": end.note,
        "due": min([*run.due, *run.later], default=None),
        "started": run.started_at,
        "complete": end.complete,
    }
    if outcome:
        values |= outcome_values(outcome, run.author)
    parts = [outcome_part(outcome), _ENDED]
    if run.author.run_id:
        parts.append(_CLOSED)
        values |= {"steps": run.steps_json()}
    if run.counts:
        parts.append(COUNTED)
        values |= count_values(run.counts)
    if run.db.execute(statement(*parts, returns="flow from ended"), values).fetchone() is None:
        raise Moved


def _retire(run: Run) -> None:
    demanded = sorted(run.demanded)
    run.db.execute(
        _RETIRE,
        {
            "flow": run.author.flow,
            "key": run.author.key,
            "connections": [item[0] for item in demanded],
            "targets": [item[1] for item in demanded],
            "subjects": [item[2] for item in demanded],
        },
    )


def _superseded(run: Run) -> EndState:
    with run.db.transaction():
        if run.author.run_id:
            run.db.execute(_SUPERSEDED, [run.steps_json(), run.author.run_id])
        wake(run.db, run.author.flow, run.author.key, run.author.engagement, "flow")
    return "superseded"


def _failed(engine: FlowEngine, run: Run, wanted: int, error: Exception) -> EndState:
    """Our own bug: an exception of kind `internal`; the engagement's data waits, nothing else stops."""
    run.in_transaction[:], run.wakes[:] = [], []
    _forget_unstored(run)
    _rescue_all(run)
    text = "".join(char for char in f"{type(error).__name__}: {error}"[:300] if char.isprintable())
    internal = Problem(
        kind="internal",
        field=run.author.flow,
        key=f"{type(error).__name__}:{run.author.key}",
        message=f"Tieline itself failed in {run.author.flow}: {text}",
        suggestion="Report it with the log; it is tried again by itself.",
    )
    run.due.append(run.started_at + timedelta(seconds=back_off(_failures(run) + 3)))
    run.problems.append(internal)
    try:
        return _end(engine, run, wanted, End("blocked", text, complete=False))
    except Moved:
        return _superseded(run)
    except Exception:  # what the run has to tell cannot be stored itself
        log.exception("problems_lost", flow=run.author.flow, key=run.author.key)
        run.problems, run.steps = [internal], []
        return _end(engine, run, wanted, End("blocked", text, complete=False))


def _forget_unstored(run: Run) -> None:
    """The run's row may be gone with the transaction that made it; it is then made again."""
    if run.author.run_id and not run.db.execute("select from run where id = %s", [run.author.run_id]).fetchall():
        run.author = replace(run.author, run_id=0)


def _rescue_all(run: Run) -> None:
    """What the vendor answered must not be lost with what failed afterwards."""
    for outcome in list(run.pending):
        _rescue(run, outcome)


def _rescue(run: Run, outcome: Any) -> None:
    run.pending[:] = [replace(outcome)]
    try:
        with run.db.transaction():
            run.flush()
    except Exception:
        log.exception("outcome_lost", effect=outcome.effect_id)
        run.pending.clear()
