"""A worker that stops longer than its lease and goes on: nothing is there twice, nothing is lost, nothing goes back."""

import pytest

from tests.e2e.world import World
from tests.effort import turns
from tests.faults.books import Books, books, difference
from tests.faults.firm import firm, left_open
from tests.faults.seeds import crossing
from tests.faults.workload import opportunity_to_cash
from tests.faults.zombies import Zombies

FLOWS = ("job.taken", "effect.intending", "effect.intended", "write.answered", "effect.answered", "run.ending")
LANE = ("page.storing", "batch.claimed", "batch.answered", "batch.settling")
IDLE = "500ms"
"""How long PostgreSQL bears a transaction nobody goes on with, in these tests."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("turn", turns(1, 10))
@pytest.mark.parametrize(
    ("points", "cut"),
    [pytest.param(FLOWS, False, id="flows", marks=pytest.mark.torture), pytest.param(LANE, True, id="lane")],
)
def test_frozen_there_and_thawed_when_all_is_done_it_changes_nothing(
    here: World, undisturbed: tuple[Books, dict[str, int]], database: str, points: tuple[str, ...], cut: bool, turn: int
) -> None:
    faults = [f"{point}:{crossing(turn, undisturbed[1].get(point, 1))}:freeze" for point in points]
    print(faults)  # noqa: T201 - shown when the test fails
    with firm(here, impatient(database), *faults) as run:
        zombies = Zombies(run, cut)
        run.settle = zombies.settle  # type: ignore[method-assign]
        try:
            opportunity_to_cash(run)
            zombies.thaw()
            zombies.settle()
        finally:
            zombies.end()
        assert run.deaths >= (len(points) if turn == 0 else 1), f"nobody came to {run.orders.faults[0]}"
        assert left_open(run) == []
        assert difference(undisturbed[0], books(here)) == []


def impatient(conninfo: str) -> str:
    """The address of a database that soon ends transactions nobody goes on with."""
    return f"{conninfo}&options=-c%20idle_in_transaction_session_timeout%3D{IDLE}"
