"""What no repair mends becomes an exception: one per cause, which closes by itself when a comparison finds it gone."""

from tieline.engine.audit import audit
from tieline.engine.problem import Problem, settle_problems
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.reconciliation.comparison import TIELINE
from tieline.reconciliation.words import cause_told
from tieline.store.database import Connection

FLOW = "reconciliation"
OWNERS = {
    "time": "finance",
    "expense": "delivery",
    "milestone": "delivery",
    "opportunity": "sales",
}
"""Who mends what differs, by record; finance mends the rest."""

_KEY = "d.left_side || '>' || d.right_side || '|' || d.record || '|' || d.kind || '|' || d.project_id"
_CAUSES = f"""
select {_KEY} as key, d.left_side, d.right_side, d.record, d.kind, d.project_id, min(d.legal_entity) as legal_entity,
  min(d.currency) as currency, sum(d.money) as money, count(*) as lines, min(d.reference) as reference,
  min(d.label) as label, p.code, p.engagement_id
from discrepancy d left join project p on p.id = d.project_id
where d.closed_at is null and d.repair = 'person' and (%(key)s::text is null or {_KEY} = %(key)s)
group by d.left_side, d.right_side, d.record, d.kind, d.project_id, p.code, p.engagement_id order by 1
"""  # noqa: S608 - constants of this module
_WAITING = """
select distinct l.key, coalesce(l.engagement, l.key) as engagement from exception_line l
  join exception_item i on i.id = l.exception_id where i.closed_at is null and l.flow = %(flow)s
"""


def tell(db: Connection, systems: dict[str, str]) -> int:
    """Open, refresh and close the exceptions of all open discrepancies; returns how many causes wait for a person.

    Call inside a transaction. `systems`: connection -> the vendor's name.
    """
    causes = {str(row["key"]): row for row in db.execute(_CAUSES, {"key": None}).fetchall()}
    for key, row in causes.items():
        settle_problems(
            db,
            flow=FLOW,
            key=key,
            engagement=row["engagement_id"] or key,
            problems=[_problem(row, systems)],
            keep_others=False,
        )
    for row in db.execute(_WAITING, {"flow": FLOW}).fetchall():
        if row["key"] not in causes:
            settle_problems(db, flow=FLOW, key=row["key"], engagement=row["engagement"], problems=[], keep_others=False)
    return len(causes)


def _problem(row: dict[str, object], systems: dict[str, str]) -> Problem:
    told = cause_told(row, systems)
    record, kind = str(row["record"]), str(row["kind"])
    connection = next((str(row[side]) for side in ("right_side", "left_side") if row[side] in systems), None)
    return Problem(
        kind="business_rule",
        connection=connection,
        field=f"reconciliation of {record}",
        key=str(row["key"]),
        legal_entity=str(row["legal_entity"]) if row["legal_entity"] != "-" else None,
        message=told.message,
        suggestion=told.suggestion,
        owner=OWNERS.get(record, "finance"),
        label=f"Reconciliation: {record} {kind.replace('_', ' ')}",
        target=record,
        subject=str(row["reference"]),
        amount=row["money"],  # type: ignore[arg-type]
        currency=str(row["currency"]) if row["money"] is not None and row["currency"] != "-" else None,
    )


def reconciliation(run: Run, key: str, systems: Systems) -> None:
    """Key: the cause. Run when a person retries its exception: it is compared anew, and waits until that is done."""
    rows = run.db.execute(_CAUSES, {"key": key}).fetchall()
    if not rows:
        return run.stand_by("The systems agree")
    if "operator" in run.reasons:
        run.with_commit(lambda db: ask_look(db, key, "operator"))
    sides = {str(row[side]) for row in rows for side in ("left_side", "right_side")} - {TIELINE}
    names = {side: systems.connection(side).facts.system for side in sides}
    return run.require([_problem(row, names) for row in rows])


def ask_look(db: Connection, key: str, by: str) -> None:
    """Have the discrepancies of a cause compared anew by the worker."""
    db.execute(
        f"update discrepancy d set look_by = %s where d.closed_at is null and {_KEY} = %s",  # noqa: S608
        [by, key],
    )
    audit(db, "discrepancy.looked_at", actor=by, object_=key)
