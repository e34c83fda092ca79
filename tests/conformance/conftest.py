"""Environments of foreign client libraries: each built once from its lock file, then used to run a test's script."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tieline_standins.core.background import running
from tieline_standins.salesforce import build as build_salesforce

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "clients"
BUILD_SECONDS = 600


@dataclass(frozen=True)
class ClientEnvironment:
    """One foreign client, installed; `run` executes a script of `tests/conformance/<client>/scripts/` inside it."""

    client: str
    folder: Path
    command: tuple[str, ...]
    variables: Mapping[str, str]

    def run(self, script: str, *arguments: str, timeout: float = 60, variables: Mapping[str, str] | None = None) -> Any:
        """Run the script and return the JSON document it printed last; fails the test if it exits other than 0."""
        done = subprocess.run(
            [*self.command, str(HERE / self.client / "scripts" / script), *arguments],
            env={**_clean_environment(), **self.variables, **(variables or {})},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode != 0:
            pytest.fail(f"{script} {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else None


@pytest.fixture(scope="session")
def client_env() -> Callable[[str], ClientEnvironment]:
    """`client_env("jsforce")` is that client's environment, built on first use from the locks in its folder."""
    return _environment


@pytest.fixture
def salesforce() -> Iterator[httpx2.Client]:
    """A fresh Salesforce stand-in, as its administrator sees it; fails the test if the stand-in itself had a bug."""
    with running(build_salesforce) as url, httpx2.Client(base_url=url) as admin:
        yield admin
        assert admin.get("/__standin__/health").json()["bugs"] == []


def _environment(client: str) -> ClientEnvironment:
    source = HERE / client
    if (source / "requirements.lock").exists():
        folder = _built(client, [source / "requirements.lock"], _install_python)
        return ClientEnvironment(client, folder, (str(folder / "bin" / "python"),), {})
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip(f"node and npm are not on PATH; they are needed to run the client {client}")
    folder = _built(client, [source / "package.json", source / "package-lock.json"], _install_node)
    return ClientEnvironment(client, folder, ("node",), {"NODE_PATH": str(folder / "node_modules")})


def _built(client: str, locks: list[Path], install: Callable[[Path, list[Path]], None]) -> Path:
    """The folder named by the lock's content; several test processes that ask at once build it one time."""
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + sys.version.encode()).hexdigest()[:16]
    folder = CACHE / f"{client}-{digest}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked(CACHE / f"{folder.name}.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            install(folder, locks)
            (folder / "complete").touch()
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _install_python(folder: Path, locks: list[Path]) -> None:
    _build([sys.executable, "-m", "venv", str(folder)], folder)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(locks[0])]
    _build(pip, folder)


def _install_node(folder: Path, locks: list[Path]) -> None:
    for lock in locks:
        shutil.copy(lock, folder)
    _build(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)


def _build(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=_clean_environment(),
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def _clean_environment() -> dict[str, str]:
    """Our own environment without what would leak Tieline's packages into the client's interpreter."""
    return {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    }
