"""Every command and option of the command line is explained in docs/cli.md, and no other."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

import tieline_standins.cli
from tieline.cli import app

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def _commands(group: Any, path: str) -> dict[str, Any]:
    """Commands by their whole name. Typer carries a click of its own, so they are known by what they have."""
    found: dict[str, Any] = {} if hasattr(group, "commands") else {path: group}
    for name, command in getattr(group, "commands", {}).items():
        found |= _commands(command, f"{path} {name}")
    return found


COMMANDS = _commands(typer.main.get_command(app), "tieline")


def _options(command: Any) -> set[str]:
    return {name for each in command.params for name in each.opts if name.startswith("--")}


def _sections() -> dict[str, str]:
    parts = re.split(r"^#{2,3} (.+)$", (DOCS / "cli.md").read_text("utf-8"), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {heading.strip("`"): text for heading, text in sections.items() if heading.startswith("`tieline ")}


def test_every_command_has_its_section_and_no_section_is_about_another() -> None:
    assert set(_sections()) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_section_of_a_command_names_exactly_its_options(name: str) -> None:
    assert set(OPTION.findall(_sections().get(name, ""))) == _options(COMMANDS[name])


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_section_of_a_command_names_its_arguments(name: str) -> None:
    usage = _sections().get(name, "").strip().strip("`").partition("`")[0]
    arguments = [each for each in COMMANDS[name].params if each.param_type_name == "argument"]
    written = re.sub(r"\[[^\]]*\]|--[a-z]+ [A-Z]+", "", usage).removeprefix(name).split()
    assert len(written) == len(arguments)


def test_every_option_of_the_stand_ins_is_explained() -> None:
    command = typer.main.get_command(tieline_standins.cli.app)
    text = (DOCS / "standins.md").read_text("utf-8")
    for name, explained in _commands(command, "tieline-standins").items():
        assert name in text
        assert {option for option in _options(explained) if f"`{option}`" not in text} == set()
    assert {name for name in tieline_standins.cli.VENDORS if f"`{name}`" not in text} == set()
