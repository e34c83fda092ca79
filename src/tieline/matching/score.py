"""How likely two parties are one: evidence field by field, each piece with its points and its words.

The points are logarithms (base 2) of how much more often such an agreement is seen between two records of one
organisation than between two others (Fellegi and Sunter, 1969); together with the odds before looking they give a
probability. They were set on one half of a labelled set of real records and proved on the other (`make bench`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log2
from typing import Final, Literal

from rapidfuzz import fuzz

from tieline.matching.blocking import address_key, domain_key, name_key, phone_key
from tieline.matching.names import alike
from tieline.matching.party import Features

Field = Literal["tax_id", "domain", "email", "phone", "name", "address", "postal_code", "country", "decided"]
Verdict = Literal["same", "maybe", "different"]

BEFORE: Final = -7.0
"""Candidates share a key, and still most pairs of them are two."""
USUAL: Final = 8
"""So many records may share a value without it telling less: the copies of one organisation."""
NAME_STEPS: Final = ((0.99, 8.0), (0.93, 7.0), (0.85, 5.0), (0.7, 3.0), (0.5, 2.0), (0.3, 0.0), (0.0, -4.0))
SAME_STREET: Final = 85.0
NEAR_STREET: Final = 60.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one field says; above zero for one organisation, below for two."""

    field: Field
    points: float
    words: str


@dataclass(frozen=True, slots=True)
class Score:
    """The probability that two parties are one, and why."""

    probability: float
    reasons: tuple[Evidence, ...]

    @property
    def words(self) -> str:
        """The reasons in one line, the heaviest first."""
        return ", ".join(reason.words for reason in sorted(self.reasons, key=lambda one: -abs(one.points)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """What the firm lets us decide: at and above `auto` one, at and above `maybe` a person decides, below two."""

    auto: float = 0.995
    maybe: float = 0.5

    def verdict(self, score: Score) -> Verdict:
        """The band of a score."""
        return "same" if score.probability >= self.auto else "maybe" if score.probability >= self.maybe else "different"


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many records of the register share each key (`blocking.keys_of`); what is rare tells more."""

    total: int
    counts: Mapping[str, int]

    def weight(self, word: str) -> float:
        """How telling a word of a name is."""
        return log2(2 + self.total / max(1, self.counts.get(name_key(word), 1)))

    def discount(self, key: str) -> float:
        """Points to take from an agreement on a value that many share: a switchboard, an office tower."""
        return max(0.0, log2(max(1, self.counts.get(key, 1)) / USUAL))


def compare(one: Features, other: Features, rarity: Rarity) -> Score:
    """The score of two parties; `compare(a, b)` equals `compare(b, a)`."""
    reasons = tuple(
        evidence
        for evidence in (
            *_tax_id(one, other),
            *_contacts(one, other, rarity),
            *_address(one, other, rarity),
            *_name(one, other, rarity),
        )
        if evidence.points or evidence.field == "name"
    )
    return Score(probability(BEFORE + sum(reason.points for reason in reasons)), reasons)


def probability(points: float) -> float:
    """From log odds, base 2."""
    return 1 / (1 + 2 ** -max(-40.0, min(40.0, points)))


def _tax_id(one: Features, other: Features) -> Iterator[Evidence]:
    abroad = bool(one.country and other.country and one.country != other.country)
    if abroad:
        yield Evidence("country", -6.0, f"other country ({one.country}, {other.country})")
    if one.tax_id and other.tax_id and not abroad:
        same = one.tax_id == other.tax_id
        yield Evidence("tax_id", 16.0 if same else -8.0, "same tax id" if same else "other tax id")


def _contacts(one: Features, other: Features, rarity: Rarity) -> Iterator[Evidence]:
    if one.domain and other.domain:
        same = one.domain == other.domain
        points = 7.0 - rarity.discount(domain_key(one)) if same else -2.0
        yield Evidence("domain", points, f"same domain {one.domain}" if same else "other domain")
    if one.email and one.email == other.email:
        yield Evidence("email", 1.0 if one.domain else 6.0, "same e-mail")
    if one.phone and other.phone:
        same = _same_phone(one.phone, other.phone)
        points = 6.0 - rarity.discount(phone_key(one)) if same else -1.0
        yield Evidence("phone", points, "same phone" if same else "other phone")


def _same_phone(one: str, other: str) -> bool:
    """A number without its country or area is the end of the whole one."""
    return one == other or (min(len(one), len(other)) >= 7 and (one.endswith(other) or other.endswith(one)))


def _address(one: Features, other: Features, rarity: Rarity) -> Iterator[Evidence]:
    apart = bool(one.postal_code and other.postal_code and one.postal_code != other.postal_code)
    if one.postal_code and other.postal_code:
        yield Evidence("postal_code", -2.0 if apart else 1.0, "other postal code" if apart else "same postal code")
    elif one.city and other.city and one.city != other.city:
        yield Evidence("postal_code", -2.0, "other city")
    if not one.street_words or not other.street_words:
        return
    street = fuzz.token_set_ratio(one.street_words, other.street_words)
    there = {one.street.direction, other.street.direction} - {""}
    if one.street.number and one.street.number == other.street.number and len(there) < 2 and street >= NEAR_STREET:
        discount = rarity.discount(address_key(one))
        exact = street >= SAME_STREET
        yield Evidence("address", (8.0 if exact else 4.0) - discount, "same address" if exact else "address much alike")
    elif street >= SAME_STREET and len(there) < 2:
        yield Evidence("address", -1.0, "same street, other number")
    else:
        yield Evidence("address", -4.0, "other address")


def _name(one: Features, other: Features, rarity: Rarity) -> Iterator[Evidence]:
    share = alike(one.words, other.words, rarity.weight)
    points = next(points for least, points in NAME_STEPS if share >= least)
    same = share >= 0.995
    yield Evidence("name", points, "same name" if same else f"name {int(share * 100)} % alike")
    yield from _marks(one.marks, other.marks)
    if one.forms and other.forms and one.forms.isdisjoint(other.forms):
        forms = f"{', '.join(sorted(one.forms))} and {', '.join(sorted(other.forms))}"
        yield Evidence("name", -3.0, f"other legal form ({forms})")


def _marks(one: frozenset[str], other: frozenset[str]) -> Iterator[Evidence]:
    if one and other and one.isdisjoint(other):
        yield Evidence("name", -6.0, f"'{min(one)}' and '{min(other)}' in the name")
    elif bool(one) != bool(other):
        yield Evidence("name", -1.0, f"'{min(one | other)}' in one name only")
