"""`python -m bench`: measures, prints tables and writes a JSON file."""

import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import psutil
import structlog
import typer

from bench import assurance, core, engine, flows, idle, insights, intake, lane, matching
from bench.report import show
from bench.world import postgres

PARTS = ("flows", "engine", "core", "lane", "intake", "assurance", "matching", "insights", "idle")


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(PARTS)}; may be repeated.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer of everything: under a minute.")] = False,
    entries: Annotated[list[int] | None, typer.Option(help="Time entries of the bulk lane; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the stand-ins.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the figures are written.")] = Path("bench/results.json"),
) -> None:
    """Measure Tieline against the stand-ins on this machine."""
    parts = only or list(PARTS)
    if unknown := sorted(set(parts) - set(PARTS)):
        raise typer.BadParameter(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    structlog.configure(processors=[_silent])
    figures: dict[str, Any] = {"about": about(seed, quick)}
    sizes = entries or ([2_000] if quick else [10_000, 100_000])
    with tempfile.TemporaryDirectory(prefix="tieline-bench-") as name, postgres(Path(name) / "state") as server:
        folder = Path(name)
        measures: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "flows": lambda: flows.measure(server, folder / "flows", seed, flows.QUICK if quick else flows.Plan()),
            "engine": lambda: engine.measure(server, engine.QUICK if quick else engine.Plan()),
            "intake": lambda: intake.measure(folder / "intake", seed, 500 if quick else 5_000),
            "assurance": lambda: assurance.measure(server, *((500, 20_000) if quick else (10_000, 1_000_000)), seed),
            "insights": lambda: insights.measure(server, 20_000 if quick else 1_000_000),
            "matching": lambda: matching.measure(2_000 if quick else 200_000, seed),
            "core": lambda: core.measure(server, sizes),
            "lane": lambda: lane.measure(server, folder / "lane", seed, sizes),
            "idle": lambda: idle.measure(server, folder / "idle", seed, 2.0 if quick else 10.0),
        }
        for part in [part for part in PARTS if part in parts]:
            figures[part] = measures[part]()
            show(part, figures[part])
            # After each part, so that what was measured outlives a failure of the next.
            out.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


def about(seed: int, quick: bool) -> dict[str, Any]:
    """What was measured, where and when."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        "commit": commit or None,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "quick": quick,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "load_before": [round(value, 2) for value in os.getloadavg()],
    }


def _silent(_logger: Any, _method: str, _event: Any) -> Any:
    raise structlog.DropEvent


if __name__ == "__main__":
    typer.run(main)
