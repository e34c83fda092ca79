"""An engine on a database of its own, driven by hand: `look(flow, key)` runs a flow instance once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tieline.engine.controls import Controls
from tieline.engine.flow import FlowEngine, FlowFunction
from tieline.engine.run import EndState
from tieline.engine.wake import wake
from tieline.store.database import Database


class Bench:
    """An engine and short ways to ask what it did."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.flows: dict[str, FlowFunction] = {}
        self.engine = FlowEngine(
            database=database,
            flows=self.flows,
            systems=lambda db: None,
            controls=Controls(),
            site_uid="test",
            app_version="test",
        )

    def look(self, flow: str, key: str = "k", *, engagement: str = "eng_1", reason: str = "event") -> EndState:
        with self.database.transaction() as db:
            wake(db, flow, key, engagement, reason)
        return self.engine.run(flow, key)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with self.database.connection() as db:
            return db.execute(query.encode(), parameters).fetchall()

    def overtake(self) -> None:
        self.rows("update lease set epoch = epoch + 1 returning epoch")

    def effect(self, target: str = "thing") -> dict[str, Any]:
        (row,) = self.rows("select * from effect where target = %s", target)
        return row


@pytest.fixture
def bench(database: str) -> Iterator[Bench]:
    opened = Database(database)
    yield Bench(opened)
    opened.close()


@pytest.fixture
def after() -> Callable[[float], None]:
    """Wait until the database's clock has moved by so many seconds."""
    import time

    return time.sleep
