"""Key figures over a million lines of a year: how long each takes as a whole, by month, and a page of its records."""

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from bench.world import Postgres
from tests.console.world import World
from tieline.insights.definition import Definition, definitions
from tieline.insights.figure import Scope, Setting, read_figures, read_records
from tieline.store.database import Connection, Database

PROJECTS = 200
TODAY = date(2026, 11, 20)
_PAGES = """
insert into pull_page (stream, lines, quantity, body, pulled_at)
select 'kantata:time', 200, 1, '', timestamptz '2026-01-01' + n * interval '1 day' / 14 from generate_series(1, 5000) n
"""
_LINES = """
insert into project_transaction (connection, kind, source_id, source_version, page_id, legal_entity, project_id, person,
  project_ref, person_ref, role, work_date, quantity, unit, billable, currency, rate, amount, cost_rate, cost_currency,
  disposition, state)
select 'kantata', 'time', n::text, 1, 1 + n * 5000 / (%(lines)s + 1), p.legal_entity, p.id,
  'person' || n %% 300 || '@haldenmarsh.example', 'ws', 'u', 'Consultant',
  date '2026-01-01' + (n * 324 / %(lines)s)::int, 15 + n %% 400, 'min', n %% 10 > 0, p.currency,
  165, case when n %% 10 > 0 then round((15 + n %% 400) * 165 / 60.0, 2) else 0 end, 90, p.currency,
  case when n %% 10 = 0 then 'non_billable' when n %% 100 = 1 then 'written_off' else 'billable' end,
  case when n %% 10 > 0 and n %% 100 = 1 then 'written_off' when n %% 100 = 2 then 'in_exception' else 'checked' end
from generate_series(1, %(lines)s::bigint) n
  join (select *, row_number() over (order by id) as place from project) p on p.place = 1 + n %% %(projects)s
"""
_INVOICES = """
insert into invoice (id, engagement_id, project_id, connection, schema_version, body, external_id, number, status,
  state)
select 'inv_' || p.id || '_' || month, p.engagement_id, p.id, 'netsuite', 1,
  jsonb_build_object('period_end', d.last, 'currency', p.currency, 'net', money), 'x' || p.id || month,
  'INV-' || p.id || month, case when month < 8 then 'paid' else 'open' end,
  jsonb_build_object('issued_on', d.last + 4, 'due_on', d.last + 34, 'net', money, 'total', money, 'paid',
    case when month < 8 then money else jsonb_build_object('amount', '0.00', 'currency', p.currency) end)
from project p cross join generate_series(1, 10) month
  cross join lateral (select (make_date(2026, month, 1) + interval '1 month')::date - 1 as last) d
  cross join lateral (select jsonb_build_object('amount', '100000.00', 'currency', p.currency) as money) a
"""
_BILLED = """
insert into invoice_line (transaction_id, invoice_id)
select t.id, 'inv_' || t.project_id || '_' || extract(month from t.work_date)
from project_transaction t
where t.state = 'checked' and t.disposition = 'billable' and t.work_date < date '2026-11-01' and t.id %% 50 > 0
"""
_FACTS = """
insert into service_fact (tier, connection, engagement, label, started_at, ended_at, records)
select 'transactions', 'netsuite', p.engagement_id, 'entries', now(), now() + n * interval '1 second', 100
from generate_series(1, %(lines)s::bigint / 100) n
  join (select *, row_number() over (order by id) as place from project) p on p.place = 1 + n %% %(projects)s
"""


def measure(postgres: Postgres, lines: int) -> list[dict[str, Any]]:
    """A row for each way to look: CPU seconds of PostgreSQL for every figure, and the wall time of the slowest.

    The second of two reads counts.
    """
    database = Database(postgres.fresh_database("bench_insights"), size=2)
    _fill(database, lines)
    setting = Setting(today=TODAY, within=timedelta(hours=6))
    ways: dict[str, Callable[[Connection, Definition], Any]] = {
        "whole": lambda db, one: read_figures(db, one, Scope(), setting),
        "by month": lambda db, one: read_figures(db, one, Scope(), setting, "month"),
        "a page of records": lambda db, one: read_records(db, one, Scope(), setting),
    }
    rows: list[dict[str, Any]] = []
    with database.connection() as db:
        for way, read in ways.items():
            costs = {one.id: _cost(postgres, db, one, read) for one in definitions().values()}
            cpu = {name: cost[1] for name, cost in costs.items()}
            rows.append({"what": way, "lines": lines, "slowest_seconds": max(costs.values())[0], **cpu})
    database.close()
    return rows


def _cost(
    postgres: Postgres, db: Connection, one: Definition, read: Callable[[Connection, Definition], Any]
) -> tuple[float, float]:
    """Seconds, and CPU seconds of PostgreSQL."""
    read(db, one)
    begun, cpu = time.perf_counter(), postgres.cpu_seconds()
    read(db, one)
    seconds = time.perf_counter() - begun
    time.sleep(0.05)  # until the server has counted its parallel workers
    return seconds, postgres.cpu_seconds() - cpu


def _fill(database: Database, lines: int) -> None:
    world = World(database)
    values = {"lines": lines, "projects": PROJECTS}
    with database.transaction() as db:
        for number in range(PROJECTS):
            entity, currency = (("US", "USD"), ("DE", "EUR"), ("UK", "GBP"))[number % 3]
            world.engagement(
                db, f"eng_{number:04}", f"Engagement {number}", f"Customer {number % 60}", entity, currency
            )
        db.execute(_PAGES)
        db.execute(_LINES, values)
        db.execute(_INVOICES)
        db.execute(_FACTS, values)
    with database.transaction() as db:
        db.execute(_BILLED, {})
    with database.connection() as db:
        db.execute("vacuum analyze")
