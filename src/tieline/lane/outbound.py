"""The lines of a claimed batch as the ERP takes them, with the ERP's own ids of project, task and person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct
from psycopg.rows import args_row

from tieline.lane.pricing import Pricing
from tieline.sdk.errors import Rejected
from tieline.sdk.lines import ErpLine
from tieline.store.database import Connection

# A superseded charge is looked up, but never sent again: its reversal is held until we know. What is posted is asked
# for by key and not by a join, which without fresh statistics reads all lines of the firm for those of a batch. A line
# that was refused and released since is in another batch, although this one still names it.
_LINES = """
select t.id, t.batch_id, t.connection, t.kind, t.source_id, t.part, t.seq, t.sign, t.live, t.project_id, t.legal_entity,
  t.item_code, t.work_date, t.quantity, t.cost_rate, t.note, t.person, t.task_ref, t.posts_on
from project_transaction t
where t.id = any (%(ids)s) and t.batch_id = any (%(batches)s) and t.state = 'checked'
  and t.id <> all (array(select transaction_id from erp_line where transaction_id = any (%(ids)s)))
order by t.id
"""
_PROJECTS = """
select p.id, p.code, x.external_id as theirs from project p
  left join cross_reference x on x.connection = %(erp)s and x.target = 'project' and x.subject = p.id
where p.id = any (%(projects)s)
"""
_PEOPLE = """
select subject, external_id from cross_reference
where connection = %(erp)s and target = 'person' and subject = any (%(people)s)
"""
_TASKS = """
select s.connection, s.external_id as ref, z.external_id as theirs
from unnest(%(connections)s::text[], %(tasks)s::text[]) n (connection, ref)
  join cross_reference s on s.connection = n.connection and s.target = 'wbs_element' and s.external_id = n.ref
  join cross_reference z on z.connection = %(erp)s and z.target = 'wbs_element' and z.subject = s.subject
"""


class _Stored(Struct, frozen=True, gc=False):
    """A row of `_LINES`, in the order of its columns."""

    id: int
    batch_id: int
    connection: str
    kind: str
    source_id: str
    part: int
    seq: int
    sign: int
    live: bool
    project_id: str
    legal_entity: str
    item_code: str
    work_date: date
    quantity: Decimal
    cost_rate: Decimal | None
    note: str | None
    person: str
    task_ref: str | None
    posts_on: date | None


class Outbound(Struct, frozen=True, gc=False):
    """One line of a batch. `line` is None when the ERP's ids are gone: `problem` says which."""

    id: int
    reference: str
    superseded: bool
    project_id: str | None
    legal_entity: str | None
    line: ErpLine | None
    problem: Rejected | None


def reference_of(connection: str, kind: str, source_id: str, part: int, seq: int) -> str:
    """What we call a line in the ERP; an odd number behind the tilde is a reversal."""
    return f"{connection}:{kind}:{source_id}:{part}" + (f"~{seq}" if seq else "")


@dataclass(frozen=True, slots=True)
class _Theirs:
    """The ERP's ids of what these lines name."""

    projects: dict[str, tuple[str, str | None]]
    """Our id -> its code, the ERP's id"""
    people: dict[str, str]
    tasks: dict[tuple[str, str], str]
    """(source, the source's id) -> the ERP's id"""


def lines_of(
    db: Connection, erp: str, batches: Sequence[Mapping[str, Any]], pricing: Pricing
) -> dict[int, list[Outbound]]:
    """By batch, those of its lines that are neither posted nor gone from it, in a fixed order."""
    found: dict[int, list[Outbound]] = {batch["id"]: [] for batch in batches}
    ids = [line for batch in batches for line in batch["line_ids"]]
    with db.cursor(row_factory=args_row(_Stored)) as cursor:
        rows = cursor.execute(_LINES, {"ids": ids, "batches": list(found)}).fetchall() if ids else []
    theirs = _theirs(db, erp, rows)
    for row in rows:
        found[row.batch_id].append(_outbound(row, erp, theirs, pricing))
    return found


def _theirs(db: Connection, erp: str, rows: Sequence[_Stored]) -> _Theirs:
    tasks = {(row.connection, row.task_ref) for row in rows if row.task_ref is not None}
    values = {
        "erp": erp,
        "projects": list({row.project_id for row in rows}),
        "people": list({row.person for row in rows}),
        "connections": [connection for connection, _ in tasks],
        "tasks": [task for _, task in tasks],
    }
    return _Theirs(
        {row["id"]: (row["code"], row["theirs"]) for row in db.execute(_PROJECTS, values).fetchall()},
        {row["subject"]: row["external_id"] for row in db.execute(_PEOPLE, values).fetchall()},
        {(row["connection"], row["ref"]): row["theirs"] for row in db.execute(_TASKS, values).fetchall()},
    )


def _outbound(row: _Stored, erp: str, theirs: _Theirs, pricing: Pricing) -> Outbound:
    reference = reference_of(row.connection, row.kind, row.source_id, row.part, row.seq)
    superseded = row.sign == 1 and not row.live
    code, project = theirs.projects.get(row.project_id, (None, None))
    person = theirs.people.get(row.person)
    if project is None:
        problem = _gone(erp, "project", row.project_id, f"{code} is no longer known in {erp}", "finance")
    elif person is None:
        message = f"{erp} has no employee with the e-mail {row.person}"
        problem = _gone(erp, "person", row.person, message, "resource")
    elif pricing.lacks_item(erp, row.item_code):
        message = f"'{row.item_code}' has no service item in {erp}"
        problem = Rejected(erp, message, kind="mapping", field="item", key=row.item_code, owner="finance")
    else:
        line = ErpLine(
            reference=reference,
            project=project,
            task=theirs.tasks.get((row.connection, row.task_ref)) if row.task_ref is not None else None,
            person=person,
            item=pricing.item(erp, row.item_code),
            work_date=row.work_date,
            minutes=row.quantity * row.sign,
            legal_entity=row.legal_entity,
            cost_rate=row.cost_rate,
            note=row.note,
            sign=row.sign,
            posts_on=row.posts_on,
        )
        return Outbound(row.id, reference, superseded, row.project_id, row.legal_entity, line, None)
    return Outbound(row.id, reference, superseded, row.project_id, row.legal_entity, None, problem)


def _gone(erp: str, name: str, key: str | None, message: str, owner: str) -> Rejected:
    return Rejected(erp, message, kind="master_data", field=name, key=key, owner=owner)
