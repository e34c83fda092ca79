"""Many lines at once: an exception of thousands is released, and a million lines are compared with the ERP's list."""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from bench.world import Postgres
from tests.lane.world import ERP, PSA, World, a_project, entry
from tieline.lane.release import release_exception
from tieline.reconciliation.comparison import Firm, Scope, compare
from tieline.reconciliation.period import Period
from tieline.reconciliation.posted_lines import posted_line_comparisons
from tieline.reconciliation.sheet import Sheet
from tieline.sdk.books import Fact, Held, Listed
from tieline.sdk.roles import Erp
from tieline.store.canonical import put_project, refer
from tieline.store.database import Database, connect

PROJECTS = 50
SEEDED = 500
"""Discrepancies planted in the ERP's list, a fifth of each kind."""
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
FACTS: Mapping[Listed, frozenset[Fact]] = {"time": frozenset({"project", "day", "quantity"})}


def measure(postgres: Postgres, waiting: int, lines: int, seed: int) -> list[dict[str, Any]]:
    """A row for the release, a row for the comparison."""
    return [_release(postgres, waiting), _compare(postgres, lines, seed)]


def _release(postgres: Postgres, count: int) -> dict[str, Any]:
    """All lines wait for one missing service item; it is added, and they go on."""
    database = Database(postgres.fresh_database("bench_release"))
    world = World(database)
    world.furnish()
    world.items = {}
    for start in range(0, count, 1000):
        world.pull(*(entry(number, 60) for number in range(start, min(start + 1000, count))))
    (exception,) = world.rows("select id from exception_item where closed_at is null")
    world.items = {"Senior Consultant": "7"}
    mended = world.pricing
    begun = time.perf_counter()
    released = release_exception(database, mended, exception["id"])
    seconds = time.perf_counter() - begun
    if released.released != count or world.rows("select id from exception_item where closed_at is null"):
        raise RuntimeError(f"{count} lines waited, but {released}")
    world.worker.close()
    database.close()
    return {"what": "release of one exception", "lines": count, "seconds": seconds, "per_second": count / seconds}


_LINES = """
insert into project_transaction (connection, kind, source_id, source_version, page_id, legal_entity, project_id, person,
  project_ref, person_ref, work_date, quantity, unit, currency, rate, amount, disposition, state)
select %(psa)s, 'time', n::text, 1, 1, 'US', 'prj_' || 1 + n %% %(projects)s, 'tom@haldenmarsh.example', 'ws', 'u-tom',
  date '2026-01-01' + (n %% 365)::int, 15 + n %% 400, 'min', 'USD', 210, round((15 + n %% 400) * 210 / 60.0, 2),
  'billable', 'checked'
from generate_series(1, %(lines)s) n
"""
_POSTED = """
insert into erp_line (transaction_id, batch_id, connection, erp_id, posted_at)
select id, 1, %(erp)s, source_id, now() - interval '1 day' from project_transaction
"""


class Books:
    """An ERP's list of time, with mistakes planted in it; reading it takes as long as making it."""

    zeroes_reversed = False
    whole_amounts = False
    shows = FACTS

    def __init__(self, lines: int, seed: int) -> None:
        chosen = random.Random(seed).sample(range(1, lines + 1), SEEDED)  # noqa: S311 - for a measurement
        fifth = SEEDED // 5
        kinds = ("missing", "amount", "date", "wrong_project", "duplicate")
        self.planted = {line: kinds[place // fifth] for place, line in enumerate(chosen)}
        self._lines = lines

    def list_held(self, record: Listed, days: object = None) -> Iterator[Held]:
        """All rows."""
        return (row for number in range(1, self._lines + 1) for row in self._rows(number))

    def find_held(self, record: Listed, references: Sequence[str]) -> Iterator[Held]:
        """Those with these references."""
        numbers = (int(reference.split(":")[2]) for reference in references)
        return (row for number in numbers for row in self._rows(number))

    def _rows(self, number: int) -> Iterable[Held]:
        row = Held(
            external_id=str(number),
            reference=f"{PSA}:time:{number}:0",
            project=f"e{1 + number % PROJECTS}",
            person="e-tom",
            day=FIRST + timedelta(number % 365),
            quantity=Decimal(15 + number % 400),
        )
        match self.planted.get(number):
            case None:
                return (row,)
            case "missing":
                return ()
            case "amount":
                return (replace(row, quantity=Decimal(1)),)
            case "date":
                return (replace(row, day=FIRST + timedelta((number + 1) % 28)),)
            case "wrong_project":
                return (replace(row, project=f"e{1 + (number + 1) % PROJECTS}"),)
        return (row, replace(row, external_id=f"{number}-again"))


class _Timed(Sheet):
    """A sheet that knows how long it copied."""

    copying = 0.0

    def copy(self, rows: Iterable[Held]) -> int:
        begun = time.perf_counter()
        count = super().copy(rows)
        self.copying += time.perf_counter() - begun
        return count


def _compare(postgres: Postgres, lines: int, seed: int) -> dict[str, Any]:
    """Every line we posted against the ERP's list."""
    database = Database(postgres.fresh_database("bench_compare"))
    world, books = World(database), Books(lines, seed)
    world.furnish()
    with database.transaction() as db:
        for number in range(2, PROJECTS + 1):
            put_project(db, a_project(number))
            db.execute("insert into route (record_id, role, connection) values (%s, 'erp', 'erp')", [f"prj_{number}"])
            refer(db, ERP, "project", f"prj_{number}", f"e{number}")
        values = {"psa": PSA, "erp": ERP, "projects": PROJECTS, "lines": lines}
        db.execute(_LINES, values)
        db.execute(_POSTED, values)
    with database.connection() as db:
        db.execute("vacuum analyze")
    erp = SimpleNamespace(connection=ERP, books=books)
    connected = {PSA: SimpleNamespace(psa=True, erp=None), ERP: SimpleNamespace(psa=None, erp=cast(Erp, erp))}
    firm = Firm(database=database, connected=cast(Any, connected), pricing=world.pricing, entities=("US",))
    (comparison,) = posted_line_comparisons(firm, Scope(period=Period(FIRST, LAST)))
    with connect(database.conninfo) as db:
        sheet = _Timed(db)
        begun = time.perf_counter()
        found = compare(sheet, comparison)
        seconds = time.perf_counter() - begun
    told = {(int(one.key.split(":")[2]), one.kind) for one in found}
    right = told & set(books.planted.items())
    world.worker.close()
    database.close()
    return {
        "what": "comparison with the ERP's list",
        "lines": lines,
        "seconds": seconds - sheet.copying,
        "per_second": lines / (seconds - sheet.copying),
        "list_copied_s": sheet.copying,
        "planted": len(books.planted),
        "precision": len(right) / len(found),
        "recall": len(right) / len(books.planted),
    }
