"""What somebody means to do on which day; what falls on a weekend is done on the next working day."""

import heapq
from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


class Agenda(Generic[T]):
    """Things by day, those of one day in the order they were noted."""

    def __init__(self) -> None:
        self._things: list[tuple[date, int, T]] = []
        self._numbers = count()

    def note(self, day: date, thing: T) -> None:
        """Something for a day."""
        heapq.heappush(self._things, (day, next(self._numbers), thing))

    def due(self, day: date) -> Iterator[T]:
        """Takes out what was for this day or earlier."""
        while self._things and self._things[0][0] <= day:
            yield heapq.heappop(self._things)[2]
