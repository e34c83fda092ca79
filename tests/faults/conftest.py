"""Stand-ins all fault tests of one process share, and what the vendors hold after a run nobody disturbed."""

from collections.abc import Iterator

import pytest

from tests.conftest import _new_database
from tests.e2e.world import World
from tests.faults.books import Books, books
from tests.faults.firm import firm, vendors
from tests.faults.workload import opportunity_to_cash


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with vendors(tmp_path_factory.mktemp("firm")) as opened:
        yield opened


@pytest.fixture(scope="session")
def undisturbed(here: World, _migrated_template: str) -> tuple[Books, dict[str, int]]:
    """What the vendors hold after a run nobody disturbed, and how often it came to each place."""
    with _new_database(_migrated_template) as database, firm(here, database) as run:
        opportunity_to_cash(run)
        return books(here), run.worker.ask("crossed")
