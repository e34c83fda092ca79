"""The documents agree with the code: links lead somewhere, and words, tables and connectors are the real ones."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/tieline"
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NOT_TAKEN_YET: set[str] = set()
CONNECTORS = sorted(path.parent.name for path in (SOURCE / "connectors").glob("*/connector.toml"))


def _documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in sorted(listed.stdout.split("\0")) if name and (ROOT / name).is_file()]


def _anchors(document: Path) -> set[str]:
    """Headings as the usual hosts turn them into anchors."""
    text = FENCE.sub("", document.read_text("utf-8"))
    words = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", each).strip().replace(" ", "-") for each in words}


def _links(document: Path) -> Iterator[str]:
    text = FENCE.sub("", document.read_text("utf-8"))
    yield from (target for _, target in LINK.findall(text) if "://" not in target and not target.startswith("mailto:"))


def _problem(document: Path, target: str) -> str | None:
    name, _, anchor = unquote(target).partition("#")
    place = (document.parent / name).resolve() if name else document
    if not place.exists():
        return f"{document.relative_to(ROOT)}: there is no {target}"
    if anchor and anchor not in _anchors(place):
        return f"{document.relative_to(ROOT)}: {target} names no heading of {place.relative_to(ROOT)}"
    return None


def test_every_link_of_a_document_leads_to_a_file_and_a_heading() -> None:
    links = [(document, target) for document in _documents() for target in _links(document)]
    assert len(links) > 100
    links = [(document, target) for document, target in links if target not in NOT_TAKEN_YET]
    assert [found for document, target in links if (found := _problem(document, target))] == []


def test_a_picture_that_was_taken_is_no_exemption_any_more() -> None:
    assert [name for name in NOT_TAKEN_YET if (ROOT / name).exists()] == []


def test_a_link_to_nothing_would_be_found() -> None:
    assert _problem(ROOT / "README.md", "docs/none.md")
    assert _problem(ROOT / "README.md", "docs/site.md#no-such-heading")
    assert _problem(ROOT / "README.md", "docs/site.md#mappings") is None


def _words_of(document: Path) -> list[tuple[str, list[str]]]:
    """Each word of the glossary with the names its last column gives."""
    rows = (re.split(r"(?<!\\)\|", line) for line in document.read_text("utf-8").splitlines() if line.startswith("| "))
    return [(row[1].strip(), re.findall(r"`([^`]+)`", row[3])) for row in rows if len(row) == 5]


def _defined() -> set[str]:
    """Classes and named types of the package and its stand-ins."""
    names = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Assign):
                names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names


def _tables() -> set[str]:
    migrations = (SOURCE / "store/migrations").glob("*.sql")
    return {name for path in migrations for name in re.findall(r"create table (\w+) \(", path.read_text("utf-8"))}


def test_every_name_in_the_glossary_is_a_class_or_a_table() -> None:
    words = _words_of(ROOT / "GLOSSARY.md")
    known = _defined() | _tables()
    assert len(words) > 60
    assert [(word, name) for word, names in words for name in names if name not in known] == []


def test_every_table_of_the_database_is_in_the_architecture() -> None:
    named = set(re.findall(r"`(\w+)`", (ROOT / "ARCHITECTURE.md").read_text("utf-8")))
    assert _tables() - named == set()


def _table_of_connectors() -> dict[str, dict[str, str]]:
    """The README's table: record -> connector -> cell."""
    text = (ROOT / "README.md").read_text("utf-8").partition("## What each connector supports")[2]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    names = [heading.split(" (")[0].lower() for heading in rows[0]]
    return {row[0].strip("`"): dict(zip(names[1:], row[1:], strict=True)) for row in rows[2:]}


@pytest.mark.parametrize("connector", CONNECTORS)
def test_the_table_in_the_readme_says_of_each_operation_what_its_connector_says(connector: str) -> None:
    facts = tomllib.loads((SOURCE / "connectors" / connector / "connector.toml").read_text("utf-8"))
    beginnings = {"supported": "yes", "by_substitute": "by substitute", "unsupported": "kept in Tieline"}
    table = _table_of_connectors()
    cells = {target: table.get(target, {}).get(connector, "") for target in facts["operation"]}
    wanted = {target: beginnings[row.get("support", "supported")] for target, row in facts["operation"].items()}
    assert {target: cell for target, cell in cells.items() if not cell.startswith(wanted[target])} == {}
    claimed = {target for target, row in table.items() if row[connector].startswith(("yes", "by substitute"))}
    assert claimed - set(facts["operation"]) == {"changes", "sign-in"} & claimed


def test_every_decision_is_in_the_list_of_decisions() -> None:
    pages = {path.name for path in (ROOT / "docs/adr").glob("0*.md")}
    assert pages == set(_links(ROOT / "docs/adr/README.md"))
    for name in pages:
        text = (ROOT / "docs/adr" / name).read_text("utf-8")
        assert text.startswith(f"# {name[:4]} "), name
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequences")), name


def test_the_schema_of_the_demo_is_valid_json() -> None:
    assert json.loads((ROOT / "docs/demo-result.schema.json").read_text("utf-8"))["type"] == "object"
