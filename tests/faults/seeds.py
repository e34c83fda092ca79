"""Random tests say how they are done once more, and repeats take another time a place is come to."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def told_how_to_repeat(request: pytest.FixtureRequest) -> Iterator[None]:
    """What fails in here names the command that runs this test with this seed."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"Once more: TIELINE_TORTURE=1 .venv/bin/pytest '{request.node.nodeid}'")
        raise


def crossing(turn: int, crossed: int) -> int:
    """Which time a process comes to a place: the first in the first turn, any of the earlier half in the others."""
    return 1 if turn == 0 else random.Random(turn).randint(1, max(1, crossed // 2))
