"""New lines: judged, put into batches or exceptions, and loaded by COPY."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from psycopg.types.json import Jsonb

from tieline.billing.cause import Cause
from tieline.billing.pricing import Priced
from tieline.engine.problem import Problem
from tieline.lane.batch import NewBatches, Target
from tieline.lane.check import Worth, judge, unstorable, worth
from tieline.lane.reference import ProjectFacts, Reference
from tieline.lane.reversal import next_ids
from tieline.lane.waiting import problem_of_cause, wait_for
from tieline.lane.wakes import wake_projects
from tieline.sdk.feed import SourceLine
from tieline.store.database import Connection
from tieline.store.numbers import Numbers


class Charge(Struct, frozen=True, gc=False):
    """A line to be stored: `seq` is even and rises with every new demand of its source line."""

    line: SourceLine
    seq: int = 0
    supersedes: int | None = None
    withdrawn: bool = False
    """An un-approval after posting: a tombstone, so that a late copy of the approved line is no news."""


_COPY = """
copy project_transaction (id, connection, kind, source_id, source_version, seq, supersedes_id, page_id, legal_entity,
  project_id, person, project_ref, person_ref, task_ref, role, work_date, quantity, unit, billable, source_currency,
  source_amount, approved_by, approved_at, note, currency, rate, amount, rate_rule, cost_rate, cost_currency,
  contract_version, item_code, disposition, attributes, state, batch_id) from stdin (format binary)
"""
_TYPES = [
    *("int8", "text", "text", "text", "int8", "int4", "int8", "int8"),
    *("text", "text", "text", "text", "text", "text", "text", "date", "numeric", "text", "bool", "text"),
    *("numeric", "text", "timestamptz", "text", "text", "numeric", "numeric", "text", "numeric", "text"),
    *("int4", "text", "text", "jsonb", "text", "int8"),
]


class _Judged(Struct, gc=False):
    id: int
    page_id: int
    charge: Charge
    project: ProjectFacts | None
    person: str | None
    priced: Priced | None


def store_charges(db: Connection, reference: Reference, pages: Mapping[int, Sequence[Charge]]) -> None:
    """Price, check, batch and store the charges of each page. The caller holds the feed's lock, shares the batches."""
    charges = [(page_id, charge) for page_id, some in pages.items() for charge in some]
    if not charges:
        return
    ids = next_ids(db, len(charges))
    targets = _targets(reference)
    batches = NewBatches(db, reference.pricing, set(targets.values()), len(charges))
    causes: dict[Cause, list[int]] = defaultdict(list)
    worths: dict[int, Worth | None] = {}
    with db.cursor() as cursor:
        cursor.adapters.register_dumper(None, Numbers)
        with cursor.copy(_COPY) as copy:  # PostgreSQL stores what is written while the next lines are priced
            copy.set_types(_TYPES)
            for line_id, (page_id, charge) in zip(ids, charges, strict=True):
                one, cause = _judged(reference, line_id, page_id, charge)
                if cause is not None:
                    causes[cause].append(line_id)
                    worths[line_id] = worth(reference, one.charge.line)
                posted = one.priced is not None and charge.line.kind == "time"
                target = targets.get(charge.line.project_ref) if posted else None
                batch = batches.place(target, line_id) if target is not None else None
                copy.write_row(_row(reference.connection, one, batch))
    batches.store()
    waiting: dict[Problem, list[int]] = {}
    for cause, some_ids in causes.items():
        waiting.setdefault(problem_of_cause(cause), []).extend(some_ids)
    wait_for(db, waiting, worths)
    projects = (reference.projects.get(ref) for ref in {charge.line.project_ref for _, charge in charges})
    wake_projects(db, {(one.terms.project_id, one.engagement_id) for one in projects if one is not None})


def _targets(reference: Reference) -> dict[str, Target]:
    """Where the time of each project is posted, if it is."""
    targets = {ref: post_target(reference, "time", project) for ref, project in reference.projects.items()}
    return {ref: target for ref, target in targets.items() if target is not None}


def post_target(reference: Reference, kind: str, project: ProjectFacts | None) -> Target | None:
    """Where a line is posted; only time is, and only where the project's ERP takes it."""
    if kind != "time" or project is None or project.erp is None:
        return None
    entity = project.terms.legal_entity
    return (project.erp, entity) if reference.pricing.posts(project.erp, entity) else None


def _judged(reference: Reference, line_id: int, page_id: int, charge: Charge) -> tuple[_Judged, Cause | None]:
    line = charge.line
    project = reference.projects.get(line.project_ref)
    person = reference.people.get(line.person_ref) if line.person_ref is not None else None
    email = person.terms.email if person else None
    cause = unstorable(line)
    if cause is not None:
        charge = replace(charge, line=replace(line, quantity=Decimal(0), amount=None))
    if charge.withdrawn:
        return _Judged(line_id, page_id, charge, project, email, None), None
    verdict = cause or judge(reference, line)
    if isinstance(verdict, Cause):
        return _Judged(line_id, page_id, charge, project, email, None), verdict
    return _Judged(line_id, page_id, charge, project, email, verdict), None


_NO_PRICE: tuple[Any, ...] = (None,) * 9
_Cell = str | int | bool | Decimal | date | datetime | Jsonb | None


def _row(connection: str, one: _Judged, batch_id: int | None) -> tuple[_Cell, ...]:
    line, priced, project = one.charge.line, one.priced, one.project
    price: tuple[_Cell, ...] = _NO_PRICE
    if priced is not None:
        price = (
            priced.currency,
            priced.rate,
            priced.amount,
            priced.rate_rule,
            priced.cost_rate,
            priced.cost_currency,
            priced.contract_version,
            priced.item_code,
            priced.disposition,
        )
    return (
        one.id,
        connection,
        line.kind,
        line.source_id,
        line.source_version,
        one.charge.seq,
        one.charge.supersedes,
        one.page_id,
        project.terms.legal_entity if project else None,
        project.terms.project_id if project else None,
        one.person,
        line.project_ref,
        line.person_ref,
        line.task_ref,
        line.role or (priced.role if priced else None),
        line.work_date,
        line.quantity,
        line.unit,
        line.billable,
        line.currency,
        line.amount,
        line.approved_by,
        line.approved_at,
        line.note,
        *price,
        Jsonb(line.attributes) if line.attributes else None,
        "withdrawn" if one.charge.withdrawn else "in_exception" if priced is None else "checked",
        batch_id,
    )
