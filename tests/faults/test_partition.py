"""A worker that reaches the vendors but no longer the database: others go on, and when it is back nothing is twice."""

import signal
from dataclasses import replace

import pytest

from tests.e2e.world import World
from tests.effort import turns
from tests.faults.books import Books, books, difference
from tests.faults.firm import firm, left_open
from tests.faults.partition import Network, network
from tests.faults.seeds import crossing
from tests.faults.workload import opportunity_to_cash
from tests.faults.zombies import Zombies, answered

POINTS = ("effect.intended", "batch.claimed", "write.answered", "run.begun")


class CutOff(Zombies):
    """The worker that comes to its point goes on there without the database; the others have a way of their own."""

    way: Network
    direct: str

    def settle(self) -> None:
        worker = self.run.worker
        worker.tell("settle")
        if answered(worker):
            assert worker.answer() == ""
            return
        self.way.cut()
        worker.signal(signal.SIGCONT)
        self.run.orders = replace(self.run.orders, conninfo=self.direct)
        self.bury(worker)
        super().settle()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("point", [POINTS[0], *(pytest.param(one, marks=pytest.mark.torture) for one in POINTS[1:])])
@pytest.mark.parametrize("turn", turns(1, 3))
def test_cut_off_there_and_back_when_all_is_done_it_changes_nothing(
    here: World, undisturbed: tuple[Books, dict[str, int]], database: str, point: str, turn: int
) -> None:
    with (
        network(database) as way,
        firm(here, way.conninfo, f"{point}:{crossing(turn, undisturbed[1].get(point, 1))}:freeze") as run,
    ):
        cut_off = CutOff(run)
        cut_off.way, cut_off.direct = way, database
        run.settle = cut_off.settle  # type: ignore[method-assign]
        try:
            opportunity_to_cash(run)
            way.heal()
            cut_off.thaw()
            cut_off.settle()
        finally:
            cut_off.end()
        assert run.deaths == 1, f"nobody came to {point}"
        assert left_open(run) == []
        assert difference(undisturbed[0], books(here)) == []
