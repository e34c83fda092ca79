"""Names of organisations: spelling, legal forms by country, and how much two of them are alike."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from rapidfuzz import fuzz

_WORD = re.compile(r"[^\W_]+")
_SILENT = re.compile("['`?.\u2019\u00b4]")  # O'Neill, S.A., and what a bad import made of an apostrophe
_BETWEEN = re.compile(r"[.](?=[^\W\d_]{3})")  # Booking.com
_SPELLING = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "&": " and "}
)

LEGAL_FORMS: dict[str, str] = {
    # one word of each form -> the form; dots were taken out before
    **dict.fromkeys(("inc", "incorporated", "corp", "corporation"), "Inc"),
    **dict.fromkeys(("llc", "llp", "lp", "plc", "gmbh", "mbh", "ag", "se", "kg", "ohg", "gbr", "ev", "ug", "kgaa"), ""),
    **dict.fromkeys(("ltd", "limited", "pty", "pte"), "Ltd"),
    **dict.fromkeys(("co", "company", "cie"), "Co"),
    **dict.fromkeys(("sa", "sas", "sarl", "sasu", "eurl", "snc", "scs"), ""),
    **dict.fromkeys(("spa", "srl", "sapa", "sl", "slu", "slne", "lda", "ltda", "eireli"), ""),
    **dict.fromkeys(("bv", "nv", "vof", "cv", "bvba"), ""),
    **dict.fromkeys(("ab", "oy", "oyj", "as", "asa", "aps", "hb", "kb", "ehf", "hf"), ""),
    **dict.fromkeys(("kk", "gk", "yk"), ""),
    **dict.fromkeys(("kft", "zrt", "nyrt", "bt", "sro", "doo", "dd", "ood", "eood", "oü", "ou", "uab", "sia"), ""),
    **dict.fromkeys(("pvt", "private", "bhd", "sdn", "tbk", "pt"), ""),
}
"""Of the Americas, Europe, Australia and the larger countries of Asia; "" is a form of its own."""
_TOGETHER = {("sp", "z", "oo"), ("sp", "z", "o", "o"), ("spol", "s", "ro"), ("a", "s"), ("s", "a"), ("s", "l")}
_NO_MARK = frozenset({"Co"})
FILLERS = frozenset(
    {"the", "and", "of", "der", "die", "das", "und", "von", "la", "le", "les", "de", "du", "des", "et", "y"}
)
"""Words that two names may differ in without being different."""
COMPASS = frozenset({"north", "south", "east", "west", "nord", "sud", "ost"})
ALIKE_WORD = 86
"""From this share of a word on (in percent), one is a misspelling of the other."""

Weight = Callable[[str], float]
"""How telling a word is: the rarer, the more."""


def plain(text: str) -> str:
    """Lower case without accents and silent signs."""
    letters = text.casefold().translate(_SPELLING)
    if not letters.isascii():
        split = unicodedata.normalize("NFKD", letters)
        letters = "".join(letter for letter in split if not unicodedata.combining(letter))
    return _SILENT.sub("", _BETWEEN.sub(" ", letters))


@lru_cache(maxsize=65_536)
def normal_words(text: str) -> tuple[str, ...]:
    """The words of a text, as they are compared."""
    return tuple(_WORD.findall(plain(text)))


def legal_forms(words: Sequence[str]) -> frozenset[str]:
    """The legal forms a name carries, spelled one way; those that say little are left out."""
    found = {LEGAL_FORMS[word] or word for word in words[1:] if word in LEGAL_FORMS}
    return frozenset(found - _NO_MARK)


def core_name(words: tuple[str, ...]) -> tuple[str, ...]:
    """The name without legal forms and fillers; never empty while the name is not."""
    kept = words
    for ending in _TOGETHER:
        if len(kept) > len(ending) and kept[-len(ending) :] == ending:
            kept = kept[: -len(ending)]
    core = tuple(
        word for place, word in enumerate(kept) if word not in FILLERS and (place == 0 or word not in LEGAL_FORMS)
    )
    return core or kept


def alike(one: Sequence[str], other: Sequence[str], weight: Weight) -> float:
    """How much two core names are alike, 0 to 1: mostly how much of the shorter one stands in the longer one."""
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    left, right = {word: weight(word) for word in one}, {word: weight(word) for word in other}
    ours, theirs = sum(left.values()), sum(right.values())
    shared = _shared(left, right)
    overlap = 0.7 * shared / min(ours, theirs) + 0.3 * 2 * shared / (ours + theirs)
    spelled = fuzz.ratio("".join(one), "".join(other), score_cutoff=80.0) / 100
    return min(1.0, max(overlap, spelled))


def _shared(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    """The weight of the words both have, misspelled ones in part."""
    total = 0.0
    rest = [word for word in right if word not in left]
    for word, weight in left.items():
        if word in right:
            total += weight
        elif rest:
            likeness, twin = max((_likeness(word, candidate), candidate) for candidate in rest)
            if likeness:
                rest.remove(twin)
                total += likeness * min(weight, right[twin])
    return total


@lru_cache(maxsize=262_144)
def _likeness(one: str, other: str) -> float:
    """Of two words that are not equal: a misspelling, an abbreviation, or nothing."""
    if one.isdigit() or other.isdigit() or min(len(one), len(other)) < 3:
        return 0.0
    if len(one) >= 4 and len(other) >= 4 and (one.startswith(other) or other.startswith(one)):
        return 0.8
    return fuzz.ratio(one, other, score_cutoff=ALIKE_WORD) / 100
