"""The sweep that finds changed invoices: by their own change, and by payments and credits applied to them.

Two streams are read one after the other, each in the order of change. A page continues after the last key of the page
before it (moment, id), never by an offset: rows that move while we read cannot push others past us, and no query comes
near the 100,000 rows NetSuite hands out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from tieline.connectors.netsuite.client import Row
from tieline.connectors.netsuite.records import Site
from tieline.model.ids import PREFIXES
from tieline.sdk import jsontext
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changed, Changes

Stream = Literal["invoice", "payment"]
FORMAT = "%Y-%m-%d %H:%M:%S"
FIRST = "1970-01-01 00:00:00"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

INVOICES = """
select t.id as invoice, t.id as id, to_char(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') as changed, t.type as kind,
t.externalid as reference
from transaction t
where t.type in ('CustInvc', 'CustCred') and t.lastmodifieddate >= to_date(?, 'YYYY-MM-DD HH24:MI:SS')
and (t.lastmodifieddate > to_date(?, 'YYYY-MM-DD HH24:MI:SS') or t.id > ?)
order by t.lastmodifieddate, t.id
"""
PAYMENTS = """
select i.id as invoice, t.id as id, to_char(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') as changed
from transaction t
inner join previoustransactionlinelink l on l.nextdoc = t.id inner join transaction i on i.id = l.previousdoc
where i.type = 'CustInvc' and t.type in ('CustPymt', 'CustCred')
and t.lastmodifieddate >= to_date(?, 'YYYY-MM-DD HH24:MI:SS')
and (t.lastmodifieddate > to_date(?, 'YYYY-MM-DD HH24:MI:SS') or t.id > ? or (t.id = ? and i.id > ?))
order by t.lastmodifieddate, t.id, i.id
"""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the sweep stands: the stream it reads, its last key there, and the newest moment seen in each stream."""

    stream: Stream = "invoice"
    after: tuple[str, str, str] | None = None
    """Moment, id, invoice id of the last row; None at the start of a stream."""
    seen: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The opaque cursor."""
        return jsontext.dumps({"stream": self.stream, "after": self.after, "seen": self.seen}).decode()


def list_changed_invoices(site: Site, cursor: str | None) -> Changes[Changed]:
    """One page. Each round reads both streams; `more` is false at the end of a round."""
    at = _position(site, cursor)
    key = at.after or (start_of(site, at.seen.get(at.stream)), "0", "0")
    page = site.client.query(*_question(at.stream, *key), limit=site.options.page_size)
    try:
        items = [_changed(site, row) for row in page.rows if _concerns(row)]
        last = _key(page.rows[-1]) if page.rows else None
    except (KeyError, ValueError, TypeError) as error:
        raise Rejected(site.connection, "a list of changed invoices cannot be read", kind="schema_drift") from error
    seen = {**at.seen, at.stream: max(last[0], at.seen.get(at.stream, FIRST))} if last else at.seen
    if page.more and last:
        return Changes(items, Position(at.stream, last, seen).text(), more=True)
    done = at.stream == "payment"
    return Changes(items, Position("invoice" if done else "payment", None, seen).text(), more=not done)


def _concerns(row: Row) -> bool:
    """Credit memos are looked at only where they are ours; people make many of them."""
    return row.get("kind") != "CustCred" or str(row.get("reference") or "").startswith(f"{PREFIXES['invoice']}_")


def _key(row: Row) -> tuple[str, str, str]:
    return str(row["changed"]), str(row["id"]), str(row["invoice"])


def _question(stream: Stream, moment: str, transaction: str, invoice: str) -> tuple[str, Sequence[str]]:
    if stream == "invoice":
        return INVOICES, (moment, moment, transaction)
    return PAYMENTS, (moment, moment, transaction, transaction, invoice)


def start_of(site: Site, newest: str | None) -> str:
    """Where a round begins: a little before the newest change that was seen."""
    if newest is None:
        since = site.options.changes_since
        return f"{since.isoformat()} 00:00:00" if since else FIRST
    return (datetime.strptime(newest, FORMAT) - timedelta(minutes=site.options.overlap_minutes)).strftime(FORMAT)  # noqa: DTZ007 - NetSuite's own wall clock


def _changed(site: Site, row: Row) -> Changed:
    return Changed("invoice", str(row["invoice"]), version_of(site, row["changed"]))


def version_of(site: Site, changed: str) -> int:
    """A moment of change in microseconds since 1970."""
    moment = datetime.strptime(changed, FORMAT).replace(tzinfo=ZoneInfo(site.options.time_zone))
    return (moment - EPOCH) // timedelta(microseconds=1)


def _position(site: Site, cursor: str | None) -> Position:
    if cursor is None:
        return Position()
    try:
        body: Any = jsontext.loads(cursor)
        after = body["after"]
        stream, seen = body["stream"], dict(body["seen"])
        if stream not in get_args(Stream) or (after is not None and len(after) != 3):
            raise ValueError("unknown stream or key")
        for moment in seen.values():
            datetime.strptime(moment, FORMAT)  # noqa: DTZ007
        return Position(stream, (str(after[0]), str(after[1]), str(after[2])) if after else None, seen)
    except (KeyError, TypeError, ValueError) as error:
        words = "the stored position of the invoice sweep is damaged: reset the feed"
        raise Rejected(site.connection, words, kind="internal", field="cursor") from error
