"""Which pairs are worth comparing: those that share a key few others have. Never all with all."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, pairwise

from tieline.matching.party import Features

LARGEST_BLOCK = 60
"""A key that more records share finds nobody; another key of theirs has to."""
LARGEST_NAME_BLOCK = 12
"""The same for a single word of a name."""
NAME_WORDS = 2
"""So many of the rarest words of a name find candidates."""


def domain_key(features: Features) -> str:
    """The key of a web or mail domain; like all keys empty when there is none."""
    return features.domain and f"domain:{features.domain}"


def phone_key(features: Features) -> str:
    """The key of a phone: its end, which it has with and without its area."""
    return features.phone and f"phone:{features.phone[-7:]}"


def address_key(features: Features) -> str:
    """The key of a street with its number."""
    street = features.street
    return f"address:{street.number} {skeleton(street.name[0])}" if street.number and street.name else ""


@lru_cache(maxsize=262_144)
def name_key(word: str) -> str:
    """The key of one word of a name; the same for most misspellings of it."""
    return f"name:{skeleton(word)}"


def keys_of(features: Features) -> tuple[str, ...]:
    """All keys of a party: what finds it, and what tells how rare its words are."""
    keys = (
        features.tax_id and f"tax:{features.tax_id}",
        domain_key(features),
        features.email and f"email:{features.email}",
        phone_key(features),
        address_key(features),
        f"whole:{' '.join(sorted(set(features.words)))}" if features.words else "",
        *map(name_key, features.words),
    )
    return tuple(dict.fromkeys(key for key in keys if key))


@lru_cache(maxsize=262_144)
def skeleton(word: str) -> str:
    """A word without its vowels and doubled letters; a short or numbered one as it is."""
    if any(letter.isdigit() for letter in word):
        return word
    bones = word[:1] + "".join(
        letter for before, letter in pairwise(word) if letter != before and letter not in "aeiouy"
    )
    return bones if len(bones) >= 3 else word


def telling_keys(keys: Iterable[str], counts: Mapping[str, int]) -> list[str]:
    """The keys of one party that find candidates: all values, the whole name, and the rarest words of it."""
    found = list(keys)
    names = [key for key in found if key.startswith("name:")]
    others = [key for key in found if not key.startswith("name:")]
    rarest = sorted(names, key=lambda key: (counts.get(key, 0), key))[:NAME_WORDS]
    return [key for key in others if counts.get(key, 0) <= LARGEST_BLOCK] + [
        key for key in rarest if counts.get(key, 0) <= LARGEST_NAME_BLOCK
    ]


def count_keys(keys: Iterable[Iterable[str]]) -> Counter[str]:
    """How many parties have each key."""
    counts: Counter[str] = Counter()
    for each in keys:
        counts.update(each)
    return counts


def candidate_pairs(keys: Iterable[Sequence[str]], counts: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Places of parties that share a telling key, each pair once, the lower place first."""
    blocks: dict[str, list[int]] = {}
    for place, each in enumerate(keys):
        for key in telling_keys(each, counts):
            blocks.setdefault(key, []).append(place)
    seen: set[tuple[int, int]] = set()
    for block in blocks.values():
        for pair in combinations(block, 2):
            if pair not in seen:
                seen.add(pair)
                yield pair
