"""Deletes at the source: what the nightly comparison of ids finds is taken back."""

from decimal import Decimal

from tests.lane.world import World, entry
from tieline.lane.deleted import database_time, take_back_deleted


def test_a_posted_entry_that_was_deleted_at_its_source_is_reversed_and_an_unposted_one_is_void(world: World) -> None:
    world.pull(entry(1), entry(2))
    world.post()
    world.pull(entry(3))
    listed_at = database_time(world.database)
    assert take_back_deleted(world.database, world.source.feed, world.pricing, {"2"}, listed_at) == 2
    world.post()
    assert world.sink.minutes() == Decimal(60), "only entry 2 is left at the ERP"
    assert take_back_deleted(world.database, world.source.feed, world.pricing, {"2"}, listed_at) == 0


def test_an_entry_pulled_after_the_list_was_made_is_not_taken_for_deleted(world: World) -> None:
    listed_at = database_time(world.database)
    world.pull(entry(1))
    assert take_back_deleted(world.database, world.source.feed, world.pricing, set(), listed_at) == 0
    assert world.post() == 1
