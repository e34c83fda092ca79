"""What can be wrong with a value (a problem, for a person) and with a mapping file (a defect, for the consultant)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class MappingProblem:
    """One value that cannot be translated. `message` is a whole sentence in business words."""

    mapping: str
    canonical: str
    vendor: str
    table: str | None
    value: str | None
    """The value, shortened; `•••` where the field is confidential (C3 to C5), None where it is missing."""
    message: str


class MappingFailed(Exception):
    """A record cannot be translated; carries every problem, not only the first."""

    def __init__(self, problems: Sequence[MappingProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Defect:
    """A mistake in a mapping file or value table, where it is and what to do."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class MappingFileError(Exception):
    """A mapping cannot be used; carries every defect found in its files."""

    def __init__(self, defects: Sequence[Defect]) -> None:
        self.defects = tuple(defects)
        super().__init__("\n".join(str(defect) for defect in self.defects))


class RefusalError(Exception):
    """Raised by a transform; `text` goes on after the field's name ("is not a date"), unless it is a whole sentence."""

    def __init__(self, text: str, *, whole: bool = False) -> None:
        self.text = text
        self.whole = whole
        super().__init__(text)


def shortened(value: object) -> str:
    """A value for display, cut at 80 characters; the whole is never copied when it is huge."""
    text = value[: LONGEST_SHOWN + 1] if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
