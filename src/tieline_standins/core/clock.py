"""The clock of a stand-in: real time plus an offset that tests may move."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class Clock:
    """Vendors take every timestamp from here; one request sees one instant, so that a replay gives the same record."""

    def __init__(self) -> None:
        self.offset = timedelta(0)
        self._pinned: datetime | None = None

    def now(self) -> datetime:
        return self._pinned or datetime.now(UTC) + self.offset

    def move_to(self, at: datetime) -> None:
        """Let the clock run on from another instant."""
        self.offset += at - self.now()

    @contextmanager
    def pinned(self, at: datetime) -> Iterator[None]:
        """Hold the clock while one request is handled; inside it, at the instant some waiting work was due."""
        before = self._pinned
        self._pinned = at
        try:
            yield
        finally:
            self._pinned = before
