"""Unclear ends of a call: nothing is posted twice, nothing is lost, whatever the vendor's key knows."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from tests.lane.world import ERP, World, email, entry
from tieline.lane.reference import remember_people
from tieline.lane.release import release_all_mendable, release_exception
from tieline.lane.worker import Worker
from tieline.sdk.errors import Unauthorized
from tieline.sdk.operation import WriteSafety


@pytest.mark.parametrize("safety", [WriteSafety.UPSERT, WriteSafety.NATIVE_KEY, WriteSafety.LOOKUP])
@pytest.mark.parametrize("end", ["drop_before", "drop_after", "busy", "late", "accept", "reorder"])
def test_every_end_of_a_call_comes_to_each_line_once(world: World, safety: WriteSafety, end: str) -> None:
    world.sink.safety = safety
    world.pull(*(entry(number) for number in range(5)))
    world.sink.script = [end]
    world.post()
    for _ in range(3):
        world.due_now()
        world.post()
    assert sorted(world.sink.references()) == [f"psa:time:{number}:0" for number in range(5)]
    assert {state for _, _, state in world.states()} == {"posted"}


def test_a_line_the_answer_leaves_out_is_looked_up(world: World) -> None:
    world.pull(entry(1), entry(2))
    world.sink.script = ["leave_out:psa:time:1:0"]
    assert world.post() == 2
    assert len(world.sink.ledger) == 2
    assert len(world.sink.keys) == 1


def test_a_line_the_vendor_forgot_goes_out_again_under_a_new_key(world: World) -> None:
    world.pull(entry(1), entry(2))
    world.sink.script = ["forget:psa:time:1:0"]
    assert world.post() == 2
    assert len(world.sink.ledger) == 2
    assert len(set(world.sink.keys)) == 2


def test_the_same_key_goes_out_again_while_the_content_is_the_same(world: World) -> None:
    world.sink.safety = WriteSafety.NATIVE_KEY
    world.pull(entry(1), entry(2))
    world.sink.script = ["drop_before"]
    world.post()
    world.due_now()
    world.post()
    assert len(world.sink.keys) == 2
    assert len(set(world.sink.keys)) == 1


def test_nothing_is_sent_again_before_the_quarantine_is_over(world: World) -> None:
    world.sink.safety, world.sink.quarantine = WriteSafety.LOOKUP, timedelta(hours=1)
    world.pull(entry(1))
    world.sink.script = ["drop_before"]
    world.post()
    world.rows("update posting_batch set due_at = '-infinity' returning id")
    world.post()
    assert len(world.sink.keys) == 1
    world.due_now()
    assert world.post() == 1
    assert len(world.sink.keys) == 2


def test_what_must_never_be_repeated_is_decided_by_a_person(world: World) -> None:
    world.sink.safety = WriteSafety.NEVER_RETRY
    world.pull(entry(1), entry(2))
    world.sink.script = ["drop_before"]
    world.post()
    world.due_now()
    assert world.post() == 0
    assert [(one["kind"], one["owner"], one["lines"]) for one in world.open_exceptions()] == [
        ("in_doubt", "finance", 1),
        ("in_doubt", "finance", 1),
    ]
    assert len(world.sink.keys) == 1


@pytest.mark.parametrize("safety", [WriteSafety.UPSERT, WriteSafety.LOOKUP])
@pytest.mark.parametrize(("end", "calls"), [("die", 1), ("die_before", 2)])
def test_another_worker_takes_over_from_a_dead_one_and_doubles_nothing(
    world: World, end: str, calls: int, safety: WriteSafety
) -> None:
    world.sink.safety = safety
    world.pull(*(entry(number) for number in range(5)))
    world.sink.script = [end]
    with pytest.raises(KeyboardInterrupt):
        world.post()
    assert world.post(world.new_worker()) == 5
    assert len(world.sink.keys) == calls
    assert len(set(world.sink.references())) == len(world.sink.ledger) == 5


def test_nobody_takes_over_while_the_session_of_the_first_lives(world: World) -> None:
    world.pull(entry(1))
    world.sink.script = ["die_before"]
    with pytest.raises(KeyboardInterrupt):
        world.post()
    other = Worker(world.database, lease=timedelta(0))
    assert world.post(other) == 0
    world.worker.close()
    deadline = time.monotonic() + 30
    while world.post(other) == 0:  # the server ends the session, and with it the lock, in its own time
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert len(world.sink.ledger) == 1
    other.close()


def test_a_worker_that_was_overtaken_writes_nothing(world: World) -> None:
    world.pull(entry(1))

    def overtaken() -> None:
        world.sink.in_call = None
        world.rows("update posting_batch set epoch = epoch + 1 returning id")

    world.sink.in_call = overtaken
    assert world.post() == 0
    assert world.rows("select * from erp_line") == []
    assert world.post(world.new_worker()) == 1
    assert len(world.sink.ledger) == 1


def test_a_job_of_a_dead_worker_is_asked_for_and_not_sent_again(world: World) -> None:
    world.sink.safety = WriteSafety.LOOKUP
    world.pull(entry(1))
    world.sink.script = ["accept"]
    asked: list[Sequence[str]] = []
    find_many = world.sink.find_many

    def dies_once(references: Sequence[str]) -> Mapping[str, str]:
        asked.append(references)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return find_many(references)

    world.sink.find_many = dies_once  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.post()
    assert world.post(world.new_worker()) == 1
    assert len(world.sink.keys) == 1


def test_our_own_mistake_frees_the_batch_and_is_heard_of(world: World) -> None:
    world.pull(entry(1))
    world.sink.script = ["bug"]
    with pytest.raises(ZeroDivisionError):
        world.post()
    world.due_now()
    assert world.post() == 1


def test_refused_credentials_stop_posting_and_keep_the_batch(world: World) -> None:
    world.pull(entry(1))
    world.sink.script = ["unauthorized"]
    with pytest.raises(Unauthorized):
        world.post()
    assert world.states() == [("1", 0, "waiting")]
    world.due_now()
    assert world.post() == 1


def test_an_erp_that_is_busy_is_left_alone_until_the_next_call(world: World) -> None:
    world.sink.batch_size = 1
    world.pull(*(entry(number) for number in range(4)))
    world.sink.script = ["busy"]
    assert world.post() == 0
    assert len(world.sink.keys) == 1


def test_a_worker_goes_on_after_the_database_cut_its_session(world: World) -> None:
    world.pull(entry(1))
    session = world.worker.session()
    world.rows("select pg_terminate_backend(%s)", session.info.backend_pid)
    with pytest.raises(Exception, match=r"terminat|closed"):
        world.post()
    assert world.post() == 1


@pytest.mark.parametrize("safety", [WriteSafety.UPSERT, WriteSafety.NATIVE_KEY, WriteSafety.LOOKUP])
def test_a_line_that_was_refused_and_released_belongs_to_one_batch(world: World, safety: WriteSafety) -> None:
    world.sink.safety = safety
    world.pull(entry(1), entry(2, person_ref="u-marco"))
    world.rows("delete from cross_reference where external_id = 'e-marco' returning subject")

    def linked() -> None:
        world.sink.in_call = None
        with world.database.transaction() as db:
            remember_people(db, ERP, {email("marco"): "e-marco"})
        assert release_all_mendable(world.database, world.pricing) + release_refused(world) == 1

    world.sink.in_call, world.sink.script = linked, ["drop_before"]
    world.post()
    world.due_now()
    world.post()
    assert sorted(world.sink.references()) == ["psa:time:1:0", "psa:time:2:0"]


def release_refused(world: World) -> int:
    """A person tries all that waits once more."""
    found = [one["id"] for one in world.open_exceptions()]
    return sum(release_exception(world.database, world.pricing, one, by="dana").released for one in found)


@pytest.mark.parametrize("safety", [WriteSafety.UPSERT, WriteSafety.NATIVE_KEY, WriteSafety.LOOKUP])
def test_what_a_dead_worker_sent_may_land_after_its_correction(world: World, safety: WriteSafety) -> None:
    world.sink.safety, world.sink.quarantine = safety, timedelta(hours=1)
    world.pull(entry(1, 60))
    world.sink.script = ["die_late"]
    with pytest.raises(KeyboardInterrupt):
        world.post()
    world.pull(entry(1, 90, version=2))
    world.post(world.new_worker())
    world.sink.land()
    world.rows("update posting_batch set lease_until = '-infinity' where state = 'sending' returning id")
    world.due_now()
    world.post()
    world.due_now()
    world.post()
    assert world.sink.minutes() == 90
    assert {state for _, _, state in world.states()} == {"posted"}


@pytest.mark.parametrize("refusal", ["refuse:psa:time:1:0", "reject"])
@pytest.mark.parametrize("safety", [WriteSafety.UPSERT, WriteSafety.NATIVE_KEY])
def test_a_refusal_counts_when_no_earlier_sending_can_land_any_more(
    world: World, safety: WriteSafety, refusal: str
) -> None:
    world.sink.safety, world.sink.quarantine = safety, timedelta(hours=1)
    world.pull(entry(1, 60))
    world.sink.script = ["lands_later", refusal]
    world.post()
    world.rows("update posting_batch set due_at = '-infinity' returning id")
    world.post()
    assert world.states() == [("1", 0, "in_flight")]
    world.pull(entry(1, 90, version=2))
    world.sink.land()
    world.due_now()
    world.post()
    world.due_now()
    world.post()
    assert world.sink.minutes() == 90
    assert world.open_exceptions() == []


def test_what_is_left_of_a_batch_goes_out_under_a_key_of_its_own(world: World) -> None:
    world.sink.safety, world.sink.quarantine = WriteSafety.NATIVE_KEY, timedelta(hours=1)
    world.pull(entry(1), entry(2))
    world.sink.script = ["lands_later"]
    world.post()
    world.sink.late.pop()
    world.sink.land()
    world.rows("update posting_batch set due_at = '-infinity' returning id")
    assert world.post() == 1
    world.due_now()
    assert world.post() == 1
    assert len(world.sink.ledger) == 2
    assert len(set(world.sink.keys)) == 2


@pytest.mark.parametrize("safety", [WriteSafety.NATIVE_KEY, WriteSafety.LOOKUP])
def test_what_was_sent_before_an_older_database_was_restored_is_found_and_the_rest_sent(
    world: World, safety: WriteSafety
) -> None:
    world.sink.safety = safety
    world.pull(entry(1), entry(2))
    world.sink.script = ["forget:psa:time:2:0", "die_before"]
    with pytest.raises(KeyboardInterrupt):
        world.post()
    world.rows(  # as the database was before the first call
        "update posting_batch set state = 'ready', attempts = 0, epoch = 0, generation = 0, worker = null,"
        " lease_until = null, quarantine_until = null, failures = 0, due_at = '-infinity',"
        " created_at = created_at + interval '1 second' returning id"
    )
    world.rows("with gone as (delete from erp_line returning 1) select * from gone")
    world.new_worker()
    world.sink.script = []
    world.post()
    assert sorted(world.sink.references()) == ["psa:time:1:0", "psa:time:2:0"]
    assert {state for _, _, state in world.states()} == {"posted"}


def test_a_worker_that_lost_its_session_is_another_one_and_takes_over_what_it_lost(world: World) -> None:
    world.pull(entry(1))
    world.sink.script = ["die_before"]
    with pytest.raises(KeyboardInterrupt):
        world.post()
    world.rows("select pg_terminate_backend(%s)", world.worker.session().info.backend_pid)
    with pytest.raises(Exception, match=r"terminat|closed"):
        world.post()
    other = Worker(world.database, lease=timedelta(0))
    world.worker.session()
    assert world.post(other) == 1
    other.close()
