"""Sabotage: whoever breaks a promise of the source makes a test fail."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.effort import TORTURE
from tests.faults.mutants.patch import SOURCE, Mutant, mutants

ROOT = SOURCE.parent
LONGEST = 600


def test_every_mutant_still_applies_and_names_tests_that_exist() -> None:
    found = mutants()
    assert len(found) >= 15
    for mutant in found:
        compile(mutant.applied(mutant.original), mutant.file, "exec")
        for test in mutant.tests:
            assert (ROOT / test.split()[0]).exists(), f"{mutant.name}: {test}"


@pytest.mark.torture
@pytest.mark.timeout(LONGEST + 60)
@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name)
def test_a_mutant_is_caught(mutant: Mutant, tmp_path: Path, record_property: Callable[[str, str], None]) -> None:
    copy = shutil.copytree(SOURCE, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tieline" / mutant.file).write_text(mutant.applied(mutant.original), "utf-8")
    done = tried(mutant, copy)
    caught = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    record_property("told", f"mutant {mutant.name:32s} {'caught by ' + caught[0] if caught else 'SURVIVED'}")
    assert done.returncode == 1, f"nothing notices that {mutant.breaks}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
    assert caught


def tried(mutant: Mutant, copy: Path) -> subprocess.CompletedProcess[str]:
    """Its tests, run against the sabotaged copy in a process of their own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", TORTURE))}
    paths = {**environment, "PYTHONPATH": str(copy)}
    where = subprocess.run(
        [sys.executable, "-c", "import tieline; print(tieline.__file__)"], env=paths, capture_output=True, check=True
    )
    assert where.stdout.decode().startswith(str(copy)), "the copy is not what is imported"
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider", "--timeout", "90", "-rfE"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *mutant.arguments],
        cwd=ROOT,
        env=paths,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=LONGEST,
    )
