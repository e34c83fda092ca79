"""What `tieline check` finds in a mapping that loads: wrong fields or types; and what stops it: rows that collide."""

from collections.abc import Sequence

from tieline.mapping.canonical import CanonicalField, field_of, leaf_paths, records
from tieline.mapping.paths import overlapping
from tieline.mapping.problems import Defect
from tieline.mapping.rows import ConstantRow, FieldRow, MappingFile
from tieline.mapping.transforms import Transform

Checked = tuple[FieldRow, Transform]


def defects_of(file: MappingFile, fields: Sequence[Checked]) -> list[Defect]:
    """Unknown record or field, a transform that does not fit the field's type, a stale override."""
    record = file.heading.record or ""
    if record not in records():
        known = ", ".join(sorted(records()))
        return [Defect(file.path, 1, f"record = '{record}' is no canonical record; there are: {known}")]
    defects = [defect for row, options in fields for defect in _field_defects(record, row, options)]
    return defects + list(file.doubts)


def _field_defects(record: str, row: FieldRow, options: Transform) -> list[Defect]:
    if options.write_only:
        return []
    try:
        field = field_of(record, row.canonical)
    except KeyError:
        near = [path for path in leaf_paths(record) if row.canonical.rpartition(".")[2] in path]
        hint = f"; did you mean {' or '.join(near[:3])}?" if near else ""
        return [row.defect(f"{record} has no field '{row.canonical}'{hint}")]
    if not _fits(field, options):
        kinds = " or ".join(sorted(kind.__name__ for kind in field.types))
        wanted = " or ".join(kind.__name__ for kind in options.canonical_types)
        return [row.defect(f"transform {row.transform} makes {wanted}, but {record}.{row.canonical} is {kinds}")]
    return []


def _fits(field: CanonicalField, options: Transform) -> bool:
    wanted = options.canonical_types
    if object in wanted or object in field.types:
        return True
    return any(kind in field.types for kind in wanted)


def collisions(file: MappingFile) -> list[Defect]:
    """Rows that write one vendor path, or read into one canonical field: such a mapping does not load."""
    rows: list[FieldRow | ConstantRow] = [*file.constants, *(row for row in file.fields if "write" in row.ways)]
    written = [
        later.defect(f"writes {later.vendor}, which line {earlier.line} of {earlier.file.name} writes already")
        for place, later in enumerate(rows)
        for earlier in rows[:place]
        if overlapping(earlier.vendor, later.vendor)
    ]
    reading = [row for row in file.fields if "read" in row.ways]
    return written + [
        later.defect(f"reads into {later.canonical}, which line {earlier.line} of {earlier.file.name} reads already")
        for place, later in enumerate(reading)
        for earlier in reading[:place]
        if overlapping(earlier.canonical, later.canonical)
    ]
