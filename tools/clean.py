"""Removes everything the set-up and the runs made in this checkout; stops databases that still run in it first."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE = (".venv", ".cache", ".tieline", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".import_linter_cache")
MADE_TOO = (".hypothesis", "dist", "src/tieline/console/static/vendor", "out.json")
STOP_SECONDS = 30
# Where the database's programs are copied for root from a checkout that other users cannot enter.
ROOT_CACHE = Path("/var/cache/tieline")


def stop_databases(root: Path) -> None:
    """Stop the embedded servers whose data directory is below one of the folders that go away."""
    for lock in root.glob("**/postgres/data/postmaster.pid"):
        lines = lock.read_text().splitlines()
        with suppress(ProcessLookupError):
            os.kill(int(lines[0]), signal.SIGINT)
            deadline = time.monotonic() + STOP_SECONDS
            while lock.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
        with suppress(OSError):
            Path(lines[4]).rmdir()  # the folder of its socket


def remove(path: Path) -> None:
    """Remove a file or a folder that may not be there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_copies(root: Path) -> None:
    """Remove the copies of the database's programs that were made from this checkout."""
    for origin in ROOT_CACHE.glob("*/made_from"):
        if Path(origin.read_text()).is_relative_to(root):
            shutil.rmtree(origin.parent)


def main() -> int:
    """Clean the checkout this file is in."""
    for name in (".cache", ".tieline"):
        stop_databases(ROOT / name)
    remove_copies(ROOT)
    for name in (*MADE, *MADE_TOO):
        remove(ROOT / name)
    for folder in ("src", "tests", "tools"):
        for cache in (ROOT / folder).glob("**/__pycache__"):
            shutil.rmtree(cache)
    return 0


if __name__ == "__main__":
    sys.exit(main())
