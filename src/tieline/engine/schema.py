"""Brings a database to the schema this release needs: the job queue's tables and ours."""

import psycopg
from procrastinate.schema import SchemaManager

from tieline.store.migrate import LOCK, migrate


def migrate_database(conninfo: str) -> list[str]:
    """Apply what is missing; returns what was applied. Safe to call from several processes at once."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK + 1])
        applied = []
        found = connection.execute("select to_regclass('procrastinate_jobs')").fetchone()
        if found is None or found[0] is None:
            with connection.transaction():
                connection.execute(SchemaManager.get_schema().encode())
            applied.append("procrastinate 3.10")
        return applied + migrate(connection)
