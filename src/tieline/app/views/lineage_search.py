"""What an id stands for: ours, a vendor's id of an entry, the number of an invoice, or an ERP's id of a booking."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from tieline.lane.invoicing import transaction_id
from tieline.lane.own_charges import OURS
from tieline.store.database import Connection

MatchKind = Literal["line", "invoice", "project", "engagement"]
MOST = 20
LONGEST_ID = 300
LINE_KINDS = ("time", "expense", "milestone", "retainer", "subscription", "usage", "progress", "adjustment", "credit")
REFERENCE = re.compile(rf"([^:]+):({'|'.join(LINE_KINDS)}):(.+?)(?::(\d{{1,4}})(?:~(\d{{1,6}}))?)?")
"""`connection:kind:source id`, and as the ERP has it with the part and, of corrections, the number behind a tilde."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """Something an id stands for. Different versions of one source line are one match."""

    kind: MatchKind
    id: str
    """Of a line its reference, of all else our id."""
    number: int | None
    """Of a line: what its page is called by."""
    title: str
    engagement: str | None
    amount: Decimal | None = None
    currency: str | None = None


_LINE = """
select distinct on (t.connection, t.kind, t.source_id) t.id as number, t.connection, t.kind, t.source_id, t.person,
  t.work_date, t.amount * t.sign as amount, t.currency, e.name as engagement
from project_transaction t left join project p on p.id = t.project_id left join engagement e on e.id = p.engagement_id
where t.id = any (%s) order by t.connection, t.kind, t.source_id, t.live desc, t.seq desc
"""
_BY_SOURCE = """
select t.id from project_transaction t
where t.live and t.connection = any (%(connections)s) and t.kind = any (%(kinds)s) and t.source_id = %(id)s
limit %(most)s
"""
_BY_ERP = "select transaction_id as id from erp_line where erp_id = %s limit %s"
_ON_INVOICE = """
select t.id, t.connection, t.kind, t.source_id, t.part, t.seq from invoice i join invoice_line l on l.invoice_id = i.id
  join project_transaction t on t.id = l.transaction_id
where jsonb_path_query_array(i.body, '$.lines[*].transaction_ids[*]') @> to_jsonb(%s::text)
"""
_ALL = "select id, connection, kind, source_id, part, seq from project_transaction"
_INVOICES = """
select i.id, coalesce(i.number, 'Draft') as title, e.name as engagement, i.body->>'currency' as currency,
  (coalesce(i.state->'total'->>'amount', i.body->'net'->>'amount'))::numeric as amount
from invoice i left join engagement e on e.id = i.engagement_id
where i.id = %(id)s or i.id = split_part(%(id)s, ':', 1)
  or i.number is not null and left(i.number, 100) = %(id)s
  or i.id in (select subject from cross_reference where external_id = %(id)s and target = 'invoice')
order by i.proposed_at desc limit %(most)s
"""
_PROJECTS = """
select p.id, p.code || ' ' || (p.body->>'name') as title, e.name as engagement, p.currency,
  (p.body->'value'->>'amount')::numeric as amount
from project p join engagement e on e.id = p.engagement_id
where p.id = %(id)s or p.code = %(id)s
  or p.id in (select subject from cross_reference where external_id = %(id)s and target = 'project')
order by p.code limit %(most)s
"""
_ENGAGEMENTS = """
select e.id, e.name as title, e.customer_name as engagement from engagement e
where e.id = %(id)s or lower(e.name) = lower(%(id)s) or e.id in (
  select o.engagement_id from cross_reference r join engagement_opportunity o on o.opportunity_id = r.subject
  where r.external_id = %(id)s and r.target = 'opportunity')
order by e.opened_at desc limit %(most)s
"""


def find(db: Connection, text: str) -> list[Match]:
    """Everything an id stands for, lines first; at most MOST of each kind."""
    wanted = text.strip()
    if not wanted or len(wanted) > LONGEST_ID or "\0" in wanted:
        return []
    values = {"id": wanted, "most": MOST}
    found = _lines(db, sorted(set(_line_numbers(db, wanted)))[:MOST])
    tables: tuple[tuple[MatchKind, str], ...] = (
        ("invoice", _INVOICES),
        ("project", _PROJECTS),
        ("engagement", _ENGAGEMENTS),
    )
    for kind, query in tables:
        found += [Match(kind=kind, number=None, **row) for row in db.execute(query.encode(), values).fetchall()]
    return found


def _line_numbers(db: Connection, wanted: str) -> Iterator[int]:
    if wanted.startswith("ptx_"):
        yield from _by_own_id(db, wanted)
        return
    known = [OURS, *(row["name"] for row in db.execute("select name from connection").fetchall())]
    named = REFERENCE.fullmatch(wanted)
    found = _by_source(db, [named[1]], [named[2]], named[3]) if named is not None else []
    if found:
        yield from found
        return
    yield from _by_source(db, known, LINE_KINDS, wanted)
    # No index: one look of a person is worth less than the speed of every posted line.
    yield from (row["id"] for row in db.execute(_BY_ERP, [wanted, MOST]).fetchall())


def _by_source(db: Connection, connections: Iterable[str], kinds: Iterable[str], source_id: str) -> list[int]:
    values = {"connections": list(connections), "kinds": list(kinds), "id": source_id, "most": MOST}
    return [row["id"] for row in db.execute(_BY_SOURCE, values).fetchall()]


def _by_own_id(db: Connection, wanted: str) -> list[int]:
    """Our id is a digest of what the line is: looked for on the invoices that name it, else among all lines."""
    rows = db.execute(_ON_INVOICE, [wanted]).fetchall()
    found = [row["id"] for row in rows if own_id(row) == wanted]
    if found:
        return found
    with db.transaction(), db.cursor("lines_by_own_id") as cursor:
        cursor.itersize = 20_000
        return [row["id"] for row in cursor.execute(_ALL) if own_id(row) == wanted]


def own_id(row: dict[str, Any]) -> str:
    """The `ptx_…` of a row."""
    return transaction_id(row["connection"], row["kind"], row["source_id"], row["part"], row["seq"])


def _lines(db: Connection, numbers: list[int]) -> list[Match]:
    rows = db.execute(_LINE, [numbers]).fetchall()
    return [
        Match(
            kind="line",
            id=f"{row['connection']}:{row['kind']}:{row['source_id']}",
            number=row["number"],
            title=f"{row['kind'].capitalize()} {row['source_id']} of {row['work_date']}"
            + (f", {row['person']}" if row["person"] else ""),
            engagement=row["engagement"],
            amount=row["amount"],
            currency=row["currency"],
        )
        for row in rows
    ]
