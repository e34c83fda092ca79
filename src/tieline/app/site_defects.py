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
    """The line of the key, else of its table's header (the n-th, in a list of tables), else the first."""
    table, *rest = [str(part) for part in where if not isinstance(part, int)] or [""]
    nth = next((part for part in where if isinstance(part, int)), 0)
    inside, seen, found = "", -1, 1
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            inside = header[1].replace(" ", "")
            seen += inside == table
            if seen == nth and inside in (table, ".".join((table, *rest))):
                found = number
            continue
        key = line.split("=")[0].strip()
        of_table = seen == nth and inside.split(".")[0] == table and key in rest
        if of_table or (not inside and not rest and key == table):
            return number
    return found
