"""Release: lines leave an exception when its cause is gone; they are checked and priced again, and batched."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from tieline.billing.cause import Cause
from tieline.billing.pricing import Priced
from tieline.engine.audit import audit
from tieline.engine.feed_lock import lock_feed
from tieline.engine.problem import Problem
from tieline.lane.batch import Target, make_batches, share_batches
from tieline.lane.charge import post_target
from tieline.lane.check import Worth, judge, worth
from tieline.lane.failing import send_soon
from tieline.lane.pricing import Pricing
from tieline.lane.reference import Reference, load_reference
from tieline.lane.waiting import problem_of_cause, wait_for, wait_no_longer
from tieline.lane.wakes import wake_projects_of
from tieline.model.transaction import Kind
from tieline.store.database import Connection, Database

CHUNK = 1000
PROBED = 10
"""Lines of an exception, of the oldest and of the newest each, that are tried before all are looked at."""
TOGETHER = 500
"""Exceptions whose lines are looked at together."""


@dataclass(frozen=True, slots=True)
class Released:
    """How many lines went on, and how many still wait."""

    released: int
    waiting: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A stored line that waits, as the checks want it."""

    id: int
    connection: str
    kind: Kind
    source_id: str
    sign: int
    project_ref: str
    person_ref: str | None
    role: str | None
    work_date: date
    quantity: Decimal
    billable: bool
    currency: str | None
    amount: Decimal | None
    approved_at: datetime | None
    attributes: Mapping[str, Any]
    priced: bool
    """It was refused by the ERP: its price stands, and may be on an invoice."""


_LINES = """
select t.id, t.connection, t.kind, t.source_id, t.sign, t.project_ref, t.person_ref, t.role, t.work_date, t.quantity,
  t.billable, t.source_currency as currency, t.source_amount as amount, t.approved_at,
  coalesce(t.attributes, '{}') as attributes, t.disposition is not null as priced
from project_transaction t
where t.id in (select transaction_id from exception_line
    where exception_id = any (%(exceptions)s) and transaction_id > %(after)s)
  and t.state = 'in_exception' and t.connection = %(connection)s and t.kind = %(kind)s
order by t.id limit %(limit)s for update of t
"""
_FEEDS = """
select distinct t.connection, t.kind from project_transaction t join exception_line l on l.transaction_id = t.id
where l.exception_id = any (%s) and t.state = 'in_exception' order by 1, 2
"""


def release_exception(
    database: Database,
    pricing: Pricing,
    exception_id: int,
    *,
    by: str = "tieline",
    systems: dict[str, str] | None = None,
) -> Released:
    """Look at all lines of an exception again; those whose cause is gone go on. `systems`: vendors' names."""
    return release_exceptions(database, pricing, [exception_id], by=by, systems=systems)


def release_exceptions(
    database: Database,
    pricing: Pricing,
    exceptions: Sequence[int],
    *,
    by: str = "tieline",
    systems: dict[str, str] | None = None,
) -> Released:
    """Look at all lines of some exceptions again, together; those whose cause is gone go on."""
    released = waiting = 0
    with database.connection() as db:
        feeds = db.execute(_FEEDS, [list(exceptions)]).fetchall()
    for feed in feeds:
        after = 0
        while True:
            with database.transaction() as db:
                lock_feed(db, f"{feed['connection']}:{feed['kind']}")
                share_batches(db)
                lines = _read(db, exceptions, feed["connection"], feed["kind"], after)
                if not lines:
                    break
                going = _release(db, pricing, lines, (systems or {}).get(feed["connection"]))
                if going:
                    what = f"exception:{exceptions[0]}" if len(exceptions) == 1 else "exceptions"
                    detail = {"lines": going, "exceptions": len(exceptions)}
                    audit(db, "lines.released", actor=by, object_=what, detail=detail)
            released, waiting, after = released + going, waiting + len(lines) - going, lines[-1].id
    return Released(released, waiting)


def _read(db: Connection, exceptions: Sequence[int], connection: str, kind: str, after: int) -> list[_Waiting]:
    rows = db.execute(
        _LINES,
        {"exceptions": list(exceptions), "connection": connection, "kind": kind, "after": after, "limit": CHUNK},
    ).fetchall()
    return [_Waiting(**row) for row in rows]


@dataclass(slots=True)
class _Going:
    priced: dict[int, Priced] = field(default_factory=dict)
    again: list[int] = field(default_factory=list)
    to_post: dict[Target, list[int]] = field(default_factory=lambda: defaultdict(list))
    waiting: dict[Problem, list[int]] = field(default_factory=lambda: defaultdict(list))
    worths: dict[int, Worth | None] = field(default_factory=dict)
    linked: dict[int, tuple[str | None, str | None, str | None]] = field(default_factory=dict)
    """(legal entity, project, person) of each line, as they are known now."""


def _release(db: Connection, pricing: Pricing, lines: Sequence[_Waiting], system: str | None) -> int:
    reference = _reference(db, pricing, lines, system)
    going = _Going()
    for line in lines:
        _judge(going, reference, line)
    batches = make_batches(db, pricing, going.to_post)
    _write(db, going, batches)
    for problem, exception in wait_for(db, going.waiting, going.worths).items():
        wait_no_longer(db, going.waiting[problem], "its lines wait for another cause", keep=exception)
    gone = [*going.priced, *going.again]
    wait_no_longer(db, gone, "its cause is gone")
    wake_projects_of(db, gone)
    return len(gone)


def _judge(going: _Going, reference: Reference, line: _Waiting) -> None:
    project = reference.projects.get(line.project_ref)
    person = reference.people.get(line.person_ref) if line.person_ref is not None else None
    if line.priced:
        going.again.append(line.id)
    else:
        verdict = judge(reference, line)
        if isinstance(verdict, Cause):
            going.waiting[problem_of_cause(verdict)].append(line.id)
            going.worths[line.id] = worth(reference, line)
            return
        going.priced[line.id] = verdict
    going.linked[line.id] = (
        project.terms.legal_entity if project else None,
        project.terms.project_id if project else None,
        person.terms.email if person else None,
    )
    target = post_target(reference, line.kind, project)
    if target is not None:
        going.to_post[target].append(line.id)


def _reference(db: Connection, pricing: Pricing, lines: Sequence[_Waiting], system: str | None) -> Reference:
    connection = lines[0].connection
    projects = {line.project_ref for line in lines}
    people = {line.person_ref for line in lines if line.person_ref is not None}
    return load_reference(db, pricing, connection, system or connection, projects, people)


_PRICE = """
update project_transaction t set role = n.role, currency = n.currency, rate = n.rate, amount = n.amount,
  rate_rule = n.rule, cost_rate = n.cost_rate, cost_currency = n.cost_currency, contract_version = n.version,
  item_code = n.item, disposition = n.disposition
from unnest(%(ids)s::bigint[], %(roles)s::text[], %(currencies)s::text[], %(rates)s::numeric[], %(amounts)s::numeric[],
  %(rules)s::text[], %(cost_rates)s::numeric[], %(cost_currencies)s::text[], %(versions)s::int[], %(items)s::text[],
  %(dispositions)s::text[])
  n (id, role, currency, rate, amount, rule, cost_rate, cost_currency, version, item, disposition)
where t.id = n.id
"""
_GO = """
update project_transaction t set state = 'checked', batch_id = n.batch, legal_entity = n.entity,
  project_id = n.project, person = n.person
from unnest(%(ids)s::bigint[], %(batches)s::bigint[], %(entities)s::text[], %(projects)s::text[], %(people)s::text[])
  n (id, batch, entity, project, person)
where t.id = n.id
"""
_AGAIN = """
update project_transaction t set state = 'checked', batch_id = n.batch
from unnest(%(ids)s::bigint[], %(batches)s::bigint[]) n (id, batch) where t.id = n.id
"""


def _write(db: Connection, going: _Going, batches: dict[int, int]) -> None:
    if going.priced:
        prices = list(going.priced.values())
        values: dict[str, Any] = {
            "ids": list(going.priced),
            "roles": [price.role for price in prices],
            "currencies": [price.currency for price in prices],
            "rates": [price.rate for price in prices],
            "amounts": [price.amount for price in prices],
            "rules": [price.rate_rule for price in prices],
            "cost_rates": [price.cost_rate for price in prices],
            "cost_currencies": [price.cost_currency for price in prices],
            "versions": [price.contract_version for price in prices],
            "items": [price.item_code for price in prices],
            "dispositions": [price.disposition for price in prices],
        }
        db.execute(_PRICE, values)
        links = [going.linked[line] for line in going.priced]
        db.execute(
            _GO,
            {
                "ids": list(going.priced),
                "batches": [batches.get(line) for line in going.priced],
                "entities": [entity for entity, _, _ in links],
                "projects": [project for _, project, _ in links],
                "people": [person for _, _, person in links],
            },
        )
    if going.again:
        db.execute(_AGAIN, {"ids": going.again, "batches": [batches.get(line) for line in going.again]})


_PROBES = """
select i.id as exception_id, i.cause, t.id, t.connection, t.kind, t.source_id, t.sign, t.project_ref, t.person_ref,
  t.role, t.work_date, t.quantity, t.billable, t.source_currency as currency, t.source_amount as amount, t.approved_at,
  coalesce(t.attributes, '{}') as attributes
from exception_item i
  cross join lateral (
    (select transaction_id as id from exception_line where exception_id = i.id and transaction_id is not null
      order by transaction_id limit %(probed)s)
    union (select transaction_id from exception_line where exception_id = i.id and transaction_id is not null
      order by transaction_id desc limit %(probed)s)) l
  join project_transaction t on t.id = l.id
where i.closed_at is null and i.kind <> 'poison' and t.state = 'in_exception' and t.disposition is null
order by t.connection, i.id, t.id
"""


def release_all_mendable(database: Database, pricing: Pricing, systems: dict[str, str] | None = None) -> int:
    """Release what waited for a link, a rate, an item … that is there now; returns how many lines went on.

    Lines the ERP refused are not tried again by themselves: nothing of ours shows that their cause is gone.
    """
    with database.transaction() as db:
        rows = db.execute(_PROBES, {"probed": PROBED}).fetchall()
        mended = sorted(_mended(db, pricing, rows))
    return sum(
        release_exceptions(database, pricing, mended[at : at + TOGETHER], systems=systems).released
        for at in range(0, len(mended), TOGETHER)
    )


def release_asked(database: Database, pricing: Pricing) -> int:
    """Release the lines of exceptions a person asked to try again; returns how many of them, or batches, went on."""
    with database.connection() as db:
        rows = db.execute(_ASKED).fetchall()
    released = 0
    for by, group in groupby(rows, key=lambda row: str(row["retry_by"])):
        ids = [row["id"] for row in group]
        for at in range(0, len(ids), TOGETHER):
            some = ids[at : at + TOGETHER]
            released += release_exceptions(database, pricing, some, by=by).released
            with database.transaction() as db:
                released += send_soon(db, some)
                db.execute(_ANSWERED, [some])
    return released


_ASKED = "select id, retry_by from exception_item where retry_by is not null order by retry_by, id"
# One order, or two who lock several exceptions deadlock.
_ANSWERED = """
update exception_item i set retry_by = null
from (select id from exception_item where id = any (%s) order by id for update) l where i.id = l.id
"""


def _mended(db: Connection, pricing: Pricing, rows: Iterable[dict[str, Any]]) -> set[int]:
    """The exceptions of which a probed line has another fate now."""
    probes: dict[str, list[tuple[int, str, _Waiting]]] = defaultdict(list)
    for row in rows:
        exception, cause = row.pop("exception_id"), row.pop("cause")
        probes[row["connection"]].append((exception, cause, _Waiting(**row, priced=False)))
    mended: set[int] = set()
    for group in probes.values():
        reference = _reference(db, pricing, [line for _, _, line in group], None)
        for exception, cause, line in group:
            verdict = judge(reference, line)
            if not isinstance(verdict, Cause) or problem_of_cause(verdict).cause != cause:
                mended.add(exception)
    return mended


_UNBATCHED = """
select t.id, a.connection as erp, t.legal_entity from project_transaction t
  join route a on a.record_id = t.project_id and a.role = 'erp'
  left join erp_line o on o.transaction_id = t.supersedes_id
where t.connection = %(connection)s and t.kind = 'time' and t.state = 'checked' and t.batch_id is null
  and (t.live or t.sign = -1 and o.transaction_id is not null)
  and not exists (select from erp_line e where e.transaction_id = t.id) and a.connection = any (%(erps)s)
order by t.id limit %(limit)s
"""


def batch_unposted(database: Database, pricing: Pricing, connection: str) -> int:
    """Put time into batches that was checked while its entity was off; call when a process starts. Returns how much."""
    batched = 0
    while True:
        with database.transaction() as db:
            lock_feed(db, f"{connection}:time")
            share_batches(db)
            values = {"connection": connection, "erps": list(pricing.batch_sizes), "limit": CHUNK * 10}
            to_post: dict[Target, list[int]] = defaultdict(list)
            for row in db.execute(_UNBATCHED, values).fetchall():
                if pricing.posts(row["erp"], row["legal_entity"]):
                    to_post[row["erp"], row["legal_entity"]].append(row["id"])
            batches = make_batches(db, pricing, to_post)
            db.execute(_AGAIN, {"ids": list(batches), "batches": list(batches.values())})
        batched += len(batches)
        if not batches:
            return batched
