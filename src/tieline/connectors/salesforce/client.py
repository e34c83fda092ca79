"""Rows of one Salesforce organisation: queries with all their pages, single records, upserts by our reference."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tieline.connectors.salesforce.org_id import is_id
from tieline.sdk.errors import Rejected, Unavailable, Unclear
from tieline.sdk.http import VendorHttp
from tieline.sdk.operation import Written

Row = Mapping[str, Any]
REFERENCE = "Tieline_Id__c"
"""The unique external id on every object of ours: the record's subject."""
CALL_OPTIONS = {"sforce-call-options": "client=tieline"}
"""Marks our writes, so that their change events can be told from other people's."""
OUR_ORIGIN = ";client=tieline"
MOST_PAGES = 20_000


class Salesforce:
    """The REST API of one organisation."""

    def __init__(self, http: VendorHttp, api_version: str) -> None:
        self.http = http
        self.root = f"/services/data/v{api_version}"

    @property
    def connection(self) -> str:
        """The connection's name, for errors."""
        return self.http.connection

    def rows(self, soql: str, *, deleted: bool = False) -> Iterator[Row]:
        """All rows of a query, page by page; `deleted` includes what lies in the recycle bin."""
        page = self._json(f"{self.root}/{'queryAll' if deleted else 'query'}", {"q": soql})
        yield from self._all(page)

    def children(self, row: Row, relationship: str) -> Sequence[Row]:
        """The rows of a sub-select, its further pages included."""
        page = row.get(relationship)
        return [] if page is None else list(self._all(page))

    def record(self, sobject: str, identifier: str, fields: Sequence[str]) -> Row:
        """Some fields of one record. Raises Rejected (master_data) when it is gone."""
        if not is_id(identifier):
            raise no_id(self.connection, identifier)
        row = self._json(f"{self.root}/sobjects/{sobject}/{identifier}", {"fields": ",".join(fields)})
        return {name: value for name, value in self._row(row).items() if name != "attributes"}

    def upsert(self, sobject: str, reference: str, body: Row, *, only_update: bool = False) -> Written:
        """Create or update by our reference: twice makes one."""
        path = f"{self.root}/sobjects/{sobject}/{REFERENCE}/{quote(reference, safe='')}"
        params = {"updateOnly": "true"} if only_update else None
        answer = self.http.request("PATCH", path, write=True, params=params, json=body).json()
        identifier = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(identifier, str) or not is_id(identifier):
            raise Unclear(self.connection, "answered an upsert without the record's id")
        return Written(identifier)

    def create(self, sobject: str, body: Row) -> Written:
        """Make one record; what makes it safe to send again is the caller's matter."""
        answer = self.http.request("POST", f"{self.root}/sobjects/{sobject}", write=True, json=body).json()
        identifier = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(identifier, str) or not is_id(identifier):
            raise Unclear(self.connection, "answered a create without the record's id")
        return Written(identifier)

    def update(self, sobject: str, identifier: str, body: Row) -> Written:
        """Update one record by its id; a record that is gone is refused, never created again."""
        if not is_id(identifier):
            raise no_id(self.connection, identifier)
        self.http.request("PATCH", f"{self.root}/sobjects/{sobject}/{identifier}", write=True, json=body)
        return Written(identifier)

    def one(self, query: str, identifier: str) -> Row | None:
        """The record of this id that a query asks for, deleted or not."""
        row = next(self.rows(query, deleted=True), None)
        if row is not None and str(row.get("Id"))[:SAME] != identifier[:SAME]:
            raise Unavailable(self.connection, "answered with another record than was asked for")
        return row

    def describe(self, sobject: str) -> Sequence[Row]:
        """The fields of an object as the integration user sees them."""
        fields = self._row(self._json(f"{self.root}/sobjects/{sobject}/describe")).get("fields")
        if not isinstance(fields, list):
            raise self._odd()
        return [self._row(field) for field in fields]

    def limits(self) -> Row:
        """The organisation's limits and what is left of them."""
        return self._row(self._json(f"{self.root}/limits"))

    def _all(self, page: Any) -> Iterator[Row]:
        seen: set[str] = set()
        while True:
            records = self._row(page).get("records")
            if not isinstance(records, list):
                raise self._odd()
            yield from map(self._row, records)
            following = page.get("nextRecordsUrl")
            if following is None:
                return
            # The path comes from outside: our token goes to no other host, and no loop runs for ever.
            if not isinstance(following, str) or not following.startswith(f"{self.root}/query"):
                raise self._odd()
            if following in seen or len(seen) >= MOST_PAGES:
                raise Unavailable(self.connection, "the pages of a query do not end")
            seen.add(following)
            page = self._json(following)

    def _json(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return self.http.get(path, params=params).json()

    def _row(self, value: Any) -> Row:
        if not isinstance(value, dict):
            raise self._odd()
        return value

    def _odd(self) -> Unavailable:
        return Unavailable(self.connection, "answered in a form we do not know")


SAME = 15
"""Characters of an id that tell records apart; the rest is a checksum."""


def no_id(connection: str, identifier: str) -> Rejected:
    """What a reference that cannot be a record's id is answered with."""
    return Rejected(connection, f"'{identifier[:40]}' is no record id of Salesforce", kind="master_data", field="id")


@contextmanager
def named(what: str) -> Iterator[None]:
    """Puts the record's name before the message of a refusal, so that a person knows what was refused."""
    try:
        yield
    except Rejected as refused:
        raise replace(refused, message=f"{what}: {refused.message}") from refused
