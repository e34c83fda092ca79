"""Groups of records that are one: found without comparing all with all, and never by a chain of likenesses."""

from hypothesis import given
from hypothesis import strategies as st

from tests.matching.parties import party
from tieline.matching.blocking import LARGEST_BLOCK, candidate_pairs, count_keys, keys_of
from tieline.matching.clusters import group
from tieline.matching.matches import find_matches
from tieline.matching.party import features_of
from tieline.matching.score import Bands

HERE = {"street": "120 N Lake Street", "postal_code": "60606", "country": "US"}


def test_a_chain_of_likenesses_makes_no_group() -> None:
    likely = {(0, 1): 0.9, (1, 2): 0.8, (0, 2): 0.05}
    pairs = [(share, one, other) for (one, other), share in likely.items()]
    assert group(3, pairs, lambda one, other: likely[min(one, other), max(one, other)], 0.5) == [[0, 1], [2]]


def test_what_a_person_told_apart_stays_apart_even_through_a_third() -> None:
    likely = {(0, 1): 0.99, (1, 2): 0.99, (0, 2): 0.0}
    pairs = [(share, one, other) for (one, other), share in likely.items()]
    assert group(3, pairs, lambda one, other: likely[min(one, other), max(one, other)], 0.1) == [[0, 1], [2]]


@given(st.integers(2, 12), st.data())
def test_groups_hold_each_record_once_in_any_order_of_the_pairs(places: int, data: st.DataObject) -> None:
    pairs = [(one, other) for one in range(places) for other in range(one + 1, places)]
    likely = {pair: data.draw(st.sampled_from([0.0, 0.2, 0.6, 0.97])) for pair in pairs}

    def between(one: int, other: int) -> float:
        return likely[min(one, other), max(one, other)]

    known = [(likely[pair], *pair) for pair in data.draw(st.permutations(pairs)) if likely[pair] >= 0.5]
    found = group(places, known, between, 0.5)
    assert sorted(place for block in found for place in block) == list(range(places))
    assert found == group(places, sorted(known), between, 0.5)
    for block in found:
        assert all(between(one, other) > 0 for one in block for other in block if one != other)


def test_what_was_told_apart_is_neither_linked_nor_asked_again() -> None:
    twins = [party("a", website="brightwater.example", **HERE), party("b", website="brightwater.example", **HERE)]
    assert find_matches(twins, Bands()).groups == (("a", "b"),)
    found = find_matches(twins, Bands(), {("b", "a")})
    assert (found.same, found.maybe, found.groups) == ((), (), ())


def test_a_value_everybody_shares_finds_nobody() -> None:
    names = [f"{letter}{other}xq Trading" for letter in "bcdfghjklm" for other in "bcdfghjklm"]
    crowd = [features_of(party(name, name, phone="312 555 0199")) for name in names]
    keys = [keys_of(each) for each in crowd]
    assert len(crowd) > LARGEST_BLOCK
    assert list(candidate_pairs(keys, count_keys(keys))) == []


def test_a_misspelled_name_is_still_a_candidate() -> None:
    keys = [keys_of(features_of(party(name, name))) for name in ("Deloitte", "Deloite", "Helios")]
    assert list(candidate_pairs(keys, count_keys(keys))) == [(0, 1)]
