"""Whether Tieline is at rest: what it still has to see to by itself."""

from typing import Any

import psycopg

_QUIET = """
select (select count(*) from procrastinate_jobs)
  + (select count(*) from posting_batch where state <> 'done')
  + (select count(*) from agenda where (behind or due_at is not null) and flow not in ('unlinked', 'reconciliation'))
  as waiting
"""


def under_way(db: psycopg.Connection[dict[str, Any]]) -> int:
    """How many jobs, batches and flow instances Tieline still has to see to."""
    row = db.execute(_QUIET).fetchone()
    assert row is not None
    return int(row["waiting"])
