"""Every command explains itself."""

from typing import Any

import pytest
import typer

from tests.cli.conftest import Command
from tieline.cli import app


def commands() -> dict[str, Any]:
    """Name -> command, with those of groups."""
    found: dict[str, Any] = {}
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {one}": below for one, below in inner.items()} if inner else {name: command}
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_a_command_has_help_with_its_sentence_and_a_word_for_every_option(tieline: Command, name: str) -> None:
    ran = tieline(*name.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    command = commands()[name]
    assert command.help.splitlines()[0][:40] in " ".join(ran.out.split())
    for parameter in command.params:
        if parameter.name != "help":
            assert parameter.help, f"{name}: {parameter.name} says nothing"


@pytest.mark.parametrize("name", sorted(commands().keys() - {"worker"}))
def test_a_command_with_a_result_offers_json(name: str) -> None:
    options = {option for parameter in commands()[name].params for option in parameter.opts}
    assert "--json" in options


def test_tieline_alone_shows_all_commands(tieline: Command) -> None:
    ran = tieline()
    for name in commands():
        assert name.split()[0] in ran.out + ran.err


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["check", "--nonsense"], ["timeline"], ["retry", "x"], ["retry", "0"]]
)
def test_wrong_usage_is_told_with_exit_code_2(tieline: Command, arguments: list[str]) -> None:
    ran = tieline(*arguments)
    assert ran.code == 2
    assert "Usage: tieline" in ran.err
    assert "Traceback" not in ran.err
