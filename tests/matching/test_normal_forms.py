"""What is written differently and means the same has one form; what means something else has another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.parties import features, party
from tieline.matching.contacts import domain_of, normal_phone
from tieline.matching.names import alike
from tieline.matching.party import features_of
from tieline.matching.tax_ids import normal_tax_id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Brightwater Logistics GmbH", "BRIGHTWATER LOGISTICS"),
        ("Société Générale S.A.", "Societe Generale"),
        ("Müller & Söhne KG", "Muller and Sohne"),
        ("The Hull House Association, Inc.", "Hull House Association"),
        ("Nordwind Spółka sp. z o.o.", "Nordwind Spolka"),
        ("Kiwi Pty. Ltd.", "Kiwi"),
    ],
)
def test_the_same_name_written_otherwise_has_the_same_words(one: str, other: str) -> None:
    assert features(one).words == features(other).words


def test_a_name_that_is_only_a_legal_form_keeps_its_words() -> None:
    assert features("Co").words == ("co",)
    assert features("AG").words == ("ag",)


def test_legal_forms_of_one_kind_are_spelled_one_way() -> None:
    assert features("Acme Incorporated").forms == features("Acme Corp.").forms == {"Inc"}
    assert features("Acme AG").forms == {"ag"}
    assert features("AG Insurance").forms == frozenset()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1030 W. Van Buren St.", "1030 West Van Buren Street"),
        ("Hauptstraße 12", "Hauptstr. 12"),
        ("1420 W 17Th St, Suite 400", "1420 W. 17 Street"),
        ("12 rue de la Paix", "12, Rue de la Paix"),
    ],
)
def test_the_same_street_written_otherwise_is_the_same(one: str, other: str) -> None:
    assert features("x", street=one).street == features("x", street=other).street


def test_another_direction_is_another_street() -> None:
    assert features("x", street="10 N State St").street != features("x", street="10 S State St").street


@pytest.mark.parametrize(
    ("text", "country", "digits"),
    [
        ("+49 (0)30 1234567", "DE", "301234567"),
        ("030 / 123 45 67", "DE", "301234567"),
        ("0049 30 1234567", "DE", "301234567"),
        ("+1 (312) 555-0199 ext. 12", "US", "3125550199"),
        ("1-312-555-0199", "US", "3125550199"),
        ("+44 20 7946 0000", "", "2079460000"),
        ("n/a", "US", ""),
        ("110", "DE", ""),
    ],
)
def test_phones_are_compared_by_their_national_digits(text: str, country: str, digits: str) -> None:
    assert normal_phone(text, country) == digits


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Acme.com/about?x=1", "acme.com"),
        ("billing@acme.com", "acme.com"),
        ("acme.co.uk", "acme.co.uk"),
        ("someone@gmail.com", ""),
        ("not a domain", ""),
        (None, ""),
    ],
)
def test_a_domain_is_read_from_addresses_and_not_from_providers_of_everybody(text: str | None, domain: str) -> None:
    assert domain_of(text) == domain


def test_a_tax_id_is_the_same_with_and_without_its_country() -> None:
    assert normal_tax_id("DE 123.456.789") == normal_tax_id("123456789") == "123456789"
    assert normal_tax_id("CHE-116.281.710 MWST") == "116281710MWST"


@pytest.mark.parametrize("text", ["0000000", "n/a", "", None, "12"])
def test_a_tax_id_that_says_nothing_is_none(text: str | None) -> None:
    assert normal_tax_id(text) == ""


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_whatever_a_system_sends_has_a_form(name: str, street: str, other: str) -> None:
    found = features_of(
        party(name=name, street=street, tax_id=other, phone=other, email=other, website=other, postal_code=other)
    )
    again = features_of(party(name=" ".join(found.words), street=street))
    assert set(again.words) <= set(found.words)


@given(st.lists(st.text("abcdeflmnst", min_size=1, max_size=9), max_size=5), st.data())
def test_likeness_is_a_share_and_whole_for_the_same_words_in_any_order(words: list[str], data: st.DataObject) -> None:
    other = data.draw(st.permutations(words))

    def weight(word: str) -> float:
        return 1.0 + len(word)

    assert 0 <= alike(words, other, weight) <= 1
    if words:
        assert alike(words, other, weight) == pytest.approx(1.0)
