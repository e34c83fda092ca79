"""The sweep: opportunities that changed since a cursor: themselves, their lines, customer or change orders; or deleted.

The streams are paged by (SystemModstamp, Id), so that records of one stamp are never skipped. A sweep begins a little
before where the last one ended, since a transaction may become visible minutes after its stamp.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from tieline.connectors.salesforce.change_orders import LINE, ORDER
from tieline.connectors.salesforce.client import Row, Salesforce
from tieline.connectors.salesforce.reading import EPOCH, Reading, microseconds
from tieline.connectors.salesforce.settings import Options
from tieline.connectors.salesforce.soql import literal, one_of, select
from tieline.sdk import jsontext
from tieline.sdk.errors import Rejected
from tieline.sdk.feed import Changed, Changes

IDS_A_QUERY = 200


@dataclass(frozen=True, slots=True)
class Position:
    """Where a stream stands: after the record `last` of the stamp `at`; `newest` is the latest stamp ever seen."""

    newest: datetime
    at: datetime
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The positions of all streams, and those that are not at their end in the running sweep."""

    positions: Mapping[str, Position]
    running: frozenset[str]

    def text(self) -> str:
        """The cursor as durable text."""
        positions = {
            name: [place.newest.isoformat(), place.at.isoformat(), place.last] for name, place in self.positions.items()
        }
        return jsontext.dumps({"positions": positions, "running": sorted(self.running)}).decode()


def parse_cursor(text: str) -> Cursor:
    """A cursor from its text. Raises ValueError when it is none of ours."""
    value = jsontext.loads(text)
    try:
        positions = {
            name: Position(_aware(newest), _aware(at), last) for name, (newest, at, last) in value["positions"].items()
        }
        return Cursor(positions, frozenset(value["running"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the cursor is none of this connector") from error


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment of the cursor has no time zone")
    return moment


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows of one object and what their change means."""

    sobject: str
    fields: Sequence[str]
    changes: Callable[[Sequence[Row]], Iterator[Changed]]


class OpportunityFeed:
    """The sweep of one organisation."""

    def __init__(self, salesforce: Salesforce, reading: Reading, options: Options) -> None:
        self._salesforce = salesforce
        self._reading = reading
        self._options = options
        self._streams = {
            "opportunity": Stream("Opportunity", ("IsDeleted",), self._of_opportunities),
            "line": Stream("OpportunityLineItem", ("OpportunityId",), self._of_lines),
            "customer": Stream("Account", (), self._of_customers),
        }
        if options.change_orders:
            self._streams |= {
                "order": Stream(ORDER, ("Opportunity__c",), self._of_orders),
                "order_line": Stream(LINE, ("Change_Order__r.Opportunity__c",), self._of_order_lines),
            }

    def page(self, text: str | None) -> Changes[Changed]:
        """One page of each stream that has more. Raises the three errors."""
        cursor = self._sweep(self._known(text) if text else self._beginning())
        items: list[Changed] = []
        positions, running = dict(cursor.positions), set(cursor.running)
        for name in sorted(cursor.running):
            stream = self._streams[name]
            rows = self._rows(stream, positions[name])
            items += stream.changes(rows)
            if rows:
                at = self._reading.moment(rows[-1].get("SystemModstamp"))
                newest = max(at, positions[name].newest)
                positions[name] = Position(newest, at, self._reading.text(rows[-1], "Id"))
            if len(rows) < self._options.page_size:
                running.discard(name)
        return Changes(items, Cursor(positions, frozenset(running)).text(), more=bool(running))

    def _known(self, text: str) -> Cursor:
        try:
            cursor = parse_cursor(text)
        except ValueError as error:
            raise Rejected(self._salesforce.connection, f"cannot go on from its cursor: {error}", "internal") from error
        positions = {name: place for name, place in cursor.positions.items() if name in self._streams}
        positions |= {name: self._newest(name) for name in self._streams if name not in positions}
        return Cursor(positions, cursor.running & self._streams.keys())

    def _beginning(self) -> Cursor:
        """All opportunities; lines, customers and change orders only as they change from now on."""
        since = self._options.changes_since
        start = datetime.combine(since, time(), UTC) if since else EPOCH
        positions = {
            name: Position(start, start) if name == "opportunity" else self._newest(name) for name in self._streams
        }
        return Cursor(positions, frozenset())

    def _newest(self, name: str) -> Position:
        query = select(["SystemModstamp"], self._streams[name].sobject, order=("SystemModstamp",))
        row = next(self._salesforce.rows(f"{query} DESC LIMIT 1", deleted=True), None)
        newest = self._reading.moment(row.get("SystemModstamp")) if row else EPOCH
        return Position(newest, newest)

    def _sweep(self, cursor: Cursor) -> Cursor:
        """The cursor itself within a sweep; at its end all streams again, from a little earlier."""
        if cursor.running:
            return cursor
        overlap = timedelta(seconds=self._options.overlap_seconds)
        earlier = {
            name: Position(place.newest, max(place.newest - overlap, EPOCH)) for name, place in cursor.positions.items()
        }
        return Cursor(earlier, frozenset(earlier))

    def _rows(self, stream: Stream, place: Position) -> Sequence[Row]:
        # The first condition can use the index of SystemModstamp; the second goes on within one stamp.
        at = literal(place.at)
        where = f"SystemModstamp >= {at}"
        if place.last:
            where += f" AND (SystemModstamp > {at} OR Id > {literal(place.last)})"
        query = select(
            ("Id", "SystemModstamp", *stream.fields),
            stream.sobject,
            where=where,
            order=("SystemModstamp", "Id"),
            limit=self._options.page_size,
        )
        return list(self._salesforce.rows(query, deleted=True))

    def _version(self, row: Row) -> int:
        return microseconds(self._reading.moment(row.get("SystemModstamp")))

    def _of_opportunities(self, rows: Sequence[Row]) -> Iterator[Changed]:
        for row in rows:
            identifier = self._reading.text(row, "Id")
            yield Changed("opportunity", identifier, self._version(row), row.get("IsDeleted") is True)

    def _of_lines(self, rows: Sequence[Row]) -> Iterator[Changed]:
        for row in rows:
            yield Changed("opportunity", self._reading.text(row, "OpportunityId"), self._version(row))

    def _of_orders(self, rows: Sequence[Row]) -> Iterator[Changed]:
        for row in rows:
            if isinstance(deal := row.get("Opportunity__c"), str):
                yield Changed("opportunity", deal, self._version(row))

    def _of_order_lines(self, rows: Sequence[Row]) -> Iterator[Changed]:
        for row in rows:
            order = row.get("Change_Order__r")
            if isinstance(deal := order.get("Opportunity__c") if isinstance(order, dict) else None, str):
                yield Changed("opportunity", deal, self._version(row))

    def _of_customers(self, rows: Sequence[Row]) -> Iterator[Changed]:
        """Only committed opportunities look at their customer."""
        versions = {self._reading.text(row, "Id"): self._version(row) for row in rows}
        customers = list(versions)
        for start in range(0, len(customers), IDS_A_QUERY):
            some = one_of("AccountId", customers[start : start + IDS_A_QUERY])
            query = select(["Id", "AccountId"], "Opportunity", where=f"{some} AND {self._options.committed}")
            for row in self._salesforce.rows(query):
                version = versions.get(self._reading.text(row, "AccountId"), 0)
                yield Changed("opportunity", self._reading.text(row, "Id"), version)
