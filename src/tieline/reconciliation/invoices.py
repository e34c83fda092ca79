"""Invoices and payments: lines marked as billed against the ERP's list, and what the ERP says against us and the CRM.

An invoice that is gone or void in the ERP while its hours are marked as billed is money nobody will ask for again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Literal

from tieline.reconciliation.comparison import TIELINE, Comparison, Firm, Record, Repair, by_kind, now_of
from tieline.reconciliation.sheet import Difference, Sheet
from tieline.sdk.books import Books
from tieline.store.database import Connection

# What is marked on it; a proposal nothing is marked on yet counts as it was sent.
_INVOICES = """
insert into wanted (key, external_id, legal_entity, currency, project, period, amount, money, label)
select i.id, coalesce(i.external_id, x.external_id), p.legal_entity, i.body->'net'->>'currency', i.project_id,
  left(i.body->>'period_end', 7), coalesce(m.amount, (i.body->'net'->>'amount')::numeric),
  coalesce(m.amount, (i.body->'net'->>'amount')::numeric), coalesce(i.number, i.status || ' of ' || p.code)
from invoice i join project p on p.id = i.project_id
  join effect f on f.connection = i.connection and f.target = 'invoice' and f.subject = i.id
  left join cross_reference x on x.connection = i.connection and x.target = 'invoice' and x.subject = i.id
  left join lateral (select sum(t.amount * t.sign) as amount from invoice_line l
    join project_transaction t on t.id = l.transaction_id where l.invoice_id = i.id) m on true
where i.connection = %(connection)s and (f.state in ('confirmed', 'drifted') and f.changed_at < %(listed_at)s
    or f.state = 'rejected' and f.external_id is not null)
  and (i.status <> 'void' or m.amount <> 0)
"""
_IN_ERP = """
insert into held (key, external_id, legal_entity, currency, project, period, amount, label)
select k.key, l.external_id, coalesce(w.legal_entity, '-'), coalesce(l.currency, '-'),
  coalesce(r.subject, case when l.project is not null then 'elsewhere:' || l.project end, w.project, '-'),
  coalesce(w.period, to_char(l.day, 'YYYY-MM'), '-'), l.amount, l.label
from listed l
  left join cross_reference x
    on x.connection = %(connection)s and x.target = 'invoice' and x.external_id = l.external_id
  left join cross_reference r on r.connection = %(connection)s and r.target = 'project' and r.external_id = l.project
  cross join lateral (select coalesce(x.subject, l.reference) as key) k left join wanted w on w.key = k.key
where not l.void and (x.subject is not null or starts_with(l.reference, 'inv_'))
"""
_SETTLED = """
insert into wanted (key, external_id, legal_entity, currency, project, period, amount, money, label)
select i.id, l.external_id, p.legal_entity, coalesce(l.currency, '-'), i.project_id, left(i.body->>'period_end', 7),
  l.paid, l.paid, coalesce(l.label, i.id)
from listed l
  left join cross_reference x
    on x.connection = %(connection)s and x.target = 'invoice' and x.external_id = l.external_id
  join invoice i on i.id = coalesce(x.subject, l.reference) join project p on p.id = i.project_id
where not l.void and l.paid is not null and i.changed_at < %(listed_at)s
"""
_KNOWN_PAID = """
insert into held (key, external_id, legal_entity, currency, project, period, amount, label)
select i.id, w.external_id, w.legal_entity, w.currency, w.project, w.period,
  coalesce((i.state->'paid'->>'amount')::numeric, 0), w.label
from wanted w join invoice i on i.id = w.key
"""
_SHOWN = """
insert into wanted (key, external_id, legal_entity, currency, project, period, amount, money, label)
select i.id, f.external_id, p.legal_entity, i.state->'net'->>'currency', i.project_id, left(i.body->>'period_end', 7),
  (i.state->%(amount)s->>'amount')::numeric, (i.state->%(amount)s->>'amount')::numeric, coalesce(i.number, i.id)
from invoice i join project p on p.id = i.project_id
  join effect f on f.connection = %(connection)s and f.target = 'invoice' and f.subject = i.id
  left join agenda a on a.flow = 'invoice_feedback' and a.key = i.id
where f.state in ('confirmed', 'drifted') and f.changed_at < %(listed_at)s and i.state is not null
  and f.retired_at is null and not coalesce(a.behind, false)
"""
_IN_CRM = """
insert into held (key, external_id, legal_entity, currency, project, period, amount, label)
select l.reference, l.external_id, coalesce(w.legal_entity, '-'), coalesce(l.currency, '-'), coalesce(w.project, '-'),
  coalesce(w.period, '-'), case %(amount)s when 'net' then l.amount else l.paid end, l.label
from listed l left join wanted w on w.key = l.reference where not l.void
"""
_KNOWN = """
delete from held where key in (
  select f.subject from effect f where f.connection = %(connection)s and f.target = 'invoice'
    and f.subject = any (%(keys)s))
"""


def invoice_comparisons(firm: Firm) -> Iterator[Comparison]:
    """Every list of invoices a system of the firm offers."""
    for name, connected in firm.connected.items():
        if connected.erp is not None and "invoice" in connected.erp.books.shows:
            books = connected.erp.books
            yield Comparison(
                left=TIELINE,
                right=name,
                record="invoice",
                facts=books.shows["invoice"] & {"amount", "project"},
                fill=partial(_in_erp, books, name),
                look_again=partial(_look_again, name),
                repair=_repair,
            )
            yield Comparison(
                left=name,
                right=TIELINE,
                record="payment",
                facts=frozenset({"amount"}),
                fill=partial(_payments, books, name),
                repair=by_kind({"amount": "re_read"}),
            )
        if connected.crm is not None and "invoice" in connected.crm.books.shows:
            shown: tuple[tuple[Record, Literal["net", "paid"]], ...] = (("invoice", "net"), ("payment", "paid"))
            for record, amount in shown:
                yield Comparison(
                    left=TIELINE,
                    right=name,
                    record=record,
                    facts=frozenset({"amount"}),
                    fill=partial(_in_crm, connected.crm.books, name, amount),
                    look_again=partial(_look_again, name),
                    repair=by_kind({"amount": "ensure"}),
                )


def _in_erp(books: Books, connection: str, sheet: Sheet) -> None:
    values = {"connection": connection, "listed_at": now_of(sheet.db)}
    sheet.copy(books.list_held("invoice"))
    sheet.db.execute(_INVOICES, values)
    sheet.db.execute(_IN_ERP, values)


def _payments(books: Books, connection: str, sheet: Sheet) -> None:
    """The ERP knows what was paid; Tieline must have heard of it. What changed while it was read is left out."""
    values = {"connection": connection, "listed_at": now_of(sheet.db) - timedelta(seconds=1)}
    sheet.copy(books.list_held("invoice"))
    sheet.db.execute(_SETTLED, values)
    sheet.db.execute(_KNOWN_PAID, values)


def _in_crm(books: Books, connection: str, amount: str, sheet: Sheet) -> None:
    values = {"connection": connection, "listed_at": now_of(sheet.db), "amount": amount}
    sheet.copy(books.list_held("invoice"))
    sheet.db.execute(_SHOWN, values)
    sheet.db.execute(_IN_CRM, values)


def _look_again(connection: str, sheet: Sheet, missing: Sequence[str], extra: Sequence[str]) -> bool:
    """An invoice we know, but do not judge now, is nothing extra."""
    sheet.db.execute(_KNOWN, {"connection": connection, "keys": list(extra)})
    return True


def _repair(db: Connection, differences: Sequence[Difference]) -> Mapping[int, Repair]:
    """A draft is ours to write again; what is posted is finance's."""
    rows = db.execute(
        "select id from invoice where id = any (%s) and status in ('proposed', 'draft')",
        [[one.key for one in differences]],
    ).fetchall()
    drafts = {row["id"] for row in rows}
    return {place: "ensure" for place, one in enumerate(differences) if one.kind == "amount" and one.key in drafts}
