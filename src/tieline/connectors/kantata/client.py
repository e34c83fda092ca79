"""Records of one Kantata account: lists page by page, single records, creates and updates."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tieline.sdk.errors import Rejected, Unavailable, Unclear
from tieline.sdk.http import HttpAnswer, VendorHttp

Row = Mapping[str, Any]
ROOT = "/api/v1"
SINGULAR = {
    "workspaces": "workspace",
    "workspace_groups": "workspace_group",
    "workspace_resources": "workspace_resource",
    "workspace_allocations": "workspace_allocation",
    "resource_requests": "resource_request",
    "stories": "story",
    "posts": "post",
    "external_references": "external_reference",
}
"""What we write -> the key of one record's body."""
HIDDEN = {
    "workspaces": {"include_archived": "true"},
    "stories": {"show_archived": "true", "show_from_archived_workspaces": "true"},
    "posts": {"from_archived_workspaces": "true"},
    "time_entries": {"from_archived_workspaces": "true"},
    "expenses": {"from_archived_workspaces": "true"},
}
"""Parameters that show what is archived, which by default is absent from lists and a 404 by id (section 2)."""


@dataclass(frozen=True, slots=True)
class Page:
    """The matches of a list, in order, with what was loaded beside them."""

    rows: Sequence[Row]
    count: int
    """Matches on all pages."""
    sides: Mapping[str, Any]
    body: bytes
    sent_at: datetime
    """The vendor's clock (Date header), else ours."""

    def side(self, name: str) -> Mapping[str, Row]:
        """Records loaded beside the matches, by id."""
        found = self.sides.get(name)
        return {key: row for key, row in found.items() if isinstance(row, dict)} if isinstance(found, dict) else {}

    def linked(self, row: Row, field: str, name: str) -> Sequence[Row]:
        """The records a match names in `field`, an id or a list of them, as far as they were loaded beside."""
        value, side = row.get(field), self.side(name)
        keys = value if isinstance(value, list) else [value]
        return [side[key] for key in keys if isinstance(key, str) and key in side]

    def text_of(self, row: Row, field: str, name: str, wanted: str) -> str | None:
        """A text of the record a match names in `field`."""
        found = [one.get(wanted) for one in self.linked(row, field, name)]
        return found[0].strip() or None if found and isinstance(found[0], str) else None


class Kantata:
    """The REST API of one account. All calls raise the three errors."""

    def __init__(self, http: VendorHttp, page_size: int) -> None:
        self.http = http
        self.connection = http.connection
        self.page_size = page_size

    def page(self, plural: str, **params: str | int) -> Page:
        """One page of a list, archived records included."""
        return self._page(plural, self.http.get(f"{ROOT}/{plural}", params={**HIDDEN.get(plural, {}), **params}))

    def pages(self, plural: str, **params: str | int) -> Iterator[Page]:
        """All pages of a list that hardly changes while it is read."""
        number, first = 1, None
        while True:
            page = self.page(plural, per_page=self.page_size, page=number, **params)
            if page.rows and page.rows[0]["id"] == first:
                raise self.endless(plural)
            yield page
            if not page.rows or number * self.page_size >= page.count:
                return
            number, first = number + 1, page.rows[0]["id"]

    def endless(self, plural: str) -> Unavailable:
        """What a list that only repeats itself is answered with."""
        return Unavailable(self.connection, f"the pages of {plural} do not end")

    def rows(self, plural: str, **params: str | int) -> Iterator[Row]:
        """All rows of a list."""
        return (row for page in self.pages(plural, **params) for row in page.rows)

    def show(self, plural: str, identifier: str, **params: str) -> Page:
        """A page of one record. Raises Gone."""
        path = self._path(plural, identifier)
        page = self._page(plural, self.http.get(path, params={**HIDDEN.get(plural, {}), **params}))
        if not page.rows:
            raise Unavailable(self.connection, f"answered without the {plural} record that was asked for")
        if page.rows[0]["id"] != identifier:
            raise Unavailable(self.connection, f"answered with another {plural} record than was asked for")
        return page

    def myself(self) -> Row:
        """The user of our token."""
        page = self._page("users", self.http.get(f"{ROOT}/users/me"))
        if not page.rows:
            raise self._odd("users")
        return page.rows[0]

    def create(self, plural: str, body: Row) -> str:
        """A new record; its id. There is no key that keeps a second call from making a second record."""
        answer = self.http.request("POST", f"{ROOT}/{plural}", write=True, json={SINGULAR[plural]: body})
        return self._written(plural, answer)

    def update(self, plural: str, identifier: str, body: Row) -> str:
        """Change one record; fields that are not sent stay."""
        path, params = self._path(plural, identifier), HIDDEN.get(plural)
        answer = self.http.request("PUT", path, write=True, params=params, json={SINGULAR[plural]: body})
        if self._written(plural, answer) != identifier:
            raise Unclear(self.connection, f"says that it changed another {plural} record than was asked for")
        return identifier

    def _path(self, plural: str, identifier: str) -> str:
        if not is_id(identifier):
            message = f"'{identifier[:40]}' is no record id of Kantata"
            raise Rejected(self.connection, message, kind="master_data", field="id")
        return f"{ROOT}/{plural}/{identifier}"

    def _written(self, plural: str, answer: HttpAnswer) -> str:
        try:
            return str(self._page(plural, answer).rows[0]["id"])
        except (Unavailable, IndexError) as error:
            raise Unclear(self.connection, "took the record but did not say under which id") from error

    def _page(self, plural: str, answer: HttpAnswer) -> Page:
        """`results` names the matches and their order; the maps also hold records that were only loaded beside."""
        envelope = answer.json()
        try:
            rows = [envelope[result["key"]][result["id"]] for result in envelope["results"]]
            count = envelope["count"]
            known = all(is_id(row["id"]) for row in rows)
        except (KeyError, TypeError, AttributeError) as error:
            raise self._odd(plural) from error
        if not known or not isinstance(count, int):
            raise self._odd(plural)
        return Page(rows, count, envelope, answer.body, _clock(answer.headers.get("date")))

    def _odd(self, plural: str) -> Unavailable:
        return Unavailable(self.connection, f"answered {plural} in a form we do not know")


def is_id(text: str) -> bool:
    """Whether a text has the form of a record id."""
    return text.isascii() and text.isdecimal() and len(text) <= 18


@contextmanager
def named(what: str) -> Iterator[None]:
    """Puts the record's name before the message of a refusal, so that a person knows what was refused."""
    try:
        yield
    except Rejected as refused:
        raise replace(refused, message=f"{what}: {refused.message}") from refused


def _clock(header: str | None) -> datetime:
    try:
        found = parsedate_to_datetime(header) if header else None
    except ValueError:
        found = None
    return found.astimezone(UTC) if found and found.tzinfo else datetime.now(UTC)
