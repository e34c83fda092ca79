"""All likely matches of a list of parties, and the groups of those that are one organisation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tieline.matching.blocking import candidate_pairs, count_keys, keys_of
from tieline.matching.clusters import group
from tieline.matching.party import Party, features_of
from tieline.matching.score import Bands, Rarity, Score, Verdict, compare


@dataclass(frozen=True, slots=True)
class Match:
    """Two parties of a list, by id, and what we think of them."""

    one: str
    other: str
    score: Score
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Matches:
    """What was found in a list of parties. `groups` hold ids; who is alone is in none."""

    same: tuple[Match, ...]
    maybe: tuple[Match, ...]
    groups: tuple[tuple[str, ...], ...]
    """Linked without a person."""
    likely_groups: tuple[tuple[str, ...], ...]
    """As it would be if people said yes to what is likely."""
    compared: int


def find_matches(
    parties: Sequence[Party], bands: Bands, told_apart: Collection[tuple[str, str]] = frozenset()
) -> Matches:
    """Compare a list with itself. `told_apart` are pairs a person called different: neither asked nor linked."""
    features = [features_of(party) for party in parties]
    keys = [keys_of(each) for each in features]
    counts = count_keys(keys)
    rarity = Rarity(len(features), counts)
    apart = {tuple(sorted(pair)) for pair in told_apart}
    scores: dict[tuple[int, int], Score] = {}

    def between(one: int, other: int) -> float:
        place = (one, other) if one < other else (other, one)
        if tuple(sorted((parties[one].id, parties[other].id))) in apart:
            return 0.0
        if place not in scores:
            scores[place] = compare(features[place[0]], features[place[1]], rarity)
        return scores[place].probability

    found: list[tuple[int, int, Match]] = []
    compared = 0
    for one, other in candidate_pairs(keys, counts):
        compared += 1
        if not between(one, other):
            continue
        score = scores[one, other]
        if (verdict := bands.verdict(score)) != "different":
            found.append((one, other, Match(parties[one].id, parties[other].id, score, verdict)))

    def groups(verdicts: Collection[Verdict]) -> tuple[tuple[str, ...], ...]:
        pairs = [(match.score.probability, one, other) for one, other, match in found if match.verdict in verdicts]
        grouped = group(len(parties), pairs, between, bands.maybe)
        return tuple(tuple(parties[place].id for place in block) for block in grouped if len(block) > 1)

    return Matches(
        same=tuple(match for _, _, match in found if match.verdict == "same"),
        maybe=tuple(match for _, _, match in found if match.verdict == "maybe"),
        groups=groups({"same"}),
        likely_groups=groups({"same", "maybe"}),
        compared=compared,
    )
