"""What `tieline-standins simulate` does: sets the firm up, or plays it, and says how far it is as JSON lines."""

import json
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import typer

from tieline_standins.simulation.wire import RefusedError as Refused
from tieline_standins.simulation.year import Size, Told, Year

__all__ = ["Refused", "run_simulation"]


def run_simulation(
    folder: Path,
    ports: Mapping[str, int],
    consultants: int,
    weeks: int,
    until: str | None,
    seed: int,
    *,
    recruit: bool,
) -> None:
    """Raises Refused for what a vendor does not take, and for a day that is none."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    last = _day(until) if until else yesterday
    if last > yesterday:
        raise Refused(f"{last} is not over yet; the simulated time ends yesterday at the latest")
    size = Size(consultants, weeks, last, seed)
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    with closing(Year(size, urls, _tell)) as year:
        if recruit:
            year.recruit(folder)
            typer.echo(json.dumps({"ready": {"first": size.first.isoformat(), "until": last.isoformat()}}))
            return
        begun = time.monotonic()
        told = year.play(folder / "truth.jsonl")
    seconds = {"seconds": round(time.monotonic() - begun, 1), "cpu": round(time.process_time(), 1)}
    typer.echo(json.dumps({"done": _plain(told) | seconds}))


def _tell(told: Told) -> None:
    typer.echo(json.dumps(_plain(told)))


def _plain(told: Told) -> dict[str, object]:
    return asdict(told) | {"day": told.day.isoformat(), "waited": round(told.waited, 1)}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"{text!r} is no day; write it as 2026-11-21") from error
