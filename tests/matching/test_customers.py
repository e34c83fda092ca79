"""Customers compared and put together: a hierarchy is no duplicate, and people's choices make the golden record."""

from tests.console.twins import BRIGHT, OTHER, TWIN
from tieline.matching.customers import circle, golden_record, likely_twins
from tieline.matching.score import Bands, Rarity
from tieline.model.customer import Customer

PLAIN = Rarity(3, {})


def test_a_likely_twin_is_found_among_others() -> None:
    found = likely_twins(TWIN, [OTHER, BRIGHT, TWIN], PLAIN, Bands())
    assert [match.other for match in found] == [BRIGHT.id]


def test_a_parent_and_its_child_are_two_however_alike() -> None:
    child = TWIN.model_copy(update={"parent_id": BRIGHT.id})
    assert likely_twins(child, [BRIGHT], PLAIN, Bands()) == []
    assert likely_twins(BRIGHT, [child], PLAIN, Bands()) == []


def test_the_golden_record_takes_the_chosen_fields_and_no_others() -> None:
    golden = golden_record(BRIGHT, {TWIN.id: TWIN}, {"website": TWIN.id, "name": TWIN.id, "id": TWIN.id})
    assert golden == BRIGHT.model_copy(update={"website": TWIN.website, "name": TWIN.name})


def test_a_choice_of_a_customer_nobody_knows_changes_nothing() -> None:
    assert golden_record(BRIGHT, {}, {"website": TWIN.id}) == BRIGHT


def below(name: str, parent: str | None) -> Customer:
    return Customer(id=name, name=name.title(), parent_id=parent)


def test_a_hierarchy_that_goes_round_is_told_with_its_way() -> None:
    above = {one.id: one for one in (below("b", "c"), below("c", "a"))}
    assert [one.id for one in circle(below("a", "b"), above)] == ["a", "b", "c"]
    assert [one.id for one in circle(below("a", "a"), {})] == ["a"]


def test_a_hierarchy_with_an_end_or_a_circle_of_others_is_none_of_ours() -> None:
    above = {one.id: one for one in (below("b", "c"), below("c", None))}
    assert circle(below("a", "b"), above) == []
    assert circle(below("a", None), above) == []
    assert circle(below("a", "b"), {one.id: one for one in (below("b", "c"), below("c", "b"))}) == []


def test_what_the_one_that_stands_for_all_lacks_is_taken_from_the_others() -> None:
    golden = golden_record(TWIN, {BRIGHT.id: BRIGHT, TWIN.id: TWIN}, {})
    assert golden == TWIN.model_copy(update={"billing_address": BRIGHT.billing_address})
