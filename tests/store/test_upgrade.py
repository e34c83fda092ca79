"""A database of 0.1.0, stopped in the middle of its work, comes to the schema of this release with all it held.

`database_of_0_1_0.dump` was made by that release on PostgreSQL 15 (`pg_dump --inserts`): a deal staffed and worked,
another that is won, and a batch of time that was being sent when the worker was killed.
"""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tieline.engine.schema import migrate_database
from tieline.lane.totals import money_differences, quantity_balances
from tieline.store.database import connect

DUMP = Path(__file__).with_name("database_of_0_1_0.dump")
KEPT = ("effect", "cross_reference", "agenda", "run", "erp_line", "project_transaction", "posting_batch", "inbox")
COLUMNS = """
select table_name, column_name, data_type, is_nullable, column_default, is_generated
from information_schema.columns where table_schema = 'public' order by 1, 2
"""
INDEXES = "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public' order by 1, 2"
CHECKS = """
select conrelid::regclass::text as on_table, conname, pg_get_constraintdef(oid) as says from pg_constraint
where connamespace = 'public'::regnamespace and contype <> 'n' order by 1, 2
"""


@pytest.fixture
def old_database(empty_database: str) -> str:
    with psycopg.connect(empty_database, autocommit=True) as db:
        db.execute(DUMP.read_text("utf-8").encode())
    return empty_database


def read(conninfo: str, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(conninfo, row_factory=dict_row) as db:
        return db.execute(query.encode()).fetchall()


def test_it_ends_with_the_schema_of_a_new_database(old_database: str, database: str) -> None:
    applied = migrate_database(old_database)
    assert applied[0].startswith("0004_")
    assert migrate_database(old_database) == []
    for question in (COLUMNS, INDEXES, CHECKS):
        assert read(old_database, question) == read(database, question)


def test_nothing_it_held_is_lost_and_its_balances_hold(old_database: str) -> None:
    before = {name: read(old_database, f"select count(*) from {name}") for name in KEPT}
    assert before["erp_line"] == [{"count": 2}]
    assert read(old_database, "select state from posting_batch order by id") == [
        {"state": "done"},
        {"state": "sending"},
    ]
    migrate_database(old_database)
    assert {name: read(old_database, f"select count(*) from {name}") for name in KEPT} == before
    with connect(old_database) as db, db.transaction():
        balances = quantity_balances(db)
        assert balances
        assert not [one for one in balances if one.lost or one.pulled_lines != one.held_lines]
        assert not money_differences(db)
