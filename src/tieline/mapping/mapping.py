"""A mapping ready for use: translates one canonical record to one vendor record and back, by its table of rows."""

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Values
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tieline.mapping.canonical import field_of, owner_of
from tieline.mapping.checks import collisions, defects_of
from tieline.mapping.paths import ABSENT, getter
from tieline.mapping.problems import Defect, MappingFailed, MappingFileError, MappingProblem, RefusalError, shortened
from tieline.mapping.rows import FieldRow, MappingFile, option_words, overlay, read_mapping_file
from tieline.mapping.steps import ReadStep, WriteStep, constant_step, read_step, write_step
from tieline.mapping.transforms import TRANSFORMS, Codec, Surroundings, Transform
from tieline.mapping.value_tables import ValueTable, ValueTables

NO_LINKS: Values[str, str] = {}
CONFIDENTIAL = frozenset({"C3", "C4", "C5"})
MASK = "•••"


@dataclass(frozen=True, slots=True)
class Explained:
    """One row of a reading, for `tieline try`: what came, and what became of it."""

    canonical: str
    vendor: str
    transform: str
    raw: object
    """What the vendor sent; None when it sent nothing."""
    value: object
    problem: str | None


@dataclass(frozen=True, slots=True)
class CompiledField:
    """A row with its checked options and its two functions."""

    row: FieldRow
    options: Transform
    codec: Codec


class Mapping:
    """Two-way translation of one record; immutable and safe for any number of threads. Made by `load_mapping`."""

    def __init__(self, file: MappingFile, name: str, fields: Sequence[CompiledField], owned: frozenset[str]) -> None:
        self.name = name
        self.record = file.heading.record or ""
        self.vendor = file.heading.vendor or ""
        self.version = file.heading.version or 0
        self.note = file.heading.note or self.name
        self.fields = tuple(fields)
        self.file = file
        self._constants = tuple(constant_step(row) for row in file.constants)
        writing = [field for field in fields if "write" in field.row.ways and field.row.canonical not in owned]
        reading = sorted(
            (field for field in fields if "read" in field.row.ways), key=lambda field: bool(field.codec.beside)
        )
        self._writing: tuple[tuple[WriteStep, FieldRow], ...] = tuple(
            (write_step(field.row, field.codec, self.vendor), field.row) for field in writing
        )
        self._reading: tuple[tuple[ReadStep, FieldRow], ...] = tuple(
            (read_step(field.row, field.codec, self.vendor), field.row) for field in reading
        )

    def write(self, values: Values[str, object], links: Values[str, str] = NO_LINKS) -> dict[str, object]:
        """The vendor's record; its Decimals are to be encoded as JSON numbers. Raises MappingFailed with all problems.

        A canonical field that is absent is not sent; one that is None clears the vendor's field (see `empty`).
        Fields the target system owns are never in the result.
        """
        out: dict[str, object] = {}
        for put in self._constants:
            put(out)
        problems: list[MappingProblem] = []
        for step, row in self._writing:
            try:
                step(values, links, out)
            except RefusalError as refusal:
                source = links if row.transform == "link" else values
                problems.append(self._problem(row, refusal, row.canonical, source))
        if problems:
            raise MappingFailed(problems)
        return out

    def read(self, vendor: object) -> dict[str, object]:
        """The canonical fields of a vendor's record, as a plain nested dict. Raises MappingFailed with all problems."""
        out: dict[str, object] = {}
        record = self._record(vendor)
        problems: list[MappingProblem] = []
        for step, row in self._reading:
            try:
                step(record, out)
            except RefusalError as refusal:
                problems.append(self._problem(row, refusal, row.vendor, record))
        if problems:
            raise MappingFailed(problems)
        return out

    def explain(self, vendor: object) -> list[Explained]:
        """A reading row by row: the raw value, and the result or the problem."""
        record = self._record(vendor)
        rows: list[Explained] = []
        out: dict[str, object] = {}
        for step, row in self._reading:
            problem = None
            try:
                step(record, out)
            except RefusalError as refusal:
                problem = self._problem(row, refusal, row.vendor, record).message
            value = None if problem else _peek(row.canonical, out)
            rows.append(Explained(row.canonical, row.vendor, row.transform, _peek(row.vendor, record), value, problem))
        return rows

    def vendor_fields(self, direction: str) -> list[str]:
        """The vendor paths used on `read` (what a reader must request) or on `write`, without those never written."""
        if direction not in ("read", "write"):
            raise ValueError(f"direction is read or write, not '{direction}'")
        constants = [row.vendor for row in self.file.constants] if direction == "write" else []
        steps = self._reading if direction == "read" else self._writing
        return list(dict.fromkeys(constants + [row.vendor for _, row in steps]))

    def checks(self) -> list[Defect]:
        """What a person should mend although the mapping runs: see `checks.defects_of`."""
        return defects_of(self.file, [(field.row, field.options) for field in self.fields])

    def _record(self, vendor: object) -> Values[str, object]:
        if not isinstance(vendor, Values):
            message = f"{self.vendor} did not arrive as a record"
            raise MappingFailed([MappingProblem(self.name, "", "", None, shortened(vendor), message)])
        return vendor

    def _problem(
        self, row: FieldRow, refusal: RefusalError, path: str, source: Values[str, object] | Values[str, str]
    ) -> MappingProblem:
        confidential = _is_confidential(self.record, row.canonical)
        raw = _peek(path, source)
        shown = None if raw is None else MASK if confidential else shortened(raw)
        label = row.label or field_words(self.record, row.canonical)
        message = refusal.text if refusal.whole else f"{label[:1].upper()}{label[1:]} {refusal.text}"
        if shown is not None and not confidential and not refusal.whole:
            message = f"{message} (it is '{shown}')"
        table = row.options.get("table")
        return MappingProblem(self.name, row.canonical, row.vendor, str(table) if table else None, shown, message)


def load_mapping(
    shipped: Path,
    *,
    overrides: Path | None,
    tables: ValueTables,
    owners: Values[str, str] | None = None,
    target_role: str | None = None,
) -> Mapping:
    """The mapping of a shipped file with the site's file over it (a path where no file is, is no override).

    `owners` are the site's changes to the model's ownership, by canonical path; fields owned by `target_role` are never
    written. Raises MappingFileError with file and line of every defect that stops the mapping.
    """
    file = read_mapping_file(shipped)
    if overrides is not None and overrides.is_file():
        file = overlay(file, read_mapping_file(overrides))
    defects = _heading_defects(file) + collisions(file)
    fields: list[CompiledField] = []
    for row in file.fields:
        compiled, found = _compiled(file, row, tables)
        defects += found
        fields += [compiled] if compiled else []
    if defects:
        raise MappingFileError(defects)
    record = file.heading.record or ""
    owned = frozenset(
        row.canonical
        for row in file.fields
        if target_role and row.transform != "link" and owner_of(record, row.canonical, owners or {}) == target_role
    )
    return Mapping(file, shipped.stem, fields, owned)


def check_mapping(
    shipped: Path, *, overrides: Path | None, tables: ValueTables, owners: Values[str, str] | None = None
) -> list[Defect]:
    """All defects of a mapping for `tieline check`: those that stop it, or else those of `Mapping.checks`."""
    try:
        return load_mapping(shipped, overrides=overrides, tables=tables, owners=owners).checks()
    except MappingFileError as error:
        return list(error.defects)


def _heading_defects(file: MappingFile) -> list[Defect]:
    keys = {"record": file.heading.record, "vendor": file.heading.vendor, "version": file.heading.version}
    return [Defect(file.path, 1, f"'{key}' is missing above the rows") for key, value in keys.items() if not value]


def _compiled(file: MappingFile, row: FieldRow, tables: ValueTables) -> tuple[CompiledField | None, list[Defect]]:
    kind = TRANSFORMS.get(row.transform)
    if kind is None:
        return None, [row.defect(f"'{row.transform}' is no transform; there are: {', '.join(TRANSFORMS)}")]
    if kind.write_only and "read" in row.ways:
        return None, [row.defect(f'the transform {row.transform} only writes: leave out direction = "{row.direction}"')]
    try:
        options = kind.model_validate(row.options)
        codec = options.codec(_surroundings(file, row, tables.table))
    except ValidationError as error:
        return None, [row.defect(words) for words in option_words(error, row.transform)]
    except MappingFileError as error:
        return None, list(error.defects)
    except KeyError as error:
        folders = ", ".join(str(folder) for folder in tables.folders)
        return None, [row.defect(f"there is no value table {error.args[0]}.csv in {folders}")]
    except (ValueError, RefusalError) as error:
        return None, [row.defect(f"transform {row.transform}: {error}")]
    return CompiledField(row, options, codec), []


def _surroundings(file: MappingFile, row: FieldRow, table: Callable[[str], ValueTable]) -> Surroundings:
    return Surroundings(
        field_words=row.label or field_words(file.heading.record or "", row.canonical),
        vendor=f"{file.heading.vendor}.{row.vendor}",
        writes="write" in row.ways,
        reads="read" in row.ways,
        table=table,
    )


def field_words(record: str, canonical: str) -> str:
    """A field's name for people: `time_entry`, `work_date` -> `time entry work date`."""
    return f"{record} {canonical}".replace("_", " ").replace(".", " ")


def _peek(path: str, source: Values[str, object] | Values[str, str]) -> object:
    try:
        value = getter(path)(source)
    except RefusalError:
        return None
    return None if value is ABSENT else value


def _is_confidential(record: str, canonical: str) -> bool:
    try:
        return field_of(record, canonical).owned.field_class in CONFIDENTIAL
    except KeyError:
        return False
