"""A line that must not be sent twice and may be there: a person says what is true, and it is so."""

import pytest

from tests.lane.world import World, entry
from tieline.exception_queue.actions import NotPossible, create_new, link
from tieline.lane.release import release_asked
from tieline.sdk.operation import WriteSafety


@pytest.fixture
def unclear(world: World) -> int:
    """The exception of one line whose sending got no answer."""
    world.sink.safety = WriteSafety.NEVER_RETRY
    world.pull(entry(1, 90))
    world.sink.script = ["drop_before"]
    world.post()
    world.due_now()
    world.post()
    (item,) = world.open_exceptions()
    return int(item["id"])


def test_it_is_there_with_the_id_a_person_has_found(world: World, unclear: int) -> None:
    assert link(world.database, unclear, "t-4711", "Priya Raman") == 1
    assert world.rows("select connection, erp_id from erp_line") == [{"connection": "erp", "erp_id": "t-4711"}]
    assert world.states() == [("1", 0, "posted")]
    assert world.open_exceptions() == []
    world.due_now()
    assert world.post() == 0
    (agenda,) = world.rows("select reasons from agenda where flow = 'billing'")
    assert "operator" in agenda["reasons"]


def test_the_id_of_another_line_is_refused(world: World, unclear: int) -> None:
    world.sink.safety = WriteSafety.UPSERT
    world.pull(entry(2))
    assert world.post() == 1
    (other,) = world.rows("select erp_id from erp_line")
    with pytest.raises(NotPossible, match="another line of ours already"):
        link(world.database, unclear, other["erp_id"], "Priya Raman")
    assert len(world.open_exceptions()) == 1


def test_it_is_not_there_and_goes_out_once_more(world: World, unclear: int) -> None:
    assert create_new(world.database, unclear, "Priya Raman") == 1
    release_asked(world.database, world.pricing)
    assert world.post() == 1
    assert [int(line.minutes) for _, line in world.sink.ledger] == [90]
    assert world.open_exceptions() == []
