"""What people did about invoices, as stored."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from tieline.model.collection import ActionKind, CollectionAction
from tieline.store.database import Connection


def add_action(
    db: Connection, invoice_id: str, kind: ActionKind, *, by: str, note: str | None, promised_on: date | None
) -> None:
    """Append one; nothing is ever changed."""
    db.execute(
        "insert into invoice_action (invoice_id, kind, note, promised_on, acted_by) values (%s, %s, %s, %s, %s)",
        [invoice_id, kind, note or None, promised_on, by],
    )


def actions_of(db: Connection, invoice_ids: Sequence[str]) -> dict[str, list[CollectionAction]]:
    """Invoice -> its actions, the oldest first; one without any is left out."""
    rows = db.execute(
        "select id, invoice_id, kind, note, promised_on, acted_by, acted_at from invoice_action"
        " where invoice_id = any (%s) order by id",
        [list(invoice_ids)],
    ).fetchall()
    found: dict[str, list[CollectionAction]] = {}
    for row in rows:
        found.setdefault(row["invoice_id"], []).append(_action(row))
    return found


def _action(row: dict[str, Any]) -> CollectionAction:
    return CollectionAction(
        id=str(row["id"]),
        invoice_id=row["invoice_id"],
        kind=row["kind"],
        note=row["note"],
        promised_on=row["promised_on"],
        by=row["acted_by"],
        at=row["acted_at"],
    )
