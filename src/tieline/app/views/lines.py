"""Billed and billable lines in lists: of an invoice, a project or an engagement; and an invoice with its lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.app.views.lineage_places import Place, place_at
from tieline.app.views.lineage_search import own_id
from tieline.app.views.systems import Cards
from tieline.lane.outbound import reference_of
from tieline.store.database import Connection


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """One line; quantity and amount have their sign."""

    number: int
    """What its page is called by, and the cursor of the list."""
    id: str
    reference: str
    connection: str
    kind: str
    source_id: str
    reversal: bool
    newest: bool
    status: str
    work_date: date
    person: str | None
    role: str | None
    quantity: Decimal
    unit: str
    rate: Decimal | None
    amount: Decimal | None
    currency: str | None
    project_id: str | None
    code: str | None
    invoice_id: str | None
    invoice: str | None
    """Its number."""


_LINES = """
select t.id as number, t.connection, t.kind, t.source_id, t.part, t.seq, t.sign < 0 as reversal, t.live as newest,
  s.status, t.work_date, t.person, t.role, t.quantity * t.sign as quantity, t.unit, t.rate, t.amount * t.sign as amount,
  t.currency, t.project_id, p.code, i.invoice_id, coalesce(v.number, case when v.id is not null then 'Draft' end)
    as invoice
from project_transaction t join line_status s on s.id = t.id left join project p on p.id = t.project_id
  left join invoice_line i on i.transaction_id = t.id left join invoice v on v.id = i.invoice_id
where t.id > %(after)s and (t.id in (select transaction_id from invoice_line where invoice_id = %(invoice)s)
  or t.project_id = %(project)s or t.project_id in (select id from project where engagement_id = %(engagement)s))
order by t.id limit %(limit)s
"""


OWNERS = ("invoice", "project", "engagement")


def list_lines(db: Connection, of: str, record_id: str, *, after: int = 0, limit: int = 50) -> list[LineRow]:
    """Lines after number `after`, of an `invoice`, a `project` or an `engagement`."""
    values = {**dict.fromkeys(OWNERS), of: record_id, "after": after, "limit": limit}
    return [_row(row) for row in db.execute(_LINES, values).fetchall()]


def _row(row: dict[str, Any]) -> LineRow:
    reference = reference_of(row["connection"], row["kind"], row["source_id"], row["part"], row["seq"])
    own = own_id(row)
    return LineRow(id=own, reference=reference, **{key: row[key] for key in row if key not in ("part", "seq")})


def name_of(db: Connection, of: str, record_id: str) -> str | None:
    """The name of an engagement or a project, or None when there is none of that id."""
    row = db.execute(
        "select name from engagement where %(of)s = 'engagement' and id = %(id)s"
        " union all select code from project where %(of)s = 'project' and id = %(id)s",
        {"of": of, "id": record_id},
    ).fetchone()
    return row["name"] if row else None


@dataclass(frozen=True, kw_only=True)
class InvoiceLineRow:
    """A line of an invoice as we proposed it, and how many transactions it bills."""

    id: str
    item: str
    description: str
    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal
    transactions: int


@dataclass(frozen=True, kw_only=True)
class InvoicePage:
    """An invoice with the lines we proposed."""

    id: str
    number: str | None
    status: str
    engagement_id: str
    engagement: str | None
    customer: str | None
    code: str | None
    currency: str
    net: Decimal
    total: Decimal | None
    paid: Decimal | None
    issued_on: date | None
    due_on: date | None
    place: Place | None
    lines: tuple[InvoiceLineRow, ...]
    transactions: int
    """That are noted as invoiced."""


_INVOICE = """
select i.id, i.number, i.status, i.engagement_id, e.name as engagement, e.customer_name as customer, p.code,
  i.connection, i.body, i.state, coalesce(i.external_id, r.external_id) as external_id,
  (select count(*) from invoice_line l where l.invoice_id = i.id) as transactions
from invoice i left join engagement e on e.id = i.engagement_id left join project p on p.id = i.project_id
  left join cross_reference r on r.connection = i.connection and r.target = 'invoice' and r.subject = i.id
where i.id = %s
"""


def read_invoice(db: Connection, cards: Cards, invoice_id: str) -> InvoicePage | None:
    """One invoice we proposed, or None."""
    row = db.execute(_INVOICE, [invoice_id]).fetchone()
    if row is None:
        return None
    body, state = row["body"], row["state"] or {}
    return InvoicePage(
        id=row["id"],
        number=row["number"],
        status=row["status"],
        engagement_id=row["engagement_id"],
        engagement=row["engagement"],
        customer=row["customer"],
        code=row["code"],
        currency=body.get("currency") or "",
        net=_amount(body.get("net")) or Decimal(0),
        total=_amount(state.get("total")),
        paid=_amount(state.get("paid")),
        issued_on=_day(state.get("issued_on")),
        due_on=_day(state.get("due_on")),
        place=place_at(cards, row["connection"], "invoice", row["external_id"]) if row["external_id"] else None,
        lines=tuple(_proposed(line) for line in body.get("lines", ())),
        transactions=row["transactions"],
    )


def _proposed(line: Mapping[str, Any]) -> InvoiceLineRow:
    return InvoiceLineRow(
        id=line["id"],
        item=line["item"],
        description=line["description"],
        quantity=Decimal(str(line["quantity"])),
        unit=line["unit"],
        rate=Decimal(str(line["rate"])),
        amount=Decimal(str(line["amount"])),
        transactions=len(line.get("transaction_ids", ())),
    )


def _amount(money: Mapping[str, Any] | None) -> Decimal | None:
    return Decimal(str(money["amount"])) if money else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
