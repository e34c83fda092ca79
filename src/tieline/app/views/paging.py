"""Pages of a list: an opaque cursor says where the next one starts, so that inserts never shift or repeat rows."""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from tieline.store.database import Connection, Database

T = TypeVar("T")

LARGEST = 200
"""Rows of one page."""


class BadCursor(ValueError):
    """The cursor was not made by Tieline."""

    def __init__(self) -> None:
        super().__init__("this is no cursor of Tieline; leave it out to start with the first page")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """Some rows, and the cursor of the next page unless this is the last."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page starts: after the row of this moment and id."""

    at: datetime
    id: str

    @property
    def cursor(self) -> str:
        """The place as text for an address."""
        return base64.urlsafe_b64encode(f"{self.at.isoformat()}|{self.id}".encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> Place | None:
    """What a cursor means. Raises BadCursor."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
        at, _, row = text.partition("|")
        place = Place(datetime.fromisoformat(at), row)
    except (ValueError, UnicodeError, binascii.Error) as error:
        raise BadCursor from error
    if place.at.tzinfo is None or not row or "\0" in row:
        raise BadCursor
    return place


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """A read-only connection whose statements all see the same moment, so that figures of one page add up."""
    with database.transaction() as db:
        db.execute("set transaction isolation level repeatable read, read only")
        yield db
