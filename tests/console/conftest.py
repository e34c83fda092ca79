"""A database with the books of a busy week."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.api.serving import client_of, desk_on
from tests.console.week import BusyWeek
from tieline import console
from tieline.app.desk import Desk
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


@pytest.fixture
def desk(books: Database, tmp_path: Path) -> Desk:
    """The desk of the example site."""
    return desk_on(books, tmp_path / "site")


@pytest.fixture
def client(desk: Desk) -> Iterator[httpx2.Client]:
    """A browser without JavaScript."""
    with client_of(console.build(desk)) as opened:
        yield opened
