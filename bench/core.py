"""The lane's own cost: on the smallest target there can be, beside a bare durable pipeline with the same batches."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import psutil

from bench.world import Postgres, cpu_of

WAYS = (("Tieline", "tieline"), ("bare durable pipeline", "bare"))
LATENCIES = (0, 20)


def measure(postgres: Postgres, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """A row for each size, latency and way."""
    rows: list[dict[str, Any]] = []
    for size in sizes:
        for milliseconds in LATENCIES:
            ours, bare = (_run(postgres, title, way, size, milliseconds) for title, way in WAYS)
            ours["share_of_bare"] = ours["lines_per_second"] / bare["lines_per_second"]
            rows += [ours, bare]
    return rows


def _run(postgres: Postgres, title: str, way: str, size: int, milliseconds: int) -> dict[str, Any]:
    conninfo = postgres.fresh_database("bench_core")
    with subprocess.Popen(
        [sys.executable, "-m", "bench.minimal_target", str(size), str(milliseconds)], stdout=subprocess.PIPE
    ) as target:
        try:
            assert target.stdout is not None
            port = target.stdout.readline().decode().strip()
            database_cpu, target_cpu = postgres.cpu_seconds(), cpu_of(psutil.Process(target.pid))
            command = [sys.executable, "-m", "bench.core_client", way, conninfo, port, str(size)]
            done = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True)
            time.sleep(0.5)  # until the server has counted the sessions that have ended
            database_cpu = postgres.cpu_seconds() - database_cpu
            target_cpu = cpu_of(psutil.Process(target.pid)) - target_cpu
        finally:
            target.kill()
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {
        "what": title,
        "lines": size,
        "latency_ms": milliseconds,
        "seconds": result["seconds"],
        "lines_per_second": size / result["seconds"],
        "cpu_client_s_per_10000": result["cpu"] / size * 10_000,
        "cpu_postgresql_s_per_10000": database_cpu / size * 10_000,
        "cpu_target_s_per_10000": target_cpu / size * 10_000,
        "wal_bytes_a_line": result["wal"],
        "peak_memory_mb": result["peak_mb"],
    }
