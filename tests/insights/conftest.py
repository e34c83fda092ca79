"""A database with the books of a small firm."""

from collections.abc import Iterator

import pytest

from tests.insights.firm import SmallFirm
from tieline.store.database import Database


@pytest.fixture(scope="module")
def books(module_database: str) -> Iterator[Database]:
    """An open database with the small firm's books, for tests that only read."""
    opened = Database(module_database, size=4)
    SmallFirm(opened).fill()
    yield opened
    opened.close()
