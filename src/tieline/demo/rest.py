"""Whether Tieline is at rest: what it still has to see to by itself."""

from typing import Any

import psycopg

# What waits for a person is looked at again now and then; that is no work under way.
_QUIET = """
select (select count(*) from procrastinate_jobs)
  + (select count(*) from posting_batch where state <> 'done')
  + (select count(*) from agenda where flow not in ('unlinked', 'reconciliation') and (behind
      or due_at is not null and (state <> 'blocked' or due_at < clock_timestamp() + interval '1 minute')))
  as waiting
"""


def under_way(db: psycopg.Connection[dict[str, Any]]) -> int:
    """How many jobs, batches and flow instances Tieline still has to see to."""
    row = db.execute(_QUIET).fetchone()
    assert row is not None
    return int(row["waiting"])
