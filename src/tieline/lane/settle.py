"""Settle: what became of a round of batches is written once and in one commit, by the worker that still owns them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from tieline.engine.problem import Problem, problem_of
from tieline.lane.batch import Target, make_batches
from tieline.lane.closed_periods import in_closed_period, remember_closed
from tieline.lane.failing import tell_failing
from tieline.lane.outbound import Outbound
from tieline.lane.pricing import Pricing
from tieline.lane.waiting import wait_for, wait_no_longer
from tieline.lane.wakes import wake_named_projects
from tieline.sdk.errors import Rejected
from tieline.store.database import Connection

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Next:
    """Where a batch goes from here: `done`, or what is to be done when."""

    state: str
    after: timedelta = timedelta(0)
    handle: str | None = None
    quarantine: timedelta | None = None
    """From now on; None keeps what was set."""
    generation: int | None = None
    failures: int = 0
    problem: str | None = None


@dataclass(slots=True)
class Verdict:
    """What we learned of the lines of a batch."""

    ids: dict[int, str] = field(default_factory=dict)
    refused: dict[int, Rejected] = field(default_factory=dict)
    absent: list[int] = field(default_factory=list)
    """Superseded lines that certainly never arrived: they and their reversals are void."""


@dataclass(frozen=True, slots=True)
class End:
    """How the work on a claimed batch ended for now."""

    batch: Mapping[str, Any]
    lines: Sequence[Outbound]
    verdict: Verdict
    following: Next


_OURS = "select id, epoch from posting_batch where id = any (%s) and state = 'sending' order by id for update"
_FOLLOW = """
update posting_batch b set state = n.state, handle = n.handle, worker = null, lease_until = null,
  due_at = clock_timestamp() + n.after, failures = n.failures, problem = n.problem,
  generation = coalesce(n.generation, b.generation),
  quarantine_until = case when n.quarantine is null then quarantine_until
    else clock_timestamp() + n.quarantine end
from unnest(%(ids)s::bigint[], %(states)s::text[], %(handles)s::text[], %(afters)s::interval[], %(failures)s::int[],
    %(problems)s::text[], %(generations)s::int[], %(quarantines)s::interval[])
  n (id, state, handle, after, failures, problem, generation, quarantine)
where b.id = n.id
"""
_POSTED = "copy erp_line (transaction_id, batch_id, connection, erp_id) from stdin (format binary)"
_AUDIT = """
insert into audit_event (engagement, action, object, detail)
select p.engagement_id, 'lines.posted', %(connection)s::text || ':time:' || p.id,
  jsonb_build_object('label', n.lines || ' approved time entries', 'batches', %(batches)s::bigint[], 'lines', n.lines)
from unnest(%(projects)s::text[], %(lines)s::int[]) n (project, lines) join project p on p.id = n.project
"""


def settle(db: Connection, connection: str, ends: Sequence[End], pricing: Pricing) -> list[End]:
    """Write outcomes and lineage; call inside a transaction. Returns those that were still ours: of a batch another
    worker has taken over nothing is written.

    The order of statements matters: what is held for these lines is read after the fence, with a snapshot of its own.
    """
    ours = _fence(db, ends)
    if not ours:
        return []
    _follow(db, ours)
    posted = [(line_id, end.batch["id"], erp_id) for end in ours for line_id, erp_id in end.verdict.ids.items()]
    if posted:
        with db.cursor() as cursor, cursor.copy(_POSTED) as copy:
            copy.set_types(["int8", "int8", "text", "text"])
            for line_id, batch_id, erp_id in posted:
                copy.write_row((line_id, batch_id, connection, erp_id))
        _free_reversals(db, connection, [line_id for line_id, _, _ in posted], pricing)
    tell_failing(db, connection, ours)
    refused = {line_id: error for end in ours for line_id, error in end.verdict.refused.items()}
    if refused:
        _refuse(db, [line for end in ours for line in end.lines], refused)
    absent = [line_id for end in ours for line_id in end.verdict.absent]
    if absent:
        _drop(db, absent)
    if posted:  # last, since pulls wake the same projects and wait for our commit
        _tell_projects(db, connection, ours)
    return ours


def _fence(db: Connection, ends: Sequence[End]) -> list[End]:
    """Hold the batches until the commit; returns those nobody has taken over."""
    rows = db.execute(_OURS, [[end.batch["id"] for end in ends]]).fetchall()
    epochs = {row["id"]: row["epoch"] for row in rows}
    ours = [end for end in ends if epochs.get(end.batch["id"]) == end.batch["epoch"]]
    if len(ours) < len(ends):
        log.warning("batches_taken_over", batches=[end.batch["id"] for end in ends if end not in ours])
    return ours


def _follow(db: Connection, ends: Sequence[End]) -> None:
    nexts = [end.following for end in ends]
    db.execute(
        _FOLLOW,
        {
            "ids": [end.batch["id"] for end in ends],
            "states": [one.state for one in nexts],
            "handles": [one.handle for one in nexts],
            "afters": [one.after for one in nexts],
            "failures": [one.failures for one in nexts],
            "problems": [one.problem for one in nexts],
            "generations": [one.generation for one in nexts],
            "quarantines": [one.quarantine for one in nexts],
        },
    )


def _tell_projects(db: Connection, connection: str, ends: Sequence[End]) -> None:
    """The trail of each project, and a wake-up for whoever bills it."""
    lines = Counter(line.project_id for end in ends for line in end.lines if line.id in end.verdict.ids)
    projects = {project: count for project, count in lines.items() if project is not None}
    values = {
        "connection": connection,
        "batches": [end.batch["id"] for end in ends if end.verdict.ids],
        "projects": list(projects),
        "lines": list(projects.values()),
    }
    db.execute(_AUDIT, values)
    wake_named_projects(db, list(projects))


_HELD = """
select r.id, r.legal_entity from project_transaction r
where r.supersedes_id = any (%s) and r.state = 'held' and r.sign = -1 order by r.id
"""
_FREE = """
update project_transaction t set state = 'checked', batch_id = n.batch
from unnest(%(ids)s::bigint[], %(batches)s::bigint[]) n (id, batch) where t.id = n.id
"""


def _free_reversals(db: Connection, connection: str, posted: list[int], pricing: Pricing) -> None:
    """What was corrected while it was under way has arrived: now its reversal may go."""
    held = db.execute(_HELD, [posted]).fetchall()
    if not held:
        return
    to_post: dict[Target, list[int]] = {}
    for row in held:
        to_post.setdefault((connection, row["legal_entity"]), []).append(row["id"])
    batches = make_batches(db, pricing, to_post)
    db.execute(_FREE, {"ids": list(batches), "batches": list(batches.values())})


_SUPERSEDED = "select id from project_transaction where id = any (%s) and sign = 1 and not live"


def _refuse(db: Connection, lines: Sequence[Outbound], refused: Mapping[int, Rejected]) -> None:
    by_id = {line.id: line for line in lines}
    # Asked now: a line may have been corrected during the call.
    gone = {row["id"] for row in db.execute(_SUPERSEDED, [list(refused)]).fetchall()}
    _drop(db, sorted(gone))
    wanted = [line_id for line_id in refused if line_id not in gone]
    db.execute("update project_transaction set state = 'in_exception' where id = any (%s)", [wanted])
    waiting: dict[Problem, list[int]] = {}
    for line_id in wanted:
        waiting.setdefault(_problem(by_id[line_id], refused[line_id]), []).append(line_id)
    wait_for(db, _by_cause(waiting))
    remember_closed(db, waiting)


def _problem(one: Outbound, error: Rejected) -> Problem:
    # Without a key of its own a refusal concerns the project, or each line would be an exception.
    problem = problem_of(error, target="time", subject=one.project_id, legal_entity=one.legal_entity)
    if error.kind == "closed_period" and one.line is not None and one.legal_entity is not None:
        return in_closed_period(problem, one.line.booked_on)
    return problem


def _by_cause(waiting: Mapping[Problem, Sequence[int]]) -> dict[Problem, list[int]]:
    """One problem per cause: refusals of one cause may differ in their words."""
    first: dict[str, Problem] = {}
    merged: dict[Problem, list[int]] = {}
    for problem, ids in waiting.items():
        merged.setdefault(first.setdefault(problem.cause, problem), []).extend(ids)
    return merged


_VOID_REVERSALS = """
update project_transaction r set state = case when i.transaction_id is null then 'void' else 'checked' end
from project_transaction t left join invoice_line i on i.transaction_id = t.id
where r.supersedes_id = t.id and r.sign = -1 and r.state = 'held' and t.id = any (%s)
"""


def _drop(db: Connection, ids: list[int]) -> None:
    """Superseded lines the ERP does not hold: nothing to reverse there, only on an invoice that has them already."""
    if ids:
        db.execute("update project_transaction set state = 'void' where id = any (%s)", [ids])
        db.execute(_VOID_REVERSALS, [ids])
        wait_no_longer(db, ids, "its lines were corrected at their source")
