"""Costs born in NetSuite: bills and credits of vendors and expense reports, with their lines that name a project.

The sweep asks which documents changed, then for the lines of these as they stand; both page by key (moment and id, then
document and line), so that what moves while we read pushes nothing past us.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.connectors.netsuite.changes import start_of, version_of
from tieline.connectors.netsuite.client import Row
from tieline.connectors.netsuite.records import Site
from tieline.model.cost import CostKind, DocumentType, ErpCost
from tieline.model.ids import born_outside
from tieline.model.money import Money
from tieline.sdk import jsontext
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changes, CostDocument, CostLine

AT_ONCE = 200
"""Documents of a page; Oracle allows 1,000 values in a list."""
TYPES: dict[str, DocumentType] = {"VendBill": "bill", "VendCred": "credit", "ExpRept": "expense_report"}

CHANGED = """
select t.id as id, to_char(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') as changed
from transaction t where t.type in ('VendBill', 'VendCred', 'ExpRept')
and t.lastmodifieddate >= to_date(?, 'YYYY-MM-DD HH24:MI:SS')
and (t.lastmodifieddate > to_date(?, 'YYYY-MM-DD HH24:MI:SS') or t.id > ?)
order by t.lastmodifieddate, t.id
"""
# Purchases have the sign of the ledger: bills debit, credits are below zero; `netamount` is in the home currency.
LINES = """
select t.id as document, l.id as line, t.type as type, t.tranid as tranid, builtin.df(t.entity) as supplier,
to_char(t.trandate, 'YYYY-MM-DD') as day, l.entity as project, l.foreignamount as amount, c.symbol as currency,
l.netamount as base, b.symbol as basecurrency, l.memo as memo, l.item as item, l.category as category,
l.expenseaccount as account
from transaction t inner join transactionline l on l.transaction = t.id inner join job j on j.id = l.entity
inner join currency c on c.id = t.currency inner join subsidiary s on s.id = l.subsidiary
inner join currency b on b.id = s.currency
where t.id in ({ids}) and l.mainline = 'F' and l.taxline = 'F' and t.posting = 'T' and t.voided = 'F'
and (t.id > ? or (t.id = ? and l.id > ?)) order by t.id, l.id
"""
BOOKED = """
select distinct t.id as id from transaction t inner join transactionline l on l.transaction = t.id
inner join job j on j.id = l.entity
where t.type in ('VendBill', 'VendCred', 'ExpRept') and l.mainline = 'F' and l.taxline = 'F'
and t.posting = 'T' and t.voided = 'F' and t.id > ? order by t.id
"""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the sweep stands: the last key of a round under way, and the newest moment seen."""

    after: tuple[str, str] | None = None
    seen: str | None = None


def list_changed_costs(site: Site, account: str, cursor: str | None) -> Changes[CostDocument]:
    """One page of documents, each with all its lines of projects as they stand."""
    at = _position(site, cursor)
    moment, last = at.after or (start_of(site, at.seen), "0")
    page = site.client.query(CHANGED, (moment, moment, last), limit=min(AT_ONCE, site.options.page_size))
    try:
        keys = [(str(row["changed"]), str(row["id"])) for row in page.rows]
        lines = _lines(site, account, [document for _, document in keys])
        items = [CostDocument(ref, version_of(site, changed), lines.get(ref, ())) for changed, ref in keys]
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        message = f"a list of bills and expense reports cannot be read: {error!r:.200}"
        raise Rejected(site.connection, message, kind="schema_drift", field="cost") from error
    seen = max(keys[-1][0], at.seen or "") if keys else at.seen
    more = page.more and bool(keys)
    return Changes(items, _text(Position(keys[-1] if more else None, seen)), more)


def list_cost_refs(site: Site) -> Iterator[str]:
    """Page by page in the order of ids."""
    after = "0"
    while True:
        page = site.client.query(BOOKED, (after,), limit=site.options.page_size)
        ids = [str(row["id"]) for row in page.rows]
        yield from ids
        if not page.more:
            return
        if not ids or ids[-1] == after:
            raise Rejected(site.connection, "the pages of bills do not end", kind="schema_drift", field="cost")
        after = ids[-1]


def _lines(site: Site, account: str, documents: Sequence[str]) -> dict[str, list[CostLine]]:
    found: defaultdict[str, list[CostLine]] = defaultdict(list)
    if not documents:
        return found
    query = LINES.replace("{ids}", ", ".join("?" * len(documents)))
    document, line = "0", "0"
    while True:
        page = site.client.query(query, (*documents, document, document, line), limit=site.options.page_size)
        for row in page.rows:
            if Decimal(row["amount"]):
                found[str(row["document"])].append(CostLine(_cost(site, account, row), row))
        if not page.more or not page.rows:
            return found
        document, line = str(page.rows[-1]["document"]), str(page.rows[-1]["line"])


def _cost(site: Site, account: str, row: Row) -> ErpCost:
    document, line = str(row["document"]), str(row["line"])
    kind = TYPES[row["type"]]
    base = row.get("base")
    return ErpCost(
        id=born_outside(account, "erp_cost", f"{document}:{line}"),
        document_ref=document,
        document_type=kind,
        line=line,
        number=_text_of(row.get("tranid")),
        supplier=_text_of(row.get("supplier")),
        project_ref=str(row["project"]),
        kind=_kind(site, row, "expense" if kind == "expense_report" else "purchase"),
        day=date.fromisoformat(row["day"]),
        text=_text_of(row.get("memo")),
        net_cost=Money(amount=Decimal(row["amount"]), currency=row["currency"]),
        base_cost=None if base is None else Money(amount=Decimal(base), currency=row["basecurrency"]),
    )


def _kind(site: Site, row: Row, usual: CostKind) -> CostKind:
    kinds = site.options.cost_kinds
    named = (f"{name}:{row[name]}" for name in ("item", "category", "account") if row.get(name) is not None)
    return next((kinds[name] for name in named if name in kinds), usual)


def _text_of(value: Any) -> str | None:
    return None if value is None else str(value)


def _text(at: Position) -> str:
    return jsontext.dumps({"after": at.after, "seen": at.seen}).decode()


def _position(site: Site, cursor: str | None) -> Position:
    if cursor is None:
        return Position()
    try:
        body: Any = jsontext.loads(cursor)
        after, seen = body["after"], body["seen"]
        for moment in filter(None, (seen, after and after[0])):
            date.fromisoformat(moment[:10])
        return Position((str(after[0]), str(after[1])) if after else None, seen)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        words = "the stored position of the sweep of costs is damaged: reset the feed"
        raise Rejected(site.connection, words, kind="internal", field="cursor") from error
