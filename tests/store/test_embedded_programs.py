"""The embedded PostgreSQL under every user and with every set of programs this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tieline.store.embedded import DatabaseUnavailable, EmbeddedPostgres
from tieline.store.embedded_binaries import find_binaries
from tieline.store.embedded_process import ServerUser

pytestmark = pytest.mark.database

FAST = {"fsync": "off"}
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change users: run the tests as root as well")

AS_NOBODY = """
import os, pathlib, sys
import psycopg
from tieline.store.embedded import EmbeddedPostgres
os.setgroups([]); os.setgid(65534); os.setuid(65534)
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]), {"fsync": "off"})
with psycopg.connect(server.start()) as connection:
    print(connection.execute("select current_user").fetchone()[0], server.data.stat().st_uid)
print(server.stop())
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _round_trip(state: Path) -> int:
    """Start, ask the version, stop."""
    server = EmbeddedPostgres(state, FAST)
    try:
        with psycopg.connect(server.start()) as connection:
            return connection.info.server_version // 10000
    finally:
        server.stop()


def test_the_wheel_brings_a_postgresql_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIELINE_PG_BIN", raising=False)
    assert _round_trip(tmp_path) >= 18


def test_data_of_the_wheels_older_version_is_run_by_that_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIELINE_PG_BIN", raising=False)
    older = find_binaries(16, ServerUser.choose(tmp_path / "none"))
    monkeypatch.setenv("TIELINE_PG_BIN", str(older.folder))
    assert _round_trip(tmp_path) == 16
    monkeypatch.delenv("TIELINE_PG_BIN")
    assert _round_trip(tmp_path) == 16


@pytest.mark.skipif(not DEBIAN, reason="no PostgreSQL of Debian here: apt-get install postgresql-15")
def test_the_programs_of_debian_run_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIELINE_PG_BIN", str(DEBIAN[0].parent))
    assert _round_trip(tmp_path) == int(DEBIAN[0].parent.parent.name)


@ROOT_ONLY
def test_as_root_the_server_runs_as_somebody_else_with_data_and_programs_in_folders_only_root_may_enter(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.delenv("TIELINE_PG_BIN", raising=False)
    site = closed / "site-packages"
    installed = find_binaries(None, ServerUser.choose(closed / "none")).folder.parents[1]
    shutil.copytree(installed, site / installed.name)
    shutil.copytree(installed.with_name(f"{installed.name}.libs"), site / f"{installed.name}.libs")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr("tieline.store.embedded_binaries.ROOT_CACHE", open_folder / "cache")
    assert _round_trip(closed / "state") >= 18
    assert (closed / "state" / "postgres" / "data").stat().st_uid != 0
    assert list((open_folder / "cache").glob("*/made_from"))


@ROOT_ONLY
def test_an_ordinary_user_runs_the_server_himself(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    programs = _reachable_by_all(open_folder)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, home / "state"],
        env={**os.environ, "HOME": str(home), "TIELINE_PG_BIN": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["tieline", "65534", "True"], done.stderr


def _reachable_by_all(folder: Path) -> Path:
    """The programs of this run, copied with the wheel's layout to where every user may run them."""
    binaries = find_binaries(None, ServerUser.choose(folder / "none"))
    if binaries.folder.is_relative_to("/usr"):
        return binaries.folder
    package = binaries.folder.parents[1]
    install = binaries.folder.parent.name
    shutil.copytree(package / install, folder / package.name / install)
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
    return folder / package.name / install / "bin"


def test_a_folder_without_programs_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIELINE_PG_BIN", str(tmp_path / "none"))
    with pytest.raises(DatabaseUnavailable, match="TIELINE_PG_BIN names"):
        EmbeddedPostgres(tmp_path).start()


def test_programs_that_are_too_old_are_refused(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = open_folder / "postgres"
    old.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
    old.chmod(0o755)
    monkeypatch.setenv("TIELINE_PG_BIN", str(open_folder))
    with pytest.raises(DatabaseUnavailable, match="has PostgreSQL 14; Tieline needs 15 or newer"):
        EmbeddedPostgres(open_folder / "state").start()


def test_a_machine_without_programs_is_told_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIELINE_PG_BIN", raising=False)
    monkeypatch.setattr("tieline.store.embedded_binaries.WHEEL", "no_such_wheel")
    with pytest.raises(DatabaseUnavailable, match=r"set TIELINE_DATABASE_URL .* or TIELINE_PG_BIN"):
        EmbeddedPostgres(tmp_path).start()
