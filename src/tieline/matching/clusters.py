"""From pairs to groups: the surest pairs first, and two groups become one only if they are alike as a whole.

A like B and B like C does not make A and C one: what speaks against a pair counts as much as what speaks for it.
"""

from collections.abc import Callable, Iterable

LARGEST_PRODUCT = 400
"""So many pairs between two groups are looked at; beyond that the first ones of each stand for the rest."""


def group(
    places: int,
    pairs: Iterable[tuple[float, int, int]],
    between: Callable[[int, int], float],
    least: float,
) -> list[list[int]]:
    """Groups of places 0..places-1, singles included. `pairs` have their probability; `between` tells that of any pair.

    A pair of probability 0 (a person said "different") keeps its groups apart for good.
    """
    group_of = list(range(places))
    members = {place: [place] for place in range(places)}
    for _, one, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        left, right = group_of[one], group_of[other]
        if left == right or not _belong(members[left], members[right], between, least):
            continue
        for place in members[right]:
            group_of[place] = left
        members[left] += members.pop(right)
    return sorted(sorted(block) for block in members.values())


def _belong(left: list[int], right: list[int], between: Callable[[int, int], float], least: float) -> bool:
    side = max(1, int(LARGEST_PRODUCT**0.5))
    likely = [between(one, other) for one in left[:side] for other in right[:side]]
    return min(likely) > 0 and sum(likely) / len(likely) >= least
