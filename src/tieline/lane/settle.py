"""Settle: what became of a batch is written once, by the worker that still owns it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tieline.engine.problem import Problem, problem_of
from tieline.lane.batch import Target, make_batches
from tieline.lane.outbound import Outbound
from tieline.lane.pricing import Pricing
from tieline.lane.waiting import wait_for, wait_no_longer
from tieline.lane.wakes import wake_projects_of
from tieline.sdk.errors import Rejected
from tieline.store.database import Connection


class Fenced(Exception):
    """Another worker has taken the batch over; nothing of ours is written."""


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


_FENCE = """
update posting_batch set state = %(state)s, handle = %(handle)s, worker = null, lease_until = null,
  due_at = clock_timestamp() + %(after)s, failures = %(failures)s, problem = %(problem)s,
  generation = coalesce(%(generation)s, generation),
  quarantine_until = case when %(quarantine)s::interval is null then quarantine_until
    else clock_timestamp() + %(quarantine)s end
where id = %(id)s and epoch = %(epoch)s and state = 'sending'
returning id
"""
_POSTED = """
insert into erp_line (transaction_id, batch_id, connection, erp_id)
select id, %(batch)s, %(connection)s, erp_id from unnest(%(ids)s::bigint[], %(erp_ids)s::text[]) r (id, erp_id)
"""
_AUDIT = """
insert into audit_event (engagement, action, object, detail)
select p.engagement_id, 'lines.posted', %(connection)s::text || ':time:' || p.id,
  jsonb_build_object('label', count(*) || ' approved time entries', 'batch', %(batch)s::bigint, 'lines', count(*))
from project_transaction t join project p on p.id = t.project_id
where t.id = any (%(ids)s) group by p.engagement_id, p.id
"""


def settle(
    db: Connection,
    batch: Mapping[str, Any],
    connection: str,
    lines: Sequence[Outbound],
    verdict: Verdict,
    following: Next,
    pricing: Pricing,
) -> None:
    """Write outcome and lineage; call inside a transaction. Raises Fenced.

    The order of statements matters: what is held for these lines is read after the fence, with a snapshot of its own.
    """
    _fence(db, batch, following)
    if verdict.ids:
        values = {
            "batch": batch["id"],
            "connection": connection,
            "ids": list(verdict.ids),
            "erp_ids": list(verdict.ids.values()),
        }
        db.execute(_POSTED, values)
        db.execute(_AUDIT, values)
        wake_projects_of(db, list(verdict.ids))
        _free_reversals(db, connection, list(verdict.ids), pricing)
    if verdict.refused:
        _refuse(db, connection, lines, verdict.refused)
    if verdict.absent:
        _drop(db, verdict.absent)


def _fence(db: Connection, batch: Mapping[str, Any], following: Next) -> None:
    row = db.execute(
        _FENCE,
        {
            "id": batch["id"],
            "epoch": batch["epoch"],
            "state": following.state,
            "handle": following.handle,
            "after": following.after,
            "failures": following.failures,
            "problem": following.problem,
            "generation": following.generation,
            "quarantine": following.quarantine,
        },
    ).fetchone()
    if row is None:
        raise Fenced


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


def _refuse(db: Connection, connection: str, lines: Sequence[Outbound], refused: Mapping[int, Rejected]) -> None:
    by_id = {line.id: line for line in lines}
    # Asked now: a line may have been corrected during the call.
    gone = {row["id"] for row in db.execute(_SUPERSEDED, [list(refused)]).fetchall()}
    _drop(db, sorted(gone))
    wanted = [line_id for line_id in refused if line_id not in gone]
    db.execute("update project_transaction set state = 'in_exception' where id = any (%s)", [wanted])
    waiting: dict[Problem, list[int]] = {}
    for line_id in wanted:
        error = refused[line_id]
        # Without a key of its own a refusal concerns the project, or each line would be an exception.
        problem = problem_of(
            error, target="time", subject=by_id[line_id].project_id, legal_entity=by_id[line_id].legal_entity
        )
        waiting.setdefault(problem, []).append(line_id)
    wait_for(db, _by_cause(waiting))


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
