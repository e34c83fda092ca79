"""Value tables: CSV files that pair our codes with the vendor's, looked up in the site first, then as shipped.

A file `<folder>/<table>.csv` has the header `ours,theirs` and, when wanted, `preferred` and `note`; a consultant may
keep it in a spreadsheet (semicolons are understood). Comment lines above the header may name the two sides in business
words: `# ours: Kantata role` and `# theirs: service item in NetSuite`.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tieline.mapping.problems import Defect, MappingFileError

COLUMNS = {"ours", "theirs", "preferred", "note"}
MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One pair of codes and where it stands."""

    ours: str
    theirs: str
    preferred: bool
    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class ValueTable:
    """A table ready for use, both ways."""

    name: str
    theirs_of: dict[str, str]
    ours_of: dict[str, str]
    ours_label: str | None = None
    theirs_label: str | None = None
    ambiguous: tuple[Defect, ...] = ()
    """One vendor code for several of ours: fine for writing, a defect where the table is read."""


@dataclass(frozen=True, slots=True)
class _File:
    rows: list[ValueRow]
    labels: dict[str, str]


@dataclass
class ValueTables:
    """The value tables of one connection; `folders` in order of precedence, the site's first.

    A row of an earlier folder replaces all rows of later folders with the same `ours`.
    """

    folders: Sequence[Path]
    _loaded: dict[str, ValueTable] = field(default_factory=dict)

    def table(self, name: str) -> ValueTable:
        """The table of that name, read once. Raises MappingFileError with every defect, KeyError when there is none."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> ValueTable:
        paths = [path for folder in self.folders if (path := folder / f"{name}.csv").is_file()]
        if not paths or not _plain(name):
            raise KeyError(name)
        files = [_read(path) for path in paths]
        rows: list[ValueRow] = []
        for file in files:
            known = {row.ours for row in rows}
            rows.extend(row for row in file.rows if row.ours not in known)
        labels = {side: text for file in reversed(files) for side, text in file.labels.items()}
        return _table(name, rows, labels)


def _plain(name: str) -> bool:
    return bool(name) and all(letter.isalnum() or letter in "_-" for letter in name)


def _read(path: Path) -> _File:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MappingFileError([Defect(path, 1, f"cannot be read as UTF-8 text: {error}")]) from error
    labels, start = _labels(lines)
    header = lines[start] if start < len(lines) else ""
    reader = csv.reader(lines[start:], delimiter=";" if ";" in header and "," not in header else ",")
    columns = [cell.strip().lower() for cell in next(reader, [])]
    defects = _header_defects(path, start + 1, columns)
    rows: list[ValueRow] = []
    try:
        for cells in reader:
            row = _row(path, start + reader.line_num, columns, cells)
            if isinstance(row, Defect):
                defects.append(row)
            elif row:
                rows.append(row)
    except csv.Error as error:
        defects.append(Defect(path, start + reader.line_num, f"is not readable as CSV: {error}"))
    if len(rows) > MOST_ROWS:
        defects.append(Defect(path, start + 1, f"has more than {MOST_ROWS} rows"))
    if defects:
        raise MappingFileError(defects)
    return _File(rows, labels)


def _labels(lines: list[str]) -> tuple[dict[str, str], int]:
    labels: dict[str, str] = {}
    start = 0
    while start < len(lines) and (not lines[start].strip() or lines[start].startswith("#")):
        side, _, text = lines[start].lstrip("# ").partition(":")
        if side.strip() in ("ours", "theirs") and text.strip():
            labels[side.strip()] = text.strip().rstrip(",;")
        start += 1
    return labels, start


def _header_defects(path: Path, line: int, columns: list[str]) -> list[Defect]:
    if not {"ours", "theirs"} <= set(columns):
        return [Defect(path, line, "needs a header row with the columns ours,theirs (and preferred, note if wanted)")]
    unknown = [column for column in columns if column and column not in COLUMNS]
    return [
        Defect(path, line, f"has a column '{name}' nobody knows; known: {', '.join(sorted(COLUMNS))}")
        for name in unknown
    ]


def _row(path: Path, line: int, columns: list[str], cells: list[str]) -> ValueRow | Defect | None:
    if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
        return None
    if len(cells) > len(columns):
        return Defect(
            path, line, f"has {len(cells)} cells under {len(columns)} columns: put a text with commas in quotes"
        )
    row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    ours, theirs, preferred = row.get("ours", ""), row.get("theirs", ""), row.get("preferred", "").lower()
    if not ours or not theirs:
        return Defect(path, line, "needs both a value of ours and one of theirs")
    if preferred not in ("", "yes", "no"):
        return Defect(path, line, f"preferred is '{preferred}': write yes, or leave it empty")
    return ValueRow(ours, theirs, preferred == "yes", path, line)


def _table(name: str, rows: list[ValueRow], labels: dict[str, str]) -> ValueTable:
    theirs_of: dict[str, str] = {}
    defects: list[Defect] = []
    for ours, group in _grouped(rows, "ours").items():
        chosen = group if len(group) == 1 else [row for row in group if row.preferred]
        if len(chosen) == 1:
            theirs_of[ours] = chosen[0].theirs
            continue
        last = group[-1]
        lines = ", ".join(str(row.line) for row in group)
        defects.append(Defect(last.file, last.line, f"'{ours}' stands on lines {lines}: mark exactly one as preferred"))
    ours_of: dict[str, str] = {}
    ambiguous: list[Defect] = []
    for theirs, group in _grouped(rows, "theirs").items():
        if len({row.ours for row in group}) == 1:
            ours_of[theirs] = group[0].ours
            continue
        names = ", ".join(f"'{row.ours}'" for row in group)
        ambiguous.append(
            Defect(group[-1].file, group[-1].line, f"'{theirs}' stands for {names}: it cannot be read back")
        )
    if defects:
        raise MappingFileError(defects)
    return ValueTable(name, theirs_of, ours_of, labels.get("ours"), labels.get("theirs"), tuple(ambiguous))


def _grouped(rows: Iterable[ValueRow], side: str) -> dict[str, list[ValueRow]]:
    groups: dict[str, list[ValueRow]] = {}
    for row in rows:
        groups.setdefault(row.ours if side == "ours" else row.theirs, []).append(row)
    return groups
