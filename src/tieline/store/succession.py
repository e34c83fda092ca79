"""Which engagement follows which, by whose word, and what went over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tieline.model.succession import Carried
from tieline.store.canonical import body_of, loaded
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class Succession:
    """One row: the deal `opportunity_id` opens `successor_id`, which follows `engagement_id`."""

    opportunity_id: str
    engagement_id: str
    successor_id: str
    asked_by: str
    reason: str
    asked_at: datetime
    begun_at: datetime | None
    """When the successor's contract became active and the close of the other was asked for."""
    carried: Carried | None


_SELECT = (
    "select opportunity_id, engagement_id, successor_id, asked_by, reason, asked_at, begun_at, carried from succession"
)


def succession_by(db: Connection, opportunity_id: str) -> Succession | None:
    """What a deal follows."""
    return _read(db.execute(f"{_SELECT} where opportunity_id = %s", [opportunity_id]).fetchone())


def succession_after(db: Connection, engagement_id: str) -> Succession | None:
    """What follows an engagement."""
    return _read(db.execute(f"{_SELECT} where engagement_id = %s", [engagement_id]).fetchone())


def succession_before(db: Connection, engagement_id: str) -> Succession | None:
    """What an engagement follows."""
    return _read(db.execute(f"{_SELECT} where successor_id = %s", [engagement_id]).fetchone())


def _read(row: dict[str, Any] | None) -> Succession | None:
    if row is None:
        return None
    return Succession(**row | {"carried": loaded(Carried, row["carried"]) if row["carried"] else None})


def add_succession(
    db: Connection, *, opportunity_id: str, engagement_id: str, successor_id: str, by: str, reason: str
) -> None:
    """The deal is the successor's from now on, and no add-on of the other engagement."""
    db.execute(
        "insert into succession (opportunity_id, engagement_id, successor_id, asked_by, reason)"
        " values (%s, %s, %s, %s, %s)",
        [opportunity_id, engagement_id, successor_id, by, reason],
    )
    db.execute(
        "delete from engagement_opportunity where opportunity_id = %s and engagement_id = %s",
        [opportunity_id, engagement_id],
    )


def note_begun(db: Connection, opportunity_id: str) -> None:
    """The successor is agreed."""
    db.execute("update succession set begun_at = clock_timestamp() where opportunity_id = %s", [opportunity_id])


def note_carried(db: Connection, opportunity_id: str, carried: Carried) -> None:
    """What went over with the close; a later close of the same engagement says it anew."""
    db.execute(
        "update succession set carried = %s, carried_at = clock_timestamp() where opportunity_id = %s",
        [body_of(carried), opportunity_id],
    )


# What was invoiced of a contract's value; expenses are billed besides it.
_BILLED = """
select coalesce(sum(t.amount * t.sign), 0) as amount from project p
  join project_transaction t on t.project_id = p.id join invoice_line i on i.transaction_id = t.id
where p.contract_id = %s and t.kind <> 'expense'
"""


def billed_of_value(db: Connection, contract_id: str) -> Any:
    """Invoiced work of a contract, less credits, in its currency."""
    row = db.execute(_BILLED, [contract_id]).fetchone()
    assert row is not None
    return row["amount"]
