"""A pull that dies or is slow in the middle of its commit loses nothing, neither lines nor reversals."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from psycopg.errors import DeadlockDetected

from tests.lane.world import World, entry
from tieline.sdk.crashpoint import arm

Arm = Callable[[Callable[[str], None]], None]


@pytest.fixture
def armed() -> Iterator[Arm]:
    yield arm
    arm(None)


def test_a_page_that_was_not_stored_is_read_again(world: World, armed: Arm) -> None:
    def dies(point: str) -> None:
        if point == "page.storing":
            raise KeyboardInterrupt

    armed(dies)
    with pytest.raises(KeyboardInterrupt):
        world.pull(entry(1))
    arm(None)
    assert world.pull() == 1
    assert world.post() == 1


def test_a_page_whose_transaction_lost_a_deadlock_is_stored_at_once(world: World, armed: Arm) -> None:
    lost: list[str] = []

    def loses(point: str) -> None:
        if point == "page.storing" and not lost:
            lost.append(point)
            raise DeadlockDetected

    armed(loses)
    assert world.pull(entry(1)) == 1
    assert lost == ["page.storing"]
    assert world.post() == 1


def test_a_correction_that_commits_while_its_batch_is_settled_is_reversed(world: World, armed: Arm) -> None:
    """The settling waits for the pull's lock; what the pull has held for it is younger than the wait."""
    world.pull(entry(1, 60))
    stored = threading.Event()

    def storing(point: str) -> None:
        if point != "page.storing":
            return
        stored.set()
        deadline = time.monotonic() + 30
        while not world.rows("select from pg_locks where not granted"):
            assert time.monotonic() < deadline, "nobody waits for the pull"
            time.sleep(0.01)

    pull = threading.Thread(target=world.pull, args=(entry(1, 90, version=2),))

    def corrected() -> None:
        world.sink.in_call = None
        armed(storing)
        pull.start()
        assert stored.wait(30)

    world.sink.in_call = corrected
    world.post()
    pull.join()
    arm(None)
    world.due_now()
    world.post()
    assert world.sink.minutes() == 90
    assert {state for _, _, state in world.states()} == {"posted"}
