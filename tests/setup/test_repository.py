"""The repository keeps its own rules: sizes, locks without addresses, nothing of the machine it was written on."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60
WRITTEN_BY_HAND = {".py", ".sql", ".css", ".js", ".j2", ".html", ".sh"}
# Put together here, so that this file does not contain what it looks for.
HOSTS = re.compile(r"\b(?:pypi|npmjs|pythonhosted|registry\.npmjs)" + r"\.(?:org|com)\b|\bregistry\.yarnpkg\b")
MACHINE_PATHS = re.compile(r"(?<![\w.}/-])/(?:work|root|farm|home/\w+|Users/\w+)" + r"/\w")


def _files() -> list[Path]:
    """All files git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def _texts() -> dict[str, str]:
    texts = {}
    for path in _files():
        raw = path.read_bytes()
        if b"\0" not in raw:
            texts[str(path.relative_to(ROOT))] = raw.decode("utf-8")
    return texts


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in _texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert _lines_with(HOSTS) == []


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    assert _lines_with(MACHINE_PATHS) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (HOSTS, "see https://pypi" + ".org/simple"),
        (HOSTS, "https://registry.npmjs" + ".org/x"),
        (MACHINE_PATHS, 'open("/root' + '/x")'),
        (MACHINE_PATHS, "cd /home" + "/ann/tieline"),
    ],
)
def test_the_searches_find_what_they_look_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_no_file_written_by_hand_is_longer_than_400_lines() -> None:
    sizes = {name: text.count("\n") for name, text in _texts().items() if Path(name).suffix in WRITTEN_BY_HAND}
    assert {name: size for name, size in sizes.items() if size > LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = []
    for name, text in _texts().items():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(text, name)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    size = (node.end_lineno or node.lineno) - node.lineno + 1
                    if size > LINES_OF_A_FUNCTION:
                        long.append(f"{name}:{node.lineno} {node.name}: {size}")
    assert long == []


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    silent = [
        name
        for name, text in _texts().items()
        if name.startswith("src/") and name.endswith(".py") and not (ast.get_docstring(ast.parse(text)) or "").strip()
    ]
    assert silent == []


def test_python_locks_name_no_address_and_hash_every_package() -> None:
    locks = {name: text for name, text in _texts().items() if name.endswith(".lock")}
    assert {"requirements.lock", "requirements-dev.lock", "assets/node.lock"} <= locks.keys()
    for name, text in locks.items():
        assert "://" not in text, name
        assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE), name
        for package in re.split(r"\n(?=\w)", text.strip()):
            if not package.startswith("#"):
                assert re.match(r"[\w.\[\],-]+==\S+", package), f"{name}: {package[:60]}"
                assert "--hash=sha256:" in package, f"{name}: {package[:60]}"


def test_npm_locks_say_what_a_package_contains_but_not_where_it_lies() -> None:
    locks = {name: text for name, text in _texts().items() if name.endswith("package-lock.json")}
    assert "assets/package-lock.json" in locks
    for name, text in locks.items():
        assert '"resolved"' not in text, name
        assert '"integrity"' in text, name


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for lock, wanted in (
        ("requirements.lock", project["project"]["dependencies"]),
        ("requirements-dev.lock", [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]),
    ):
        locked = set(re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
        names = {re.split(r"[\[<>=;~! ]", requirement)[0] for requirement in wanted}
        assert names - locked == set(), lock


def test_both_locks_agree_on_the_version_of_every_package() -> None:
    def versions(lock: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))

    developers = versions("requirements-dev.lock")
    assert {name: (version, developers.get(name)) for name, version in versions("requirements.lock").items()} == {
        name: (version, version) for name, version in versions("requirements.lock").items()
    }
