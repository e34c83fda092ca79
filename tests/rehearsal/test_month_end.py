"""The smallest rehearsal, as its user runs it: disturbed, settled, judged, and told in one page."""

import json
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tieline.demo.processes import tieline_command


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """The result as JSON, and the report."""
    place = tmp_path_factory.mktemp("rehearsal")
    report, folder = place / "out.html", place / "kept"
    options = ["--consultants", "20", "--seed", "1", "--folder", str(folder), "--report", str(report), "--json"]
    done = subprocess.run(
        tieline_command("rehearse", "month-end", *options), capture_output=True, text=True, check=False, timeout=560
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout, parse_float=Decimal), report.read_text("utf-8")


@pytest.mark.timeout(600)
def test_through_all_disturbances_nothing_is_lost_and_nothing_is_there_twice(
    rehearsal: tuple[dict[str, Any], str],
) -> None:
    result, _ = rehearsal
    assert result["passed"]
    assert [law["name"] for law in result["laws"] if not law["held"]] == []
    assert len(result["laws"]) == 8
    assert all(one["unexplained"] == 0 and one["unexplained_worth"] == 0 for one in result["balances"])
    assert sum(one["posted_entries"] for one in result["balances"]) > 300


def test_the_disturbances_have_hit_something(rehearsal: tuple[dict[str, Any], str]) -> None:
    result, _ = rehearsal
    figures = result["figures"]
    assert figures["kills"] == 3
    assert figures["calls_hit"] > 10
    assert figures["repeated_events"] == figures["events"] * 2 // 3 > 0
    hit = {fired["vendor"] for one in result["episodes"] for fired in one["fired"]}
    assert {"kantata", "netsuite"} <= hit


def test_what_was_planted_wrong_waits_for_its_owner(rehearsal: tuple[dict[str, Any], str]) -> None:
    result, _ = rehearsal
    assert sorted((one["owner"], one["kind"], one["entries"] > 0) for one in result["exceptions"]) == [
        ("finance", "mapping", True),
        ("resource", "master_data", True),
        ("sales", "business_rule", False),
    ]


def test_the_report_is_one_page_with_nothing_outside_it(rehearsal: tuple[dict[str, Any], str]) -> None:
    result, page = rehearsal
    assert result["verdict"] in page
    assert re.findall(r"<script|<link|@import|src=|url\(|https?:", page) == []
    for law in result["laws"]:
        assert law["name"].replace("'", "&#39;") in page
    assert "What was not covered" in page


def test_a_folder_that_exists_is_refused_with_a_sentence(tmp_path: Path) -> None:
    options = ["--consultants", "10", "--folder", str(tmp_path), "--report", str(tmp_path / "out.html")]
    done = subprocess.run(
        tieline_command("rehearse", "month-end", *options), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert f"{tmp_path} exists already; choose another folder" in done.stderr
    assert not (tmp_path / "out.html").exists()
