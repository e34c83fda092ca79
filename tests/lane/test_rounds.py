"""Rounds: batches go out side by side and are settled together, and none of them keeps the others."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from threading import Barrier, BrokenBarrierError

import pytest

from tests.lane.world import World, entry
from tieline.lane import settle as settling
from tieline.lane.sending import FIRST_LOOK
from tieline.sdk.lines import ErpLine, Settled
from tieline.sdk.operation import Accepted, WriteSafety
from tieline.store.database import Connection


def four_batches(world: World, at_once: int) -> None:
    world.sink.batch_size, world.sink.at_once = 2, at_once
    world.pull(*(entry(number) for number in range(8)))


def _meet(together: Barrier) -> None:
    together.wait()


def test_batches_go_out_side_by_side(world: World) -> None:
    four_batches(world, 4)
    together = Barrier(4, timeout=20)
    world.sink.in_call = partial(_meet, together)
    assert world.post() == 8


def test_no_more_batches_go_out_at_once_than_the_sink_says(world: World) -> None:
    four_batches(world, 2)
    together = Barrier(3, timeout=0.5)
    world.sink.in_call = partial(_meet, together)
    with pytest.raises(BrokenBarrierError):
        world.post()


def test_the_last_batches_of_a_round_go_out_side_by_side_too(world: World) -> None:
    world.sink.batch_size, world.sink.at_once = 1, 4
    world.pull(*(entry(number) for number in range(13)))
    assert len(world.worker.claim(world.sink)) == 12


def test_a_batch_another_worker_took_keeps_no_other_of_its_round(world: World) -> None:
    four_batches(world, 1)

    def overtaken() -> None:
        world.sink.in_call = None
        world.rows(
            "update posting_batch set epoch = epoch + 1 where id = (select min(id) from posting_batch) returning id"
        )

    world.sink.in_call = overtaken
    assert world.post() == 6
    assert world.post(world.new_worker()) == 2
    assert len(world.sink.ledger) == 8


def test_what_was_not_sent_when_the_vendor_broke_off_is_as_it_was(world: World) -> None:
    four_batches(world, 1)
    world.sink.script = ["ok", "busy"]
    assert world.post() == 2
    assert len(world.sink.keys) == 2
    rows = world.rows("select state, failures, due_at <= now() as due from posting_batch order by id")
    assert [(row["state"], row["failures"], row["due"]) for row in rows] == [
        ("done", 0, True),
        ("ready", 1, False),
        ("ready", 0, True),
        ("ready", 0, True),
    ]


def test_a_mistake_of_ours_in_one_batch_posts_the_others_first(world: World) -> None:
    four_batches(world, 1)
    world.sink.script = ["ok", "bug"]
    with pytest.raises(ZeroDivisionError):
        world.post()
    assert len(world.rows("select * from erp_line")) == 2
    assert world.post() == 4
    world.due_now()
    assert world.post() == 2


def test_a_batch_that_cannot_be_written_keeps_no_other_of_its_round(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    four_batches(world, 1)
    fence = settling._fence

    def stumbles(db: Connection, ends: list[settling.End]) -> list[settling.End]:
        if any("1" in end.verdict.ids.values() for end in ends):
            raise ZeroDivisionError
        return fence(db, ends)

    with monkeypatch.context() as patch:
        patch.setattr(settling, "_fence", stumbles)
        with pytest.raises(ZeroDivisionError):
            world.post()
    assert len(world.rows("select * from erp_line")) == 6
    states = [row["state"] for row in world.rows("select state from posting_batch order by id")]
    assert states == ["in_doubt", "done", "done", "done"]
    world.due_now()
    assert world.post() == 2
    assert len(world.sink.ledger) == 8


def test_accepted_batches_are_looked_up_by_one_query(world: World) -> None:
    four_batches(world, 1)
    world.sink.script = ["accept"] * 4
    assert world.post() == 8
    assert [sorted(asked) for asked in world.sink.looked_up] == [[f"psa:time:{number}:0" for number in range(8)]]


def test_an_accepted_batch_is_asked_for_later_each_time(world: World) -> None:
    world.pull(entry(1))
    sink, long = world.sink, FIRST_LOOK * 1000
    sink.post = lambda lines, key: Accepted("job", long)  # type: ignore[method-assign]
    sink.poll = lambda handle, lines: Accepted("job", long)  # type: ignore[method-assign]
    world.post()
    waits = []
    for _ in range(3):
        [row] = world.rows("select extract(epoch from due_at - clock_timestamp())::float8 as wait from posting_batch")
        waits.append(row["wait"])
        world.due_now()
        world.post()
    assert waits[0] < waits[1] < waits[2] < long.total_seconds()


def test_only_what_may_be_sent_twice_is_claimed_in_great_number(world: World) -> None:
    world.sink.safety = WriteSafety.NEVER_RETRY
    four_batches(world, 1)
    world.sink.script = ["die_before"]
    with pytest.raises(KeyboardInterrupt):
        world.post()
    rows = world.rows("select state from posting_batch order by id")
    assert [row["state"] for row in rows] == ["sending", "ready", "ready", "ready"]


def test_the_lines_of_an_accepted_batch_are_read_again_by_another_worker(world: World) -> None:
    world.pull(entry(1), entry(2))
    asked: list[list[str]] = []

    def poll(handle: str, lines: Sequence[ErpLine]) -> Settled:
        asked.append([line.reference for line in lines])
        if len(asked) == 1:
            raise KeyboardInterrupt
        return Settled(dict.fromkeys(asked[-1], "7"), {})

    world.sink.post = lambda lines, key: Accepted(key, timedelta(0))  # type: ignore[method-assign]
    world.sink.poll = poll  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.post()
    assert world.post(world.new_worker()) == 2
    assert asked == [["psa:time:1:0", "psa:time:2:0"]] * 2


def test_a_worker_that_stops_settles_what_it_sent_and_begins_nothing_new(world: World) -> None:
    four_batches(world, 1)
    world.sink.in_call = world.worker.stop
    assert world.post() == 2
    states = [row["state"] for row in world.rows("select state from posting_batch order by id")]
    assert states == ["done", "ready", "ready", "ready"]
    world.sink.in_call = None
    assert world.post(world.new_worker()) == 6
