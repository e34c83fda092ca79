"""The picture of the report: hours approved and hours in the ERP over time, with the disturbances behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from tieline.rehearsal.month_end import Outcome

WIDTH, HEIGHT = 1000, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 140, 26, 28
GAP = 2
POINTS = 300
"""A line needs no more of them to look the same."""


@dataclass(frozen=True, slots=True)
class Band:
    """A disturbance: where it lies, and its letter in the timeline."""

    x: float
    width: float
    letter: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn, in the units of the picture."""

    approved: str
    arrived: str
    bands: tuple[Band, ...]
    hours: tuple[Tick, ...]
    seconds: tuple[Tick, ...]
    approved_at: float
    arrived_at: float
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


def letters(outcome: Outcome) -> dict[int, str]:
    """The letter of each disturbance, by its place among the episodes."""
    places = [number for number, one in enumerate(outcome.episodes) if one.disturbs]
    return {place: chr(ord("A") + number) for number, place in enumerate(places)}


def chart(outcome: Outcome) -> Chart | None:
    """None when nothing was approved."""
    approved = _steps(outcome.ledgers.approvals.pace)
    arrived = _steps(outcome.ledgers.books.pace)
    if not approved or not arrived:
        return None
    start = min(approved[0][0], arrived[0][0]).timestamp()
    end = max(approved[-1][0], arrived[-1][0], *(one.ended for one in outcome.episodes if one.ended)).timestamp()
    most = max(minutes for _, minutes in (*approved, *arrived))
    step = _nice(most / 60)

    def x(at: datetime | float) -> float:
        seconds = at if isinstance(at, float) else at.timestamp()
        share = (min(max(seconds, start), end) - start) / max(end - start, 1)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(minutes: float) -> float:
        return round(HEIGHT - BOTTOM - minutes / most * (HEIGHT - TOP - BOTTOM), 1)

    def path(steps: Sequence[tuple[datetime, int]]) -> str:
        some = [*steps[:: max(1, len(steps) // POINTS)], steps[-1]]
        drawn = "".join(f"H{x(at)}V{y(minutes)}" for at, minutes in some)
        return f"M{x(start)} {y(0)}{drawn}H{x(end)}"

    by_place = letters(outcome)
    bands = []
    for place, letter in by_place.items():
        one = outcome.episodes[place]
        left, right = x(one.began), x(one.ended or one.began)
        bands.append(Band(left, max(round(right - left - GAP, 1), 3), letter))
    every = _nice(end - start)
    return Chart(
        approved=path(approved),
        arrived=path(arrived),
        bands=tuple(bands),
        hours=tuple(Tick(y(hours * 60), f"{hours:,.0f}") for hours in _ticks(step, most / 60)),
        seconds=tuple(Tick(x(start + at), _span(at)) for at in _ticks(every, end - start)),
        approved_at=y(approved[-1][1]),
        arrived_at=y(arrived[-1][1]),
    )


def _steps(pace: Sequence[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """Running totals."""
    ordered = sorted(pace)
    return list(zip((at for at, _ in ordered), accumulate(minutes for _, minutes in ordered), strict=True))


def _nice(most: float) -> float:
    """A round distance that divides an axis into three to seven parts."""
    size = 1.0
    while size * 10 <= most / 3:
        size *= 10
    return next((size * factor for factor in (1, 2, 5, 10) if most / (size * factor) <= 7), size * 10)


def _ticks(step: float, most: float) -> list[float]:
    return [step * number for number in range(int(most // step) + 1)]


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s"
