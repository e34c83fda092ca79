"""Reconciliation of the firm's systems: every comparison of the scope, its discrepancies stored, exceptions told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import structlog
from psycopg import Error as DatabaseError
from psycopg.types.json import Jsonb

from tieline.reconciliation.comparison import Comparison, Firm, Scope, compare
from tieline.reconciliation.deals import deal_comparisons
from tieline.reconciliation.discrepancy import Seen, store
from tieline.reconciliation.documents import document_comparisons
from tieline.reconciliation.invoices import invoice_comparisons
from tieline.reconciliation.milestones import milestone_comparisons
from tieline.reconciliation.posted_lines import posted_line_comparisons
from tieline.reconciliation.queue import tell
from tieline.reconciliation.sheet import Difference, Sheet, Total
from tieline.reconciliation.source_lines import source_line_comparisons
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.store.database import Connection, connect

log = structlog.get_logger()

LOCK = 714_200
"""Advisory lock: one reconciliation or verification of a firm at a time."""


class Busy(Exception):
    """Another process reconciles or verifies this firm just now."""

    def __init__(self) -> None:
        super().__init__("The firm's systems are being compared just now; try again when that is done.")


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One comparison and what it found."""

    left: str
    right: str
    record: str
    seen: Seen | None = None
    totals: list[Total] = field(default_factory=list)
    kinds: Mapping[str, int] = field(default_factory=dict)
    problem: str | None = None
    """Why the two could not be compared."""


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """A run and its result."""

    id: int
    scope: Scope
    compared: list[Compared]

    @property
    def open(self) -> int:
        """Discrepancies that are open in the scope."""
        return sum(one.seen.open for one in self.compared if one.seen)

    @property
    def failed(self) -> list[Compared]:
        """What could not be compared."""
        return [one for one in self.compared if one.problem]


def comparisons(firm: Firm, scope: Scope) -> list[Comparison]:
    """What is compared, in the order of the thread. A connection limits it to what concerns that one."""
    everything = [
        *deal_comparisons(firm),
        *document_comparisons(firm),
        *source_line_comparisons(firm, scope),
        *milestone_comparisons(firm),
        *posted_line_comparisons(firm, scope),
        *invoice_comparisons(firm),
    ]
    return [one for one in everything if scope.connection is None or one.concerns(scope.connection)]


@contextmanager
def alone(firm: Firm) -> Iterator[Connection]:
    """A session of its own that no other reconciliation runs beside. Raises Busy."""
    with connect(firm.database.conninfo) as db:
        row = db.execute("select pg_try_advisory_lock(%s) as won", [LOCK]).fetchone()
        if row is None or not row["won"]:
            raise Busy
        try:
            yield db
        finally:  # the server takes a moment to notice that a session has ended; the next may come at once
            with suppress(DatabaseError):
                db.execute("select pg_advisory_unlock(%s)", [LOCK])


_BEGIN = """
insert into reconciliation (scope, asked_by, started_at, state) values (%(scope)s, %(by)s, clock_timestamp(), 'running')
returning id
"""
_CLAIM = """
update reconciliation set started_at = clock_timestamp(), state = 'running' where id = %(id)s and state = 'asked'
returning id
"""
_END = """
update reconciliation set ended_at = clock_timestamp(), state = %(state)s, problem = %(problem)s, result = %(result)s
where id = %(id)s
"""


def reconcile(firm: Firm, scope: Scope, by: str, *, asked: int | None = None) -> Reconciliation:
    """Compare, store, tell. `asked`: the row of a request this is the answer to. Raises Busy."""
    with alone(firm) as db:
        db.execute("update reconciliation set state = 'failed', problem = 'was broken off' where state = 'running'")
        values = {"scope": Jsonb(scope_json(scope)), "by": by, "id": asked}
        row = db.execute(_BEGIN if asked is None else _CLAIM, values).fetchone()
        if row is None:
            raise Busy
        run = int(row["id"])
        sheet = Sheet(db)
        result = Reconciliation(id=run, scope=scope, compared=[])
        for comparison in comparisons(firm, scope):
            result.compared.append(_one(firm, sheet, comparison, scope, run))
        with firm.database.transaction() as books:
            tell(books, {name: firm.system(name) for name in firm.connected})
        failed = result.failed
        problem = "; ".join(dict.fromkeys(str(one.problem) for one in failed)) or None
        state = "failed" if len(failed) == len(result.compared) and failed else "done"
        db.execute(_END, {"id": run, "state": state, "problem": problem, "result": Jsonb(_json(result))})
    log.info("reconciled", run=run, period=str(scope.period), open=result.open, failed=len(failed))
    return result


def _one(firm: Firm, sheet: Sheet, comparison: Comparison, scope: Scope, run: int) -> Compared:
    blank = Compared(left=comparison.left, right=comparison.right, record=comparison.record)
    try:
        found = compare(sheet, comparison)
    except (Unavailable, Rejected, Unauthorized) as error:
        log.warning("not_compared", record=blank.record, connection=error.system, error=error.message[:200])
        return replace(blank, problem=f"{firm.system(error.system)}: {error.message}")
    found = [one for one in found if scope.entity is None or one.legal_entity == scope.entity]
    totals = [one for one in sheet.totals() if scope.entity is None or one.legal_entity == scope.entity]
    with firm.database.transaction() as db:
        seen = store(db, run, comparison, scope, found, comparison.repair(db, found))
    return replace(blank, seen=seen, totals=totals, kinds=_kinds(found))


def _kinds(found: list[Difference]) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for one in found:
        kinds[one.kind] = kinds.get(one.kind, 0) + 1
    return dict(sorted(kinds.items()))


def scope_json(scope: Scope) -> dict[str, Any]:
    """The scope as stored with a run."""
    return {"period": str(scope.period), "connection": scope.connection, "entity": scope.entity}


def _json(result: Reconciliation) -> dict[str, Any]:
    return {
        "open": result.open,
        "compared": [
            {
                "left": one.left,
                "right": one.right,
                "record": one.record,
                "seen": asdict(one.seen) if one.seen else None,
                "lines": sum(total.wanted_lines for total in one.totals),
                "kinds": dict(one.kinds),
                "problem": one.problem,
            }
            for one in result.compared
        ],
    }
