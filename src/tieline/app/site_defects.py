"""Mistakes in a site folder: each with its file, its line and what to do."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class SiteDefect:
    """A mistake in the site folder, where it is and what to do."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class SiteError(Exception):
    """The site cannot be used; carries every defect found."""

    def __init__(self, defects: list[SiteDefect]) -> None:
        self.defects = defects
        super().__init__("\n".join(map(str, defects)))


def read_text(file: Path) -> str:
    """A text file of the site. Raises SiteError when it is not UTF-8."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SiteError([SiteDefect(file, line, "this line is not UTF-8 text; save the file as UTF-8")]) from error


def toml_defect(file: Path, text: str, error: tomllib.TOMLDecodeError) -> SiteDefect:
    """The defect behind a syntax error."""
    found = re.search(r"\(at line (\d+)", str(error))
    return SiteDefect(file, int(found[1]) if found else max(len(text.splitlines()), 1), str(error))


def defect_at(file: Path, text: str, where: tuple[int | str, ...], message: str) -> SiteDefect:
    """The defect of a setting: `("connection", 1, "url")` is the key `url` of the second `[[connection]]`."""
    path = ".".join(str(part) for part in where if not isinstance(part, int))
    return SiteDefect(file, _line_of(text, where), f"{path}: {message}")


def _line_of(text: str, where: tuple[int | str, ...]) -> int:
    """The line of the key, else of the innermost table around it that has a header, else the first."""
    deepest, found = 0, 1
    counts: dict[tuple[int | str, ...], int] = {}
    path: tuple[int | str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            path = _entered(header[1], line.lstrip().startswith("[["), counts)
        around = len(path)
        if path != where[:around]:
            continue
        key = "" if header else line.split("=")[0].strip()
        depth = where.index(key, around) + 1 if key in where[around:] else around * bool(header)
        if depth > deepest:
            deepest, found = depth, number
    return found


def _entered(header: str, one_of_many: bool, counts: dict[tuple[int | str, ...], int]) -> tuple[int | str, ...]:
    """The place a header opens: `[[phase]]` the next phase, `[[phase.task]]` the next task of the newest phase."""
    path: tuple[int | str, ...] = ()
    names = [name.strip().strip("\"'") for name in header.split(".")]
    for place, name in enumerate(names, 1):
        path = (*path, name)
        if place == len(names) and one_of_many:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
