"""A furnished world per test; at its end the laws of conservation must hold, whatever the test did."""

from collections.abc import Iterator

import pytest

from tests.lane.world import World
from tieline.lane.totals import money_differences, quantity_balances
from tieline.store.database import Database


@pytest.fixture
def world(database: str) -> Iterator[World]:
    opened = Database(database)
    world = World(opened)
    world.furnish()
    try:
        yield world
        check_conservation(opened)
    finally:
        world.worker.close()
        opened.close()


def check_conservation(opened: Database) -> None:
    with opened.transaction() as db:
        lost = [
            balance for balance in quantity_balances(db) if balance.lost or balance.pulled_lines != balance.held_lines
        ]
        assert not lost
        assert not money_differences(db)
