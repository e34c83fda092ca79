"""A line of which nobody knows whether the ERP holds it: a person looked there, and says that it does, and as what."""

from typing import Any

from tieline.engine.wake import wake_many
from tieline.store.database import Connection

_WAITING = """
select t.id, t.batch_id, t.project_id, p.engagement_id, i.connection, t.connection || ':' || t.kind as feed
from exception_item i join exception_line l on l.exception_id = i.id
  join project_transaction t on t.id = l.transaction_id left join project p on p.id = t.project_id
where i.id = %s and i.kind = 'in_doubt' and t.state = 'in_exception'
"""
_TAKEN = "select from erp_line where connection = %s and erp_id = %s"
_BOOKED = """
with booked as (
  insert into erp_line (transaction_id, batch_id, connection, erp_id)
  values (%(id)s, coalesce(%(batch_id)s, 0), %(connection)s, %(erp_id)s)),
gone as (delete from exception_line where transaction_id = %(id)s)
update project_transaction set state = 'checked' where id = %(id)s
"""


def unclear_line(db: Connection, exception_id: int) -> dict[str, Any] | None:
    """The line this exception is about, with its feed; None when it is about a record."""
    return db.execute(_WAITING, [exception_id]).fetchone()


def book(db: Connection, line: dict[str, Any], erp_id: str) -> bool:
    """It is posted, with this id; False when the id is that of another line. Call with the feed's lock held."""
    if db.execute(_TAKEN, [line["connection"], erp_id]).fetchone() is not None:
        return False
    db.execute(_BOOKED, {**line, "erp_id": erp_id})
    if line["engagement_id"] is not None:
        flows = [(flow, line["project_id"], line["engagement_id"]) for flow in ("billing", "project_feedback")]
        wake_many(db, flows, "operator")
    return True
