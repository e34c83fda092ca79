"""What NetSuite's own lists say: customers, projects, orders, invoices and time lines, page by page through SuiteQL.

Each page continues after the last id of the page before it: nothing that changes meanwhile shifts a row past us, and no
query comes near the 100,000 rows NetSuite hands out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tieline.connectors.netsuite.client import Row
from tieline.connectors.netsuite.records import Site
from tieline.sdk.books import Days, Fact, Held, Listed
from tieline.sdk.errors import Rejected

LOOKED_UP = 500
"""References per look-up; Oracle allows 1,000 values in a list."""
SINCE, UNTIL = date(1990, 1, 1), date(2199, 12, 31)

_CUSTOMER = "select c.id, c.externalid, c.companyname as label from customer c where c.id > ? and {where} order by c.id"
_PROJECT = """
select j.id, j.externalid, j.id as project, j.entityid as label, j.estimatedrevenue as amount
from job j where j.id > ? and {where} order by j.id
"""
_TIME = """
select t.id, t.externalid, t.customer as project, t.employee as person, t.hours as hours,
to_char(t.trandate, 'YYYY-MM-DD') as day
from timebill t where t.id > ? and {where} order by t.id
"""
# Amounts of sales lines have the sign of the ledger, which is the opposite of the invoice's (fact sheet section 6).
_SALES = """
select t.id as id, t.externalid as externalid, t.tranid as label, t.foreigntotal as total, t.foreignamountpaid as paid,
t.type as kind,
t.voided as voided, to_char(t.trandate, 'YYYY-MM-DD') as day, c.symbol as currency, sum(l.foreignamount) as net,
max(l.entity) as project
from transaction t inner join transactionline l on l.transaction = t.id inner join currency c on c.id = t.currency
where t.type in ({type}) and t.id > ? and l.mainline = 'F' and l.taxline = 'F' and {where}
group by t.id, t.externalid, t.tranid, t.foreigntotal, t.foreignamountpaid, t.voided, t.trandate, c.symbol, t.type
order by t.id
"""
_WITHIN = "t.trandate >= to_date(?, 'YYYY-MM-DD') and t.trandate <= to_date(?, 'YYYY-MM-DD')"
QUERIES: Mapping[Listed, tuple[str, str]] = {
    "customer": (_CUSTOMER, "c"),
    "project": (_PROJECT, "j"),
    "time": (_TIME, "t"),
    "contract": (_SALES.replace("{type}", "'SalesOrd'"), "t"),
    "invoice": (_SALES.replace("{type}", "'CustInvc', 'CustCred'"), "t"),
}
"""Record -> its query and the alias of its table."""


@dataclass(frozen=True, slots=True)
class NetSuiteBooks:
    """The books of one account (`sdk.books.Books`)."""

    site: Site
    zeroes_reversed: bool = False
    whole_amounts: bool = False

    @property
    def shows(self) -> Mapping[Listed, frozenset[Fact]]:
        """All records of the role."""
        return {
            "customer": frozenset({"name"}) if self._names_customers() else frozenset(),
            "project": frozenset({"amount"}),
            "contract": frozenset({"amount"}),
            "time": frozenset({"project", "day", "quantity"}),
            "invoice": frozenset({"project", "amount"}),
        }

    def _names_customers(self) -> bool:
        """Whether the site's mapping writes our name into the field the list shows."""
        rows = (field.row for field in self.site.mappings["customer"].fields)
        return any((row.canonical, row.vendor, row.transform) == ("name", "companyName", "text") for row in rows)

    def list_held(self, record: Listed, days: Days | None = None) -> Iterator[Held]:
        """Page by page in the order of ids. Records without a reference of ours are told for time only."""
        query, alias = QUERIES[record]
        if record == "time":
            span = days or Days(SINCE, UNTIL)
            return self._all(record, query.replace("{where}", _WITHIN), span.first.isoformat(), span.last.isoformat())
        return self._all(record, query.replace("{where}", f"{alias}.externalid is not null"))

    def find_held(self, record: Listed, references: Sequence[str]) -> Iterator[Held]:
        """By our reference, some hundred at a time."""
        query, alias = QUERIES[record]
        for start in range(0, len(references), LOOKED_UP):
            some = references[start : start + LOOKED_UP]
            where = f"{alias}.externalid in ({', '.join('?' * len(some))})"
            yield from self._all(record, query.replace("{where}", where), *some)

    def _all(self, record: Listed, query: str, *values: str) -> Iterator[Held]:
        after = "0"
        while True:
            page = self.site.client.query(query, (after, *values), limit=self.site.options.page_size)
            for row in page.rows:
                yield self._held(record, row)
            if not page.more:
                return
            last = str(page.rows[-1].get("id")) if page.rows else after
            if last == after:
                raise Rejected(self.site.connection, f"the pages of {record} do not end", kind="schema_drift")
            after = last

    def _held(self, record: Listed, row: Row) -> Held:
        try:
            return held(row)
        except (KeyError, ValueError, TypeError, ArithmeticError) as error:
            message = f"a row of its list of {record} cannot be read: {error!r:.200}"
            raise Rejected(self.site.connection, message, kind="schema_drift", field=record) from error


def held(row: Row) -> Held:
    """One row. All values come as texts, and columns without a value are absent."""
    total, net = _number(row.get("total")), _number(row.get("net"))
    credit = row.get("kind") == "CustCred"
    if net is not None:
        net = -abs(net) if credit or (total is not None and total < 0) else abs(net)
    hours = _number(row.get("hours"))
    day = row.get("day")
    return Held(
        external_id=str(row["id"]),
        reference=_text(row.get("externalid")),
        project=_text(row.get("project")),
        person=_text(row.get("person")),
        day=date.fromisoformat(day) if day else None,
        quantity=(hours * 60).quantize(Decimal(1)) if hours is not None else None,
        amount=net if net is not None else _number(row.get("amount")),
        paid=None if credit else _number(row.get("paid")),
        currency=_text(row.get("currency")),
        void=row.get("voided") == "T",
        label=_text(row.get("label")),
    )


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
