"""Random tests say how they are done once more."""

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
