"""Random corrections while batches are under way: in the end the ERPs hold the newest approved version of each line."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.effort import turns
from tests.faults.correction_trial import Trial
from tests.faults.seeds import told_how_to_repeat
from tests.lane.conftest import check_conservation
from tests.lane.world import World
from tieline.store.database import Database

STEPS = 150
EACH = 40
"""Steps of each actor, when they act at once."""


@pytest.fixture
def trial(request: pytest.FixtureRequest, database: str, seed: int) -> Iterator[Trial]:
    opened = Database(database)
    world = World(opened)
    trial = Trial(world, seed)
    try:
        yield trial
    finally:
        trial.close()
        world.worker.close()
        opened.close()


@pytest.mark.parametrize("seed", turns(4, 40))
def test_the_erps_hold_the_newest_version_whatever_the_order(request: pytest.FixtureRequest, trial: Trial) -> None:
    with told_how_to_repeat(request):
        trial.one_after_the_other(STEPS)
        come_out_right(trial)


@pytest.mark.parametrize("seed", turns(1, 10))
def test_the_erps_hold_the_newest_version_when_all_act_at_once(request: pytest.FixtureRequest, trial: Trial) -> None:
    with told_how_to_repeat(request), ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(actor) for actor in trial.actors(EACH)]:
            done.result()
        come_out_right(trial)


def come_out_right(trial: Trial) -> None:
    """When nobody disturbs any more."""
    trial.come_to_rest()
    assert trial.wrong() == []
    check_conservation(trial.world.database)
