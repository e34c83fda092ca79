"""Batches that fail again and again: their lines wait for the exception of their system, and are tried on meanwhile."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tieline.engine.problem import close_if_empty
from tieline.engine.retry_policy import MOST_TRIES, tries_exhausted
from tieline.lane.waiting import wait_for
from tieline.store.database import Connection

if TYPE_CHECKING:
    from tieline.lane.settle import End

_TOLD = "select id from exception_item where cause = %s and closed_at is null"
_LEAVE = "delete from exception_line where exception_id = %s and transaction_id = any (%s)"
_SOON = """
update posting_batch b set due_at = clock_timestamp()
where b.state in ('ready', 'accepted', 'in_doubt') and b.due_at > clock_timestamp() and b.id in (
  select t.batch_id from exception_line l join project_transaction t on t.id = l.transaction_id
  where l.exception_id = any (%s) and t.state = 'checked')
"""


def tell_failing(db: Connection, connection: str, ends: "Sequence[End]") -> None:
    """Lines of batches whose tries are used up join the exception of their system; those of others leave it."""
    failing = [end for end in ends if end.following.failures >= MOST_TRIES]
    problem = tries_exhausted(connection, next((end.following.problem or "" for end in failing), ""), label="Time")
    if failing:
        wait_for(db, {problem: [line.id for end in failing for line in end.lines]})
    told = db.execute(_TOLD, [problem.cause]).fetchone()
    well = [line for end in ends if end not in failing for line in end.batch["line_ids"]]
    if told is not None and db.execute(_LEAVE, [told["id"], well]).rowcount:
        close_if_empty(db, [told["id"]], "tieline", "they were taken")


def send_soon(db: Connection, exceptions: Sequence[int]) -> int:
    """A person wants what fails again and again tried at once; returns how many batches are. A quarantine stays."""
    return db.execute(_SOON, [list(exceptions)]).rowcount
