"""A mutant: text of the source replaced by text that breaks a promise, and the tests that must notice."""

import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src"
TABLE = Path(__file__).with_name("mutants.toml")


class DoesNotApply(Exception):
    """The text to be replaced is not there exactly once."""


@dataclass(frozen=True)
class Mutant:
    """One table of the file."""

    name: str
    breaks: str
    file: str
    replacements: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]

    def applied(self, text: str) -> str:
        """The file with the promise broken. Raises DoesNotApply."""
        for before, after in self.replacements:
            if text.count(before) != 1:
                found = text.count(before)
                raise DoesNotApply(f"{self.name}: its text is {found} times in {self.file}; mend the mutant:\n{before}")
            text = text.replace(before, after)
        return text

    @property
    def original(self) -> str:
        """The file as it is."""
        return (SOURCE / "tieline" / self.file).read_text("utf-8")

    @property
    def arguments(self) -> list[str]:
        """What pytest is called with."""
        return [part for test in self.tests for part in shlex.split(test)]


def mutants() -> list[Mutant]:
    """All of them."""
    return [
        Mutant(
            name=name,
            breaks=one["breaks"],
            file=one["file"],
            replacements=((one["before"], one["after"]), *map(tuple, one.get("also", []))),
            tests=tuple(one["tests"]),
        )
        for name, one in tomllib.loads(TABLE.read_text("utf-8")).items()
    ]
