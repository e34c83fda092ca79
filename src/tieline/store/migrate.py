"""Numbered, forward-only migrations in plain SQL."""

from importlib.resources import files

import psycopg

LOCK = 7_714_001
"""Advisory lock: two processes that start at once migrate one after the other."""


def migrate(connection: psycopg.Connection[object]) -> list[str]:
    """Apply what is missing, each file in its own transaction; returns the names of the files applied."""
    applied: list[str] = []
    connection.execute("select pg_advisory_lock(%s)", [LOCK])
    try:
        connection.execute(
            "create table if not exists schema_migration"
            " (name text primary key, applied_at timestamptz not null default clock_timestamp())"
        )
        known = {str(row[0]) for row in _names(connection)}
        folder = files("tieline.store") / "migrations"
        for name in sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql")):
            if name in known:
                continue
            with connection.transaction():
                connection.execute((folder / name).read_text("utf-8").encode())
                connection.execute("insert into schema_migration (name) values (%s)", [name])
            applied.append(name)
    finally:
        connection.execute("select pg_advisory_unlock(%s)", [LOCK])
    return applied


def _names(connection: psycopg.Connection[object]) -> list[tuple[str]]:
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        return cursor.execute("select name from schema_migration").fetchall()
