"""Invoicing: which priced lines are unbilled, and the fact that a line is on an invoice, which only a withdrawn draft
takes back.

A draft is proposed from unbilled lines, and they are marked when the ERP has confirmed it. A line that was corrected in
between is marked all the same, because the draft holds it, and gets the reversal that credits it.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from tieline.billing.invoice_proposal import BillableLine
from tieline.lane.own_charges import OURS
from tieline.lane.reversal import credit
from tieline.model.ids import derived
from tieline.store.database import Connection

# A derived charge stands here when it is due, be it in advance.
# A charge that was reversed before it was invoiced is not live any more, and its reversal credits nothing.
_UNBILLED = """
select t.id, t.connection, t.kind, t.source_id, t.part, t.seq, t.item_code, t.person, t.work_date,
  t.quantity * t.sign as quantity, t.rate, t.amount * t.sign as amount, t.currency, t.tax_code,
  case when t.kind in ('time', 'expense') then t.attributes->>'category' else t.note end as text
from project_transaction t
where t.project_id = %(project)s and (t.work_date <= %(until)s or t.connection = 'tieline')
  and t.disposition = 'billable' and t.state = 'checked'
  and not exists (select from invoice_line i where i.transaction_id = t.id)
  and (t.live and t.sign = 1
    or t.sign = -1 and exists (select from invoice_line o where o.transaction_id = t.supersedes_id))
order by t.work_date, t.id
"""
_INVOICED = """
select t.id, t.connection, t.kind, t.source_id, t.part, t.seq, t.item_code, t.person, t.work_date,
  t.quantity * t.sign as quantity, t.rate, t.amount * t.sign as amount, t.currency, t.tax_code,
  case when t.kind in ('time', 'expense') then t.attributes->>'category' else t.note end as text
from invoice_line i join project_transaction t on t.id = i.transaction_id
where i.invoice_id = %(invoice)s order by t.work_date, t.id
"""


def unbilled_lines(db: Connection, project_id: str, until: date) -> list[BillableLine]:
    """Billable lines of a project up to a day that are on no invoice, and credits of invoiced ones."""
    return [_line(row) for row in db.execute(_UNBILLED, {"project": project_id, "until": until}).fetchall()]


def invoiced_lines(db: Connection, invoice_id: str) -> list[BillableLine]:
    """The lines marked for an invoice."""
    return [_line(row) for row in db.execute(_INVOICED, {"invoice": invoice_id}).fetchall()]


_CANDIDATES = """
select t.id, t.connection, t.kind, t.source_id, t.part, t.seq from project_transaction t
where t.project_id = (select project_id from invoice where id = %(invoice)s) and t.disposition = 'billable'
  and not exists (select from invoice_line i where i.transaction_id = t.id)
order by t.id
"""
_LOCK = "select id from project_transaction where id = any (%(ids)s) order by id for update"
_MARK = """
insert into invoice_line (transaction_id, invoice_id)
select id, %(invoice)s from unnest(%(ids)s::bigint[]) n (id) order by id on conflict (transaction_id) do nothing
returning transaction_id as id
"""


def mark_invoiced(db: Connection, invoice_id: str, transaction_ids: Sequence[str]) -> int:
    """Note that an invoice holds these transactions (`ptx_…`); returns how many it did not hold before.

    The invoice must be stored. A transaction that another invoice holds stays there. Call inside a transaction.
    """
    wanted = set(transaction_ids)
    rows = db.execute(_CANDIDATES, {"invoice": invoice_id}).fetchall()
    ids = [row["id"] for row in rows if _id_of(row) in wanted]
    if not ids:
        return 0
    # Locked first, so that a correction is seen either by us or, marked, by whoever corrects.
    db.execute(_LOCK, {"ids": ids}).fetchall()
    marked = [row["id"] for row in db.execute(_MARK, {"invoice": invoice_id, "ids": ids}).fetchall()]
    credit(db, marked)
    return len(marked)


_RELEASE = """
delete from invoice_line l using invoice i
where i.id = %(invoice)s and l.invoice_id = i.id and i.withdrawn_at is not null
"""
_HELD = """
select t.id from invoice_line l join project_transaction t on t.id = l.transaction_id
where l.invoice_id = %(invoice)s order by t.id for update of t
"""


def release_withdrawn(db: Connection, invoice_id: str) -> int:
    """A draft we took back, and that is void now, holds nothing any more; returns how many lines a later invoice bills.

    What a person voided stays with it. Call inside a transaction.
    """
    db.execute(_HELD, {"invoice": invoice_id}).fetchall()
    return db.execute(_RELEASE, {"invoice": invoice_id}).rowcount


def transaction_id(connection: str, kind: str, source_id: str, part: int, seq: int) -> str:
    """The `ptx_…` of a line, the same on every rebuild."""
    return derived("project_transaction", connection, kind, source_id, part, seq)


def _id_of(row: dict[str, Any]) -> str:
    return transaction_id(row["connection"], row["kind"], row["source_id"], row["part"], row["seq"])


def _line(row: dict[str, Any]) -> BillableLine:
    return BillableLine(
        id=_id_of(row),
        kind=row["kind"],
        item_code=row["item_code"],
        person=row["person"],
        work_date=row["work_date"],
        quantity=row["quantity"],
        rate=row["rate"],
        amount=row["amount"],
        currency=row["currency"],
        text=row["text"],
        charge=row["source_id"] if row["connection"] == OURS else None,
        part=row["part"],
        tax_code=row["tax_code"],
    )
