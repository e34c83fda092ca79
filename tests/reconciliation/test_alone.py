"""One comparison at a time, and the next as soon as one has ended."""

from types import SimpleNamespace
from typing import Any

import pytest

from tieline.reconciliation.reconcile import Busy, alone
from tieline.store.database import Database


def test_a_comparison_may_follow_another_at_once_and_none_runs_beside_it(database: str) -> None:
    opened = Database(database, size=1)
    firm: Any = SimpleNamespace(database=opened)
    for _ in range(30):
        with alone(firm), pytest.raises(Busy), alone(firm):
            pass
    opened.close()
