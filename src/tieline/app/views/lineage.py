"""Lineage: one source line from its approval to the money, with all its corrections; figures net out over the chain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tieline.app.views.lineage_places import Place, Places, places_of
from tieline.app.views.lineage_terms import ContractRef, RateRef, terms_of
from tieline.app.views.systems import Cards
from tieline.lane.invoicing import transaction_id
from tieline.lane.outbound import reference_of
from tieline.model.firm import Firm
from tieline.model.money import rounded
from tieline.store.database import Connection

LONGEST_CHAIN = 500
"""Versions of one source line that are read; people correct an entry a few times."""
SIXTY = Decimal(60)


@dataclass(frozen=True, kw_only=True)
class RawPage:
    """The page of the source the line came with."""

    number: int
    stream: str
    pulled_at: datetime


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The posting batch that took the line to the ERP, or will."""

    number: int
    state: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class ErpBooking:
    """The line in the ERP."""

    place: Place
    posted_at: datetime


@dataclass(frozen=True, kw_only=True)
class PaymentRef:
    """Money applied to the invoice."""

    amount: Decimal
    currency: str
    paid_on: date | None


@dataclass(frozen=True, kw_only=True)
class InvoiceRef:
    """The invoice that bills a line, and the line of it."""

    id: str
    number: str | None
    status: str
    place: Place | None
    line_id: str | None
    """Of the invoice's line that holds the transaction."""
    line_text: str | None
    line_amount: Decimal | None
    currency: str
    issued_on: date | None
    due_on: date | None
    total: Decimal | None
    paid: Decimal | None
    payments: tuple[PaymentRef, ...]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What the work cost the firm; class C3."""

    rate: Decimal
    currency: str | None
    amount: Decimal
    margin: Decimal | None
    """Amount less cost; None when they are in different currencies."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One charge of the source line, or the reversal of one. Quantity and amount have their sign."""

    id: str
    """`ptx_…`, the same on every rebuild."""
    number: int
    reference: str
    """What the line is called in the ERP."""
    seq: int
    reversal: bool
    of: int | None
    """Number of the version this one reverses or replaces."""
    newest: bool
    status: str
    source_version: int
    page: RawPage | None
    work_date: date
    posts_on: date | None
    """The day in the ERP's books where the period of the work date was closed."""
    quantity: Decimal
    unit: str
    billable: bool
    person: str | None
    role: str | None
    approved_by: str | None
    approved_at: datetime | None
    note: str | None
    contract: ContractRef | None
    rate: RateRef | None
    amount: Decimal | None
    currency: str | None
    tax_code: str | None
    item: str | None
    disposition: str | None
    batch: Batch | None
    booking: ErpBooking | None
    invoice: InvoiceRef | None
    exception: int | None
    """The open exception it waits for."""
    cost: Cost | None
    """Only when costs were asked for."""


@dataclass(frozen=True, kw_only=True)
class Net:
    """The chain summed up, reversals netted."""

    unit: str
    wanted: Decimal
    """Quantity of the newest approved version."""
    booked: Decimal
    """Quantity the ERP holds."""
    invoiced: Decimal
    """Quantity on invoices."""
    currency: str | None
    wanted_amount: Decimal
    invoiced_amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """A source line and everything that came of it, the oldest version first."""

    connection: str
    kind: str
    source_id: str
    engagement_id: str | None
    engagement: str | None
    customer: str | None
    project_id: str | None
    project: str | None
    code: str | None
    task: str | None
    consultant: str | None
    """E-mail, or the source's own reference of a person nobody knows."""
    places: tuple[Place, ...]
    """Project and task in the systems."""
    versions: tuple[Version, ...]
    net: Net

    @property
    def newest(self) -> Version:
        """The version that counts now."""
        return next((one for one in reversed(self.versions) if one.newest), self.versions[-1])


_CHAIN = """
with recursive chain (id) as (
  (select t.id from project_transaction s join project_transaction t on t.connection = s.connection and t.kind = s.kind
    and t.source_id = s.source_id and t.live where s.id = %(id)s
   union select id from project_transaction where id = %(id)s)
  union
  select n.id from chain c cross join lateral (
    select t.supersedes_id as id from project_transaction t where t.id = c.id and t.supersedes_id is not null
    union all select t.id from project_transaction t where t.supersedes_id = c.id) n)
select id from chain limit %(limit)s
"""
_VERSIONS = """
select t.*, s.status, e.erp_id, e.connection as erp, e.posted_at, b.id as batch, b.state as batch_state, b.attempts,
  b.created_at as batched_at, g.stream, g.pulled_at, i.invoice_id,
  (select min(x.id) from exception_line l join exception_item x on x.id = l.exception_id and x.closed_at is null
    where l.transaction_id = t.id) as exception
from project_transaction t join line_status s on s.id = t.id left join erp_line e on e.transaction_id = t.id
  left join invoice_line i on i.transaction_id = t.id left join posting_batch b on b.id = coalesce(e.batch_id,
    t.batch_id) left join pull_page g on g.id = t.page_id
where t.id = any (%s) order by t.part, t.seq, t.id
"""
_PROJECT = """
select p.id, p.code, p.body, p.contract_id, p.engagement_id, e.name as engagement, e.customer_name as customer
from project p join engagement e on e.id = p.engagement_id where p.id = %s
"""
_INVOICES = """
select i.id, coalesce(i.number, i.state->>'number') as number, i.status, i.connection, i.body, i.state,
  coalesce(i.external_id, r.external_id) as external_id,
  (select jsonb_agg(p.body order by p.body->>'paid_on', p.id) from record p where p.kind = 'payment'
    and p.engagement_id = i.engagement_id and p.body->>'invoice_ref' = coalesce(i.external_id, r.external_id))
    as payments
from invoice i left join cross_reference r on r.connection = i.connection and r.target = 'invoice' and r.subject = i.id
where i.id = any (%s)
"""


def read_lineage(db: Connection, number: int, firm: Firm, cards: Cards, *, with_costs: bool = False) -> Lineage | None:
    """The whole chain of the source line that transaction `number` belongs to, or None."""
    ids = [row["id"] for row in db.execute(_CHAIN, {"id": number, "limit": LONGEST_CHAIN}).fetchall()]
    rows = db.execute(_VERSIONS, [ids]).fetchall()
    if not rows:
        return None
    last = next((row for row in reversed(rows) if row["live"]), rows[-1])
    project = db.execute(_PROJECT, [last["project_id"]]).fetchone()
    places = places_of(db, cards, last, project)
    terms = terms_of(db, firm, project["contract_id"] if project else None, rows)
    invoices = _invoices(db, places, [row["invoice_id"] for row in rows if row["invoice_id"]])
    versions = tuple(
        _version(row, terms.get(row["id"], (None, None)), invoices, places, with_costs=with_costs) for row in rows
    )
    return Lineage(
        connection=last["connection"],
        kind=last["kind"],
        source_id=last["source_id"],
        engagement_id=project["engagement_id"] if project else None,
        engagement=project["engagement"] if project else None,
        customer=project["customer"] if project else None,
        project_id=last["project_id"],
        project=project["body"].get("name") if project else None,
        code=project["code"] if project else None,
        task=places.task,
        consultant=last["person"] or last["person_ref"],
        places=places.shown,
        versions=versions,
        net=_net(rows),
    )


def _version(
    row: Mapping[str, Any],
    terms: tuple[ContractRef | None, RateRef | None],
    invoices: Mapping[str, dict[str, Any]],
    places: Places,
    *,
    with_costs: bool,
) -> Version:
    key = (row["connection"], row["kind"], row["source_id"], row["part"], row["seq"])
    own_id = transaction_id(*key)
    contract, rate = terms
    return Version(
        id=own_id,
        number=row["id"],
        reference=reference_of(*key),
        seq=row["seq"],
        reversal=row["sign"] < 0,
        of=row["supersedes_id"],
        newest=row["live"],
        status=row["status"],
        source_version=row["source_version"],
        page=_page(row),
        work_date=row["work_date"],
        posts_on=row["posts_on"],
        quantity=row["quantity"] * row["sign"],
        unit=row["unit"],
        billable=row["billable"],
        person=row["person"],
        role=row["role"],
        approved_by=row["approved_by"],
        approved_at=row["approved_at"],
        note=row["note"],
        contract=contract,
        rate=rate,
        amount=row["amount"] * row["sign"] if row["amount"] is not None else None,
        currency=row["currency"],
        tax_code=row["tax_code"],
        item=row["item_code"],
        disposition=row["disposition"],
        batch=_batch(row),
        booking=_booking(row, places),
        invoice=_invoice(invoices[row["invoice_id"]], own_id, places) if row["invoice_id"] in invoices else None,
        exception=row["exception"],
        cost=_cost(row) if with_costs else None,
    )


def _page(row: Mapping[str, Any]) -> RawPage | None:
    if row["page_id"] is None or row["pulled_at"] is None:
        return None
    return RawPage(number=row["page_id"], stream=row["stream"], pulled_at=row["pulled_at"])


def _batch(row: Mapping[str, Any]) -> Batch | None:
    if row["batch"] is None:
        return None
    return Batch(number=row["batch"], state=row["batch_state"], attempts=row["attempts"], created_at=row["batched_at"])


def _booking(row: Mapping[str, Any], places: Places) -> ErpBooking | None:
    if row["erp_id"] is None:
        return None
    return ErpBooking(place=places.at(row["erp"], row["kind"], row["erp_id"]), posted_at=row["posted_at"])


def _cost(row: Mapping[str, Any]) -> Cost | None:
    if row["cost_rate"] is None:
        return None
    worth = row["quantity"] * row["cost_rate"] / SIXTY if row["unit"] == "min" else row["quantity"] * row["cost_rate"]
    currency = row["cost_currency"] or row["currency"]
    amount = rounded(worth, currency) if currency else worth
    margin = (
        (row["amount"] - amount) * row["sign"] if row["amount"] is not None and currency == row["currency"] else None
    )
    return Cost(rate=row["cost_rate"], currency=currency, amount=amount * row["sign"], margin=margin)


def _invoices(db: Connection, places: Places, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in db.execute(_INVOICES, [sorted(set(ids))]).fetchall()}


def _invoice(row: Mapping[str, Any], transaction: str, places: Places) -> InvoiceRef:
    state: Mapping[str, Any] = row["state"] or {}
    lines: Sequence[Mapping[str, Any]] = row["body"].get("lines", ())
    line = next((one for one in lines if transaction in one.get("transaction_ids", ())), None)
    return InvoiceRef(
        id=row["id"],
        number=row["number"],
        status=row["status"],
        place=places.at(row["connection"], "invoice", row["external_id"]) if row["external_id"] else None,
        line_id=line["id"] if line else None,
        line_text=line["description"] if line else None,
        line_amount=Decimal(str(line["amount"])) if line else None,
        currency=row["body"].get("currency") or "",
        issued_on=_day(state.get("issued_on")),
        due_on=_day(state.get("due_on")),
        total=_amount(state.get("total")),
        paid=_amount(state.get("paid")),
        payments=tuple(_payment(one) for one in row["payments"] or ()),
    )


def _payment(body: Mapping[str, Any]) -> PaymentRef:
    money = body["amount"]
    return PaymentRef(
        amount=Decimal(str(money["amount"])), currency=money["currency"], paid_on=_day(body.get("paid_on"))
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _amount(money: Mapping[str, Any] | None) -> Decimal | None:
    return Decimal(str(money["amount"])) if money else None


def _net(rows: Sequence[Mapping[str, Any]]) -> Net:
    wanted = [row for row in rows if row["live"] and row["state"] not in ("withdrawn", "void", "written_off")]
    invoiced = [row for row in rows if row["invoice_id"] is not None]
    return Net(
        unit=rows[-1]["unit"],
        wanted=_sum(wanted, "quantity"),
        booked=_sum([row for row in rows if row["erp_id"] is not None], "quantity"),
        invoiced=_sum(invoiced, "quantity"),
        currency=next((row["currency"] for row in reversed(rows) if row["currency"]), None),
        wanted_amount=_sum(wanted, "amount"),
        invoiced_amount=_sum(invoiced, "amount"),
    )


def _sum(rows: Sequence[Mapping[str, Any]], field: str) -> Decimal:
    return sum(((row[field] or Decimal(0)) * row["sign"] for row in rows), Decimal(0))
