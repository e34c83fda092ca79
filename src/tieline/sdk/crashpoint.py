"""Named places where a test may kill, freeze or fail this process; nothing happens there unless a test arms them.

The names are unique: `tests/faults` reads them from the source, and ends a worker at each of them.
"""

from collections.abc import Callable

VARIABLE = "TIELINE_FAULT"
"""What arms the processes of a test; `tieline serve` and `tieline worker` refuse to start with it."""

_act: Callable[[str], None] | None = None


def crash_point(name: str) -> None:
    """The process has come to this place."""
    if _act is not None:
        _act(name)


def arm(act: Callable[[str], None] | None) -> None:
    """Call `act` with the name of each place this process comes to; for tests alone."""
    global _act
    _act = act
