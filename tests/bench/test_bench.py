"""The measurements run and write their figures; how fast anything was is not judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FEWER = """
import typer
from bench import __main__, flows
flows.QUICK = flows.Plan(engagements=2, at_once=2)
typer.run(__main__.main)
"""


@pytest.mark.torture
@pytest.mark.timeout(300)
def test_the_measurement_of_flows_runs_and_its_floor_makes_the_same_calls(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    done = _run("-c", FEWER, "--quick", "--only", "flows", "--out", str(out))
    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(out.read_text())
    assert [row["latency_ms"] for row in figures["flows"]] == [0, 20]
    for row in figures["flows"]:
        assert row["engagements"] == 2
        assert row["floor_answers_that_differ"] == 0


def test_an_unknown_part_is_refused_in_one_sentence(tmp_path: Path) -> None:
    done = _run("-m", "bench", "--only", "flow", "--out", str(tmp_path / "results.json"))
    assert done.returncode == 2
    assert "there is no part" in done.stderr
    assert not (tmp_path / "results.json").exists()


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
