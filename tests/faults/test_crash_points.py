"""kill -9 at every named place of the source: a new worker goes on, and the vendors hold what they would have held."""

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.e2e.world import World
from tests.faults.books import Books, books, difference
from tests.faults.firm import firm, left_open
from tests.faults.workload import opportunity_to_cash

SOURCE = Path(__file__).parents[2] / "src/tieline"
AT_ONCE = 6
"""Deaths of one run in `make test`; each kills the worker that took over from the one before."""
PAIRS, PAIRS_SEED = 40, 20261121
"""How many pairs of deaths torture samples, and from where it starts."""
AFTER_A_DEATH = {
    "batch.looked_up": "batch.answered",
    "take_over.taking": "job.taken",
    "take_over.taken": "job.taken",
}
"""Places a worker comes to only when another has died, and where that one dies."""
ELSEWHERE = {"webhook.storing", "webhook.stored", "timer.waking"}
"""Places with a test of their own."""


def points() -> list[str]:
    """Every named place, from the source."""
    return [
        name
        for path in sorted(SOURCE.rglob("*.py"))
        for name in re.findall(r'crash_point\("([^"]+)"\)', path.read_text("utf-8"))
    ]


def runs() -> list[tuple[str, ...]]:
    """The faults of each run: every place once."""
    apart = AFTER_A_DEATH.keys() | AFTER_A_DEATH.values() | ELSEWHERE
    plain = [point for point in points() if point not in apart]
    plain.sort(key=lambda point: not point.startswith("push."))  # what is pushed once is stored by the first process
    chained = [tuple(f"{point}:1:kill" for point in plain[start :: _count(plain)]) for start in range(_count(plain))]
    return chained + [(f"{before}:1:kill", f"{point}:1:kill") for point, before in AFTER_A_DEATH.items()]


def pairs(count: int) -> list[tuple[str, str]]:
    """Places for two deaths in a row, sampled: the second is that of the worker that takes over."""
    chance, plain = random.Random(PAIRS_SEED), [point for point in points() if point not in ELSEWHERE]
    return [(chance.choice(plain), chance.choice(plain)) for _ in range(count)]


def _count(plain: Sequence[str]) -> int:
    return -(-len(plain) // AT_ONCE)


def test_names_of_places_are_unique() -> None:
    assert len(set(points())) == len(points()) >= 20


def test_an_undisturbed_run_comes_to_every_place(
    undisturbed: tuple[Books, dict[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    crossed = undisturbed[1]
    with capsys.disabled():
        print("\ncrash points, and how often an undisturbed run comes to each")  # noqa: T201 - the table is wanted
        print("\n".join(f"{crossed.get(point, 0):5d}  {point}" for point in points()))  # noqa: T201
    assert {point for point in points() if point not in crossed} <= AFTER_A_DEATH.keys() | ELSEWHERE


@pytest.mark.parametrize("faults", runs(), ids=lambda faults: "+".join(fault.split(":")[0] for fault in faults))
def test_killed_there_it_ends_as_if_nobody_had_died(
    here: World, undisturbed: tuple[Books, dict[str, int]], database: str, faults: tuple[str, ...]
) -> None:
    with firm(here, database, *faults) as run:
        opportunity_to_cash(run)
        assert run.deaths == len(faults), f"nobody came to {run.orders.faults[0]}"
        assert left_open(run) == []
        assert difference(undisturbed[0], books(here)) == []


@pytest.mark.torture
@pytest.mark.timeout(400)
@pytest.mark.parametrize("number", range(PAIRS))
def test_killed_twice_it_ends_as_if_nobody_had_died(
    here: World,
    undisturbed: tuple[Books, dict[str, int]],
    database: str,
    number: int,
    record_property: Callable[[str, str], None],
) -> None:
    chance, (first, second) = random.Random(PAIRS_SEED + number), pairs(PAIRS)[number]
    crossed = undisturbed[1]
    faults = [f"{point}:{chance.randint(1, max(1, crossed.get(point, 1) // 2))}:kill" for point in (first, second)]
    with firm(here, database, *faults) as run:
        opportunity_to_cash(run)
        record_property("told", f"seed {PAIRS_SEED}: killed at {' then '.join(faults)}: {run.deaths} deaths")
        assert left_open(run) == []
        assert difference(undisturbed[0], books(here)) == []


def test_killed_while_it_wakes_what_is_due_it_is_woken_again(
    here: World, undisturbed: tuple[Books, dict[str, int]], database: str
) -> None:
    with firm(here, database, "timer.waking:1:kill") as run:
        here.fault("netsuite", "customer.upsert", "status", status=429, times=1)  # no event makes it try earlier
        opportunity_to_cash(run)
        assert run.deaths == 1
        assert difference(undisturbed[0], books(here)) == []
