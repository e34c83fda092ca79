"""Two records are one, a question, or two: with the reasons a person would give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.parties import features
from tieline.matching.party import Features
from tieline.matching.score import Bands, Rarity, Score, compare

PLAIN = Rarity(100, {})
HERE = {"country": "US", "street": "120 N Lake Street", "postal_code": "60606"}


def score(one: Features, other: Features, rarity: Rarity = PLAIN) -> Score:
    """Compared both ways: the order says nothing."""
    found = compare(one, other, rarity)
    assert compare(other, one, rarity).probability == pytest.approx(found.probability)
    return found


def verdict(one: Features, other: Features) -> str:
    return Bands().verdict(score(one, other))


def test_the_same_tax_id_makes_one_of_a_renamed_customer() -> None:
    found = score(
        features("Brightwater Logistics GmbH", tax_id="DE123456789"), features("Helios Freight AG", tax_id="123456789")
    )
    assert Bands().verdict(found) != "different"
    assert found.words.startswith("same tax id")


def test_the_same_domain_and_name_are_linked_without_a_person() -> None:
    one = features("Brightwater Logistics GmbH", website="brightwater.example")
    assert verdict(one, features("Brightwater Logistics", email="ap@brightwater.example")) == "same"


def test_the_same_name_alone_is_a_question() -> None:
    assert verdict(features("Brightwater Logistics"), features("Brightwater Logistics")) == "maybe"


def test_reasons_are_told_in_words_the_heaviest_first() -> None:
    found = score(
        features("Brightwater Logistics", phone="312 555 0199", **HERE),
        features("Brightwater Logistic", phone="+1 312 555 0199", **HERE),
    )
    assert found.words == "same address, name 97 % alike, same phone, same postal code"


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"tax_id": "111222333"}, {"tax_id": "999888777"}, "other tax id"),
        ({"country": "DE"}, {"country": "FR"}, "other country (DE, FR)"),
        ({"name": "Solar Fund 2 LP"}, {"name": "Solar Fund 3 LP"}, "'2' and '3' in the name"),
        ({"name": "Doolittle West"}, {"name": "Doolittle East"}, "'west' and 'east' in the name"),
    ],
)
def test_what_tells_sisters_apart_keeps_them_apart(one: dict[str, str], other: dict[str, str], reason: str) -> None:
    left = features(**({"name": "Brightwater Logistics", "phone": "312 555 0199"} | one))
    right = features(**({"name": "Brightwater Logistics", "phone": "312 555 0199"} | other))
    assert reason in compare(left, right, PLAIN).words
    assert verdict(left, right) != "same"


def test_another_legal_form_is_not_linked_without_a_person() -> None:
    one = features("Brightwater GmbH", website="brightwater.example")
    assert verdict(one, features("Brightwater AG", website="brightwater.example")) == "maybe"


def test_a_phone_that_many_share_tells_little() -> None:
    one, other = features("Alpha Ltd", phone="312 555 0199"), features("Omega Ltd", phone="312 555 0199")
    crowded = Rarity(100, {"phone:5550199": 64})
    assert score(one, other, crowded).probability < score(one, other).probability


def test_a_rare_word_tells_more_than_one_that_everybody_has() -> None:
    rarity = Rarity(10_000, {"name:cnsltng": 5_000, "name:brghtwtr": 2})
    rare = score(features("Brightwater Consulting"), features("Brightwater Group"), rarity)
    common = score(features("Brightwater Consulting"), features("Helios Consulting"), rarity)
    assert rare.probability > common.probability


def test_a_bound_of_one_links_nothing_without_a_person() -> None:
    one = features("Brightwater", tax_id="123456789", website="brightwater.example", phone="312 555 0199", **HERE)
    assert Bands(auto=1.0).verdict(score(one, one)) == "maybe"


@given(st.text(max_size=30), st.text(max_size=30), st.text("0123456789", max_size=12))
def test_any_two_records_have_a_probability_the_same_both_ways(one: str, other: str, digits: str) -> None:
    found = score(features(one, phone=digits, street=other), features(other, phone=digits, street=one))
    assert 0 < found.probability < 1
