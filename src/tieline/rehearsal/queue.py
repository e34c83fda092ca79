"""What people would have to do: the open exceptions, and which time entries wait for each."""

from dataclasses import dataclass
from typing import Any

import psycopg


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One open exception."""

    id: int
    kind: str
    owner: str
    message: str
    suggestion: str | None
    entries: frozenset[str]
    """Time entries of the PSA."""


_OPEN = """
select i.id, i.kind, i.owner, i.message, i.suggestion,
  array(select t.source_id from exception_line l join project_transaction t on t.id = l.transaction_id
    where l.exception_id = i.id) as entries
from exception_item i where i.closed_at is null order by i.owner, i.opened_at, i.id
"""


def open_exceptions(db: psycopg.Connection[dict[str, Any]]) -> list[Waiting]:
    """All of them."""
    return [
        Waiting(
            id=row["id"],
            kind=row["kind"],
            owner=row["owner"],
            message=row["message"],
            suggestion=row["suggestion"],
            entries=frozenset(row["entries"]),
        )
        for row in db.execute(_OPEN).fetchall()
    ]
