"""An engine on a database of its own, whose exceptions are acted on; and a lane whose lines wait."""

from collections.abc import Iterator

import pytest

from tests.engine.conftest import Bench
from tests.lane.world import World
from tieline.store.database import Database


@pytest.fixture
def bench(database: str) -> Iterator[Bench]:
    opened = Database(database)
    yield Bench(opened)
    opened.close()


@pytest.fixture
def world(database: str) -> Iterator[World]:
    opened = Database(database)
    here = World(opened)
    here.furnish()
    yield here
    here.worker.close()
    opened.close()
