"""PostgreSQL commits, and its answer never reaches us: we look at what is there, and never take it for a rollback."""

import pytest

from tests.e2e.world import World
from tests.effort import turns
from tests.faults.books import Books, books, difference
from tests.faults.firm import firm, left_open
from tests.faults.proxy import losing_commits
from tests.faults.workload import opportunity_to_cash

SHARE = 0.03
"""Of all commits; a run makes some hundreds."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", turns(1, 10))
def test_with_lost_answers_to_commits_it_ends_as_if_all_had_arrived(
    here: World, undisturbed: tuple[Books, dict[str, int]], database: str, seed: int
) -> None:
    with losing_commits(database, seed, SHARE) as proxy, firm(here, proxy.conninfo) as run:
        opportunity_to_cash(run)
        assert proxy.lost >= 3
        assert left_open(run) == []
        assert difference(undisturbed[0], books(here)) == []
