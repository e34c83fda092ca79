"""An engine on a database of its own, whose exceptions are acted on."""

from collections.abc import Iterator

import pytest

from tests.engine.conftest import Bench
from tieline.store.database import Database


@pytest.fixture
def bench(database: str) -> Iterator[Bench]:
    opened = Database(database)
    yield Bench(opened)
    opened.close()
