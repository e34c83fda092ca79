"""The API of a firm in the middle of a busy week, on a real socket."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.api.serving import client_of, desk_on
from tests.console.week import BusyWeek
from tieline import api
from tieline.app.desk import Desk
from tieline.store.database import Database


@pytest.fixture
def books(database: str) -> Iterator[Database]:
    opened = Database(database, size=12)
    yield opened
    opened.close()


@pytest.fixture
def week(books: Database) -> BusyWeek:
    return BusyWeek(books).fill()


@pytest.fixture
def desk(books: Database, tmp_path: Path) -> Desk:
    return desk_on(books, tmp_path / "site")


@pytest.fixture
def client(desk: Desk) -> Iterator[httpx2.Client]:
    with client_of(api.build(desk)) as opened:
        yield opened
