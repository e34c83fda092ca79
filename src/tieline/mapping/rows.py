"""The rows of mapping files: read from TOML with line numbers, checked for form, the site's laid over the shipped."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tieline.mapping.paths import split
from tieline.mapping.problems import Defect, MappingFileError

Direction = Literal["read", "write", "both"]
MOST_BYTES = 1_000_000
TOP_KEYS = {"record", "vendor", "version", "note", "field", "constant", "remove"}
_HEADER = re.compile(r"^\s*\[\[\s*(\w+)\s*\]\]", re.MULTILINE)
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+)\s*=", re.MULTILINE)


class Row(BaseModel):
    """What all rows have: where they stand."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    file: Path
    line: int

    def defect(self, message: str) -> Defect:
        """A defect at this row."""
        return Defect(self.file, self.line, message)


class FieldRow(Row):
    """A canonical field and the vendor's field for it; keys that are not listed here are options of the transform."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    canonical: str
    vendor: str
    transform: str = "text"
    direction: Direction | None = None
    required: Direction | None = None
    empty: Literal["null", "omit"] | None = None
    """How no value is sent: null (clears the vendor's field), or not at all. Inside lists always omitted."""
    label: str | None = None
    note: str | None = None

    @property
    def ways(self) -> frozenset[str]:
        """`read`, `write` or both; a link is written only."""
        if self.direction is None and self.transform == "link":
            return frozenset({"write"})
        return frozenset({"read", "write"}) if self.direction in (None, "both") else frozenset({str(self.direction)})

    @property
    def options(self) -> dict[str, Any]:
        """The transform's options."""
        return dict(self.model_extra or {})

    def requires(self, way: str) -> bool:
        """Whether a missing value is a problem in this direction."""
        return self.required in (way, "both")

    def without(self, ways: frozenset[str]) -> "FieldRow | None":
        """What is left of this row when another one takes over some directions."""
        left = self.ways - ways
        if left == self.ways or not left:
            return self if left else None
        return self.model_copy(update={"direction": next(iter(left))})


class ConstantRow(Row):
    """A fixed vendor value on write."""

    vendor: str
    value: bool | int | str | Decimal | list[Any] | dict[str, Any]
    note: str | None = None


class RemoveRow(Row):
    """A shipped row the site does without: a canonical field, or a constant by its vendor path."""

    canonical: str | None = None
    vendor: str | None = None
    direction: Direction = "both"
    note: str | None = None


class Heading(BaseModel):
    """The keys above the rows."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    record: str | None = None
    vendor: str | None = None
    version: int | None = Field(default=None, ge=1)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class MappingFile:
    """The content of one file, or of a shipped file with the site's laid over it."""

    path: Path
    heading: Heading
    fields: Sequence[FieldRow]
    constants: Sequence[ConstantRow]
    removals: Sequence[RemoveRow]
    doubts: Sequence[Defect] = ()
    """What a person should look at although the rows are usable."""


R = TypeVar("R", bound=Row)


def read_mapping_file(path: Path) -> MappingFile:
    """The rows of one TOML file. Raises MappingFileError with every defect of form."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise MappingFileError([Defect(path, 1, f"is larger than {MOST_BYTES} bytes")])
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingFileError([Defect(path, 1, f"cannot be read: {error}")]) from error
    return _rows_of(path, text)


@lru_cache(256)
def _rows_of(path: Path, text: str) -> MappingFile:
    """Once for each text: TOML takes milliseconds, and each connection has many files."""
    try:
        content = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise MappingFileError([Defect(path, int(line[1]) if line else 1, f"is not valid TOML: {error}")]) from error
    defects = [
        Defect(path, _line_of_key(text, key), f"'{key}' is no key of a mapping; known: {', '.join(sorted(TOP_KEYS))}")
        for key in content
        if key not in TOP_KEYS
    ]
    try:
        heading = Heading.model_validate({key: content[key] for key in Heading.model_fields if key in content})
    except ValidationError as error:
        heading = Heading()
        defects += [Defect(path, _line_of_key(text, str(where["loc"][0])), _words(where)) for where in error.errors()]
    fields = _rows(FieldRow, "field", content, text, path, defects)
    constants = _rows(ConstantRow, "constant", content, text, path, defects)
    removals = _rows(RemoveRow, "remove", content, text, path, defects)
    defects += _path_defects(fields, constants)
    if defects:
        raise MappingFileError(defects)
    return MappingFile(path, heading, fields, constants, removals)


def _line_of_key(text: str, key: str) -> int:
    found = next((match for match in _KEY.finditer(text) if match[1] == key), None)
    return text.count("\n", 0, found.start(1)) + 1 if found else 1


def _rows(kind: type[R], name: str, content: dict[str, Any], text: str, path: Path, defects: list[Defect]) -> list[R]:
    raw = content.get(name, [])
    if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
        defects.append(Defect(path, _line_of_key(text, name), f"'{name}' must be rows: write [[{name}]]"))
        return []
    lines = _lines(text, name, len(raw))
    rows: list[R] = []
    for line, row in zip(lines, raw, strict=True):
        reserved = {"file", "line"} & row.keys()
        defects += [Defect(path, line, f"'{key}' is no key of a [[{name}]] row") for key in sorted(reserved)]
        try:
            rows.append(kind.model_validate(row | {"file": path, "line": line}))
        except ValidationError as error:
            defects += [Defect(path, line, _words(where)) for where in error.errors()]
    return rows


def _lines(text: str, name: str, count: int) -> list[int]:
    """Lines of the `[[name]]` headers; tomllib gives none. Line 1 for all when a text value imitates a header."""
    found = [text.count("\n", 0, match.start(1)) + 1 for match in _HEADER.finditer(text) if match[1] == name]
    return found if len(found) == count else [1] * count


def _words(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"'{where}' is missing" if error["type"] == "missing" else f"'{where}': {error['msg']}"


def option_words(error: ValidationError, transform: str) -> Iterable[str]:
    """The defects of a row's options, as sentences."""
    for where in error.errors():
        if where["type"] == "extra_forbidden":
            yield f"'{where['loc'][0]}' is no option of the transform {transform}"
        else:
            yield f"transform {transform}, option {_words(where)}"


def _path_defects(fields: Sequence[FieldRow], constants: Sequence[ConstantRow]) -> list[Defect]:
    paths: list[tuple[Row, str]] = [(row, path) for row in fields for path in (row.canonical, row.vendor)]
    defects: list[Defect] = []
    for row, path in paths + [(row, row.vendor) for row in constants]:
        try:
            split(path)
        except ValueError as error:
            defects.append(row.defect(str(error)))
    return defects


def overlay(shipped: MappingFile, site: MappingFile) -> MappingFile:
    """The site's rows in place of shipped rows of the same canonical field and direction.

    Raises MappingFileError for a removal that removes nothing: the shipped mapping has changed under the site.
    """
    taken = [(row.canonical, row.ways) for row in site.fields]
    removed = [(row.canonical, _ways(row.direction)) for row in site.removals if row.canonical]
    fields = list(shipped.fields)
    for canonical, ways in taken + removed:
        fields = [left for row in fields if (left := row if row.canonical != canonical else row.without(ways))]
    replaced = {row.vendor for row in site.constants} | {row.vendor for row in site.removals if not row.canonical}
    constants = [row for row in shipped.constants if row.vendor not in replaced]
    _check_site(shipped, site)
    all_fields, all_constants = fields + list(site.fields), constants + list(site.constants)
    return MappingFile(shipped.path, shipped.heading, all_fields, all_constants, (), _version_doubts(shipped, site))


def _ways(direction: Direction) -> frozenset[str]:
    return frozenset({"read", "write"}) if direction == "both" else frozenset({direction})


def _version_doubts(shipped: MappingFile, site: MappingFile) -> list[Defect]:
    ours, theirs = site.heading.version, shipped.heading.version
    if ours is None or ours == theirs:
        return []
    return [
        Defect(site.path, 1, f"was written over version {ours} of {shipped.path.name}, which is now {theirs}: compare")
    ]


def _check_site(shipped: MappingFile, site: MappingFile) -> None:
    known = {row.canonical for row in shipped.fields}
    constants = {row.vendor for row in shipped.constants}
    defects = []
    if site.heading.record not in (None, shipped.heading.record):
        defects.append(
            Defect(site.path, 1, f"is for the record '{site.heading.record}', not '{shipped.heading.record}'")
        )
    for row in site.removals:
        name, names = (row.canonical, known) if row.canonical else (row.vendor, constants)
        if (row.canonical is None) == (row.vendor is None):
            defects.append(row.defect("[[remove]] names either a canonical field or the vendor path of a constant"))
        elif name not in names:
            defects.append(row.defect(f"[[remove]] names '{name}', which {shipped.path.name} does not have"))
    if defects:
        raise MappingFileError(defects)
