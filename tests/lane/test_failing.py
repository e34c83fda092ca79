"""An ERP that does not take time for long: one exception for all that waits, which closes when it is taken."""

import pytest

from tests.lane.test_rounds import four_batches
from tests.lane.world import World, entry
from tieline.engine.retry_policy import MOST_TRIES
from tieline.exception_queue import actions
from tieline.lane.release import release_asked


def told(world: World) -> list[tuple[str, str, int]]:
    return [(row["kind"], row["field"], row["lines"]) for row in world.open_exceptions()]


def fail(world: World, end: str, times: int) -> None:
    for _ in range(times):
        world.sink.script = [end]
        world.post()
        world.rows("update posting_batch set due_at = '-infinity' where failures > 0 returning id")


@pytest.mark.parametrize("end", ["busy", "drop_before"])
def test_time_an_erp_refuses_for_now_is_told_when_its_tries_are_used_up_and_is_tried_on(world: World, end: str) -> None:
    world.pull(entry(1), entry(2), entry(3))
    fail(world, end, MOST_TRIES - 1)
    assert told(world) == []
    fail(world, end, 2)
    assert told(world) == [("policy", "tries", 3)]
    (row,) = world.rows("select sum(amount) as amount, count(distinct currency) as n from exception_line")
    (worth,) = world.rows("select sum(amount) as amount from project_transaction")
    assert (row["amount"], row["n"]) == (worth["amount"], 1)
    assert {status for _, _, status in world.states()} <= {"waiting", "in_flight"}, "they are not taken out"
    assert world.post() == 3
    assert told(world) == []
    assert len(world.sink.ledger) == 3


def test_a_person_who_retries_has_it_sent_at_once(world: World) -> None:
    world.pull(entry(1))
    fail(world, "busy", MOST_TRIES)
    world.rows("update posting_batch set due_at = now() + interval '1 hour' returning id")
    assert world.post() == 0
    (exception,) = world.open_exceptions()
    assert actions.retry(world.database, exception["id"], "dana") == 1
    assert release_asked(world.database, world.pricing) == 1
    assert world.post() == 1
    assert told(world) == []


def test_a_line_corrected_while_it_fails_leaves_the_exception_with_its_batch(world: World) -> None:
    world.pull(entry(1, 60), entry(2))
    fail(world, "busy", MOST_TRIES)
    assert told(world) == [("policy", "tries", 2)]
    world.pull(entry(1, 90, version=2))
    for _ in range(3):
        world.due_now()
        world.post()
    assert told(world) == []
    assert world.sink.minutes() == 90 + entry(2).quantity


def test_what_one_batch_meets_is_not_told_of_another(world: World) -> None:
    four_batches(world, 1)
    fail(world, "busy", MOST_TRIES)
    assert sum(lines for _, _, lines in told(world)) < 8
    world.due_now()
    while world.post():
        world.due_now()
    assert told(world) == []
    assert len(world.sink.ledger) == 8
