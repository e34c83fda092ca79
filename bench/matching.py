"""Matching: how right it is on real records with true ids, on both halves of them, and how fast on many made-up ones.

The points were set by the mistakes on the seeded half only; the other half tells whether they hold elsewhere.
"""

import csv
import gzip
import os
import random
import time
from collections.abc import Iterable, Sequence
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

from tieline.matching.matches import find_matches
from tieline.matching.party import Party
from tieline.matching.score import Bands

DATA = "TIELINE_MATCHING_DATA"
BESIDE = Path("../shared/data/org_records_true_ids.csv.gz")
SPLIT_SEED = 0
_FIRST = ("Nord", "Alpen", "Rhein", "Delta", "Orion", "Vega", "Sigma", "Atlas", "Fjord", "Terra", "Luna", "Solar")
_TRADES = ("Logistics", "Foods", "Systems", "Energy", "Textiles", "Dental", "Insurance", "Pumps", "Paper")
_FORMS = ("GmbH", "Inc", "Ltd", "AG", "LLC")


def measure(many: int, seed: int) -> list[dict[str, Any]]:
    """Both halves of the labelled records, all of them, and the speed; the first three only where the data is."""
    file = Path(os.environ.get(DATA) or BESIDE)
    if not file.is_file():
        return [{"what": f"no labelled records: set {DATA} to a file of them"}, _speed(many, seed)]
    with gzip.open(file, "rt", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    ids = sorted({row["True Id"] for row in rows})
    random.Random(SPLIT_SEED).shuffle(ids)  # noqa: S311 - for a measurement
    first = set(ids[: len(ids) // 2])
    return [
        _quality("half the points were set on", [row for row in rows if row["True Id"] in first]),
        _quality("other half", [row for row in rows if row["True Id"] not in first]),
        _quality("all labelled records", rows),
        _speed(many, seed),
    ]


def party_of(row: dict[str, str]) -> Party:
    """One labelled record as a party."""
    return Party(
        id=row["Id"],
        name=row["Site name"],
        country="US",
        street=row["Address"],
        postal_code=row["Zip"],
        phone=row["Phone"],
        email=row["Email Address"],
    )


def _quality(what: str, rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    true = {row["Id"]: row["True Id"] for row in rows}
    sizes: dict[str, int] = {}
    for identifier in true.values():
        sizes[identifier] = sizes.get(identifier, 0) + 1
    right_pairs = sum(comb(size, 2) for size in sizes.values())
    begun = time.perf_counter()
    found = find_matches([party_of(row) for row in rows], Bands())
    seconds = time.perf_counter() - begun
    likely = [pair for members in found.likely_groups for pair in combinations(members, 2)]
    linked = [pair for members in found.groups for pair in combinations(members, 2)]
    precision, recall = _share(likely, true), _right(likely, true) / right_pairs
    return {
        "what": what,
        "records": len(rows),
        "true_pairs": right_pairs,
        "pairs_compared": found.compared,
        "pairwise_precision_percent": _percent(precision),
        "pairwise_recall_percent": _percent(recall),
        "pairwise_f1_percent": _percent(2 * precision * recall / (precision + recall)),
        "auto_link_precision_percent": _percent(_share(linked, true)),
        "auto_link_recall_percent": _percent(_right(linked, true) / right_pairs),
        "asked_pairs": len(found.maybe),
        "asked_and_right_percent": _percent(_share([(match.one, match.other) for match in found.maybe], true)),
        "seconds": seconds,
    }


def _percent(share: float) -> float:
    """With the digits a share near one needs."""
    return round(100 * share, 2)


def _right(pairs: Iterable[tuple[str, str]], true: dict[str, str]) -> int:
    return sum(true[one] == true[other] for one, other in pairs)


def _share(pairs: Sequence[tuple[str, str]], true: dict[str, str]) -> float:
    return _right(pairs, true) / len(pairs) if pairs else 1.0


def _speed(many: int, seed: int) -> dict[str, Any]:
    parties = list(_made_up(many, random.Random(seed)))  # noqa: S311 - for a measurement
    begun, cpu = time.perf_counter(), time.process_time()
    found = find_matches(parties, Bands())
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {
        "what": "made-up records",
        "records": len(parties),
        "pairs_compared": found.compared,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "records_per_second": len(parties) / seconds,
    }


def _made_up(many: int, chance: random.Random) -> Iterable[Party]:
    """Records of which a fifth are written a second time, otherwise."""
    for number in range(many * 5 // 6):
        made = "".join(chance.choice("bdfgklmnprstvw") + chance.choice("aeiou") for _ in range(chance.randint(2, 4)))
        name = f"{chance.choice(_FIRST)} {made.capitalize()} {chance.choice(_TRADES)}"
        street, code = (
            f"{chance.randint(1, 200)} {chance.choice(_FIRST)}{chance.randint(1, 400)} St",
            str(number % 90_000),
        )
        phone = str(chance.randint(10**9, 10**10 - 1))
        first = Party(
            id=f"{number}a",
            name=f"{name} {chance.choice(_FORMS)}",
            country="US",
            street=street,
            postal_code=code,
            phone=phone,
        )
        yield first
        if number % 5 == 0:
            again = name.replace("e", "", 1).upper() if number % 2 else name
            yield Party(id=f"{number}b", name=again, country="US", street=street.replace(" St", " Street"), phone=phone)
