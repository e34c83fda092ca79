"""Which deals close: the hours of the pipeline as an interval, from a thousand drawn futures.

Each deal draws by a stream of its own, seeded by its id: the same deals give the same interval on every look, and one
deal more changes no other's luck. A future's hours of all cells are added up as one large integer, a lane of 64 bits
each, which takes microseconds.
"""

import random
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import compress
from math import ceil

DRAWS = 1000
LANE = 64
SEED = 20_260_101
CENTS = 100
LOW, HIGH = Decimal("0.1"), Decimal("0.9")


@dataclass(frozen=True, slots=True, kw_only=True)
class DealHours:
    """What a deal wants if it is won: cell -> hours."""

    id: str
    probability: Decimal
    hours: Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class Interval:
    """Four futures of five lie between `low` and `high`."""

    low: Decimal
    high: Decimal


def intervals(deals: Sequence[DealHours], cells: int, draws: int = DRAWS) -> list[Interval]:
    """The interval of each cell."""
    packed = [_packed(one.hours) for one in deals]
    won = [_wins(one, draws) for one in deals]
    lanes = struct.Struct(f"<{cells}Q")
    futures = [
        lanes.unpack(sum(compress(packed, closed)).to_bytes(lanes.size, "little"))
        for closed in (zip(*won, strict=True) if won else [()] * draws)
    ]
    return [_interval(sorted(column)) for column in zip(*futures, strict=True)]


def _packed(hours: Mapping[int, Decimal]) -> int:
    return sum(int((one * CENTS).to_integral_value()) << cell * LANE for cell, one in hours.items())


def _wins(deal: DealHours, draws: int) -> list[bool]:
    chance = random.Random(f"{SEED}:{deal.id}").random  # noqa: S311  # a forecast, no secret
    bound = float(deal.probability)
    return [chance() < bound for _ in range(draws)]


def _interval(futures: Sequence[int]) -> Interval:
    low, high = (futures[max(0, ceil(len(futures) * share) - 1)] for share in (LOW, HIGH))
    return Interval(Decimal(low) / CENTS, Decimal(high) / CENTS)
