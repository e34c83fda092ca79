"""What Tieline's processes need while nothing happens."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil

from bench.world import Postgres, trust_certificate, vendors, write_bench_site
from tieline.demo.processes import tieline_command


def measure(postgres: Postgres, folder: Path, seed: int, seconds: float) -> list[dict[str, Any]]:
    """One row for `tieline serve` and one for `tieline worker`, so many seconds after their start."""
    with vendors(seed) as world:
        write_bench_site(folder, world)
        trust_certificate(folder, world)
        conninfo = postgres.fresh_database("bench_idle")
        return [
            _memory("serve", ["--port", "0"], folder, conninfo, seconds),
            _memory("worker", [], folder, conninfo, seconds),
        ]


def _memory(command: str, options: list[str], site: Path, conninfo: str, seconds: float) -> dict[str, Any]:
    process = subprocess.Popen(
        tieline_command(command, "--site", str(site), *options),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TIELINE_DATABASE_URL": conninfo},
    )
    try:
        time.sleep(seconds)
        if process.poll() is not None:
            raise RuntimeError(f"tieline {command} ended by itself with {process.returncode}")
        watched = psutil.Process(process.pid)
        used = watched.memory_full_info()
        return {
            "process": f"tieline {command}",
            "after_s": seconds,
            "rss_mb": used.rss / 2**20,
            "own_mb": used.uss / 2**20,
            "threads": watched.num_threads(),
        }
    finally:
        process.terminate()
        process.wait(45)
