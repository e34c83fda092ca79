"""A sweep: all rows of a list changed after a moment, page by page, skipping none while people go on working.

Lists have offsets but no cursors (fact sheet section 2), so a row that leaves its place pulls all later ones forward.
Therefore each page begins with the last row of the page before it. If it does not, and what comes instead lies behind
that row, the sweep goes back a page. And since changes that happen while it runs may lie before its place, the next
sweep begins with the moment this one began at, less an overlap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tieline.connectors.kantata.client import Kantata, Page, Row
from tieline.connectors.kantata.reading import moment, moment_of

SETTLED = timedelta(seconds=2)
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a sweep stands; `offset` 0 is its beginning."""

    after: datetime | None = None
    """Rows changed after this; None for all."""
    offset: int = 0
    anchor: tuple[str, int] | None = None
    """Sort value and id of the last row read."""
    started: datetime | None = None
    """The vendor's clock when it began."""

    def as_json(self) -> dict[str, Any]:
        """JSON values for a cursor."""
        moments = {name: getattr(self, name) for name in ("after", "started")}
        texts = {name: value.isoformat() for name, value in moments.items() if value is not None}
        return {"offset": self.offset, "anchor": self.anchor, **texts}

    @staticmethod
    def of_json(value: Any) -> "Position":
        """From the JSON of a cursor. Raises ValueError, KeyError or TypeError."""
        moments = {name: moment(value[name]) for name in ("after", "started") if name in value}
        anchor = value["anchor"]
        return Position(
            offset=int(value["offset"]), anchor=(str(anchor[0]), int(anchor[1])) if anchor else None, **moments
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """One page of a sweep: rows not read before whose change is over, the page as it came, and where to go on."""

    rows: Sequence[Row]
    page: Page
    position: Position
    ended: bool


@dataclass(frozen=True, slots=True)
class Sweep:
    """How one list is swept. `order` is a field (or `date`) the list can be sorted by, ascending."""

    kantata: Kantata
    plural: str
    overlap: timedelta
    params: Mapping[str, str]
    order: str = "updated_at"
    key: str = "updated_at"
    """The field `order` sorts by."""
    changed: str = "updated_at"
    bound: str = "updated_after"

    def read(self, position: Position) -> Turn:
        """One page."""
        page = self._page(position)
        rows, anchor = page.rows, position.anchor
        if anchor is not None and (not rows or self._place(rows[0]) > anchor):
            return Turn((), page, self._back(position), ended=False)
        if anchor is not None and self._place(rows[0]) == anchor:
            rows = rows[1:]
        start = self._start(position)
        settled = [row for row in rows if is_settled(self._changed(row), page.sent_at)]
        started = position.started or page.sent_at
        if not page.rows or start + len(page.rows) >= page.count:
            at = started - self.overlap
            return Turn(settled, page, Position(after=max(at, position.after) if position.after else at), ended=True)
        read = start + len(page.rows)
        if read <= position.offset:
            raise self.kantata.endless(self.plural)
        following = replace(position, started=started, offset=read, anchor=self._place(page.rows[-1]))
        return Turn(settled, page, following, ended=False)

    def from_now_on(self) -> Position:
        """Where a sweep begins that shall see only what changes from now on, by the vendor's clock."""
        page = self.kantata.page(self.plural, **self.params, limit=1, offset=0)
        return Position(after=page.sent_at - self.overlap)

    def _page(self, position: Position) -> Page:
        params: dict[str, str | int] = {**self.params, "order": f"{self.order}:asc"}
        if position.after is not None:
            params[self.bound] = position.after.isoformat()
        return self.kantata.page(self.plural, **params, limit=self.kantata.page_size, offset=self._start(position))

    def _start(self, position: Position) -> int:
        return max(0, position.offset - 1) if position.anchor is not None else position.offset

    def _changed(self, row: Row) -> datetime:
        return moment_of(self.kantata.connection, row, self.changed)

    def _place(self, row: Row) -> tuple[str, int]:
        return str(row.get(self.key) or ""), int(row["id"])

    def _back(self, position: Position) -> Position:
        offset = max(0, position.offset - self.kantata.page_size)
        return replace(position, offset=offset, anchor=position.anchor if offset else None)


def is_settled(at: datetime, now: datetime) -> bool:
    """Whether the second of a change is over by the vendor's clock; else a second change could carry the same moment.

    Moments have whole seconds. Changes far in the future mean that the clocks cannot be compared.
    """
    return at + SETTLED <= now or at > now + CLOCK_SKEW
