"""What a person says or does about an invoice: recorded, audited, and shown in CRM and PSA by the flows it wakes."""

from datetime import date

from tieline.engine.audit import audit
from tieline.engine.wake import wake_many
from tieline.model.collection import ActionKind
from tieline.store.database import Connection, Database, repeating
from tieline.store.invoice_actions import actions_of, add_action

OPEN = ("open", "partly_paid")
LABELS = {
    "dispute": "Invoice {name} disputed",
    "settle": "Dispute of invoice {name} settled",
    "promise": "Payment of invoice {name} promised",
    "remind": "Reminder of invoice {name} sent",
    "call": "Called about invoice {name}",
    "note": "Note on invoice {name}",
}


class CannotAct(ValueError):
    """There is no such invoice, or it does not allow this; the message says which."""


@repeating
def act_on_invoice(
    database: Database, name: str, kind: ActionKind, *, by: str, note: str = "", promised_on: date | None = None
) -> str:
    """Record one action on an open invoice, named by its number or our id; returns our id. Raises CannotAct."""
    with database.transaction() as db:
        row = _invoice(db, name)
        _allowed(db, row["id"], kind, note, promised_on)
        add_action(db, row["id"], kind, by=by, note=note, promised_on=promised_on)
        told = {"label": LABELS[kind].format(name=row["number"] or row["id"]), "value": note or None}
        if promised_on:
            told["value"] = f"{promised_on}{': ' + note if note else ''}"
        audit(
            db,
            f"collection.{kind}",
            engagement=row["engagement_id"],
            actor=by,
            object_=f"invoice:{row['id']}",
            detail=told,
        )
        engagement = row["engagement_id"]
        feedback = [("invoice_feedback", row["id"], engagement), ("project_feedback", row["project_id"], engagement)]
        wake_many(db, feedback, "operator")
        return str(row["id"])


def _invoice(db: Connection, name: str) -> dict[str, str]:
    rows = db.execute(
        "select id, number, status, engagement_id, project_id from invoice where id = %(name)s"
        " or number is not null and left(number, 100) = %(name)s order by id = %(name)s desc limit 3 for update",
        {"name": name},
    ).fetchall()
    if not rows:
        raise CannotAct(f"There is no invoice '{name}'; list them with: tieline collections")
    if len(rows) > 1 and rows[0]["id"] != name:
        told = ", ".join(str(row["id"]) for row in rows)
        raise CannotAct(f"Several invoices have the number {name}; name one by its id: {told}")
    if rows[0]["status"] not in OPEN:
        raise CannotAct(f"Invoice {name} is {rows[0]['status'].replace('_', ' ')}; only open invoices are collected")
    return rows[0]


def _allowed(db: Connection, invoice_id: str, kind: ActionKind, note: str, promised_on: date | None) -> None:
    if kind in ("dispute", "note") and not note:
        raise CannotAct("Say why: a reason is needed" if kind == "dispute" else "A note needs a text")
    if (kind == "promise") != (promised_on is not None):
        raise CannotAct("A promise needs the day the customer will pay, and nothing else has one")
    if kind == "settle":
        known = actions_of(db, [invoice_id]).get(invoice_id, [])
        latest = next((one.kind for one in reversed(known) if one.kind in ("dispute", "settle")), None)
        if latest != "dispute":
            raise CannotAct("Nobody recorded a dispute of this invoice; one kept in the ERP is settled there")
