"""A database with the books of a busy week."""

from collections.abc import Iterator

import pytest

from tests.console.week import BusyWeek
from tieline.store.database import Database


@pytest.fixture
def books(database: str) -> Iterator[Database]:
    """An open database, still empty."""
    opened = Database(database, size=12)
    yield opened
    opened.close()


@pytest.fixture
def week(books: Database) -> BusyWeek:
    """The books of a busy week."""
    return BusyWeek(books).fill()
