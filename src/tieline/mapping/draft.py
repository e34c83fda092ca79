"""A first mapping for a record, drafted from the vendor's metadata for a consultant to check (`tieline discover`)."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from tieline.mapping.canonical import CanonicalField, leaf_paths
from tieline.mapping.transforms import TRANSFORMS

ENOUGH = 85
"""Score of 100 from which two names are taken for the same."""
MOST_FIELDS = 5_000
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\W]+")
_SUFFIX = re.compile(r"__[cr]$")
_TRANSFORM_OF = {
    "boolean": "boolean", "checkbox": "boolean", "bool": "boolean",
    "currency": "money", "money": "money", "amount": "money",
    "date": "date", "datetime": "datetime", "timestamp": "datetime",
    "decimal": "decimal", "double": "decimal", "float": "decimal", "number": "decimal",
    "email": "email",
    "int": "integer", "integer": "integer", "long": "integer",
    "multipicklist": "list_of_text", "multiselect": "list_of_text",
    "percent": "percent",
    "picklist": "code", "select": "code", "combobox": "code", "enum": "code",
    "reference": "reference",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class VendorField:
    """A field as the vendor's metadata describes it; `name` is the path a mapping would use."""

    name: str
    type: str
    required: bool
    custom: bool
    label: str


@dataclass(frozen=True, slots=True)
class _Match:
    score: float
    canonical: str
    field: VendorField
    transform: str


def draft_mapping(record: str, vendor_fields: Sequence[VendorField], *, vendor: str | None = None) -> str:
    """TOML text: rows for names that match, comments for required and custom fields that nothing matches.

    `vendor` is the vendor's record type (else the record's own name). Raises KeyError for an unknown record.
    """
    fields = vendor_fields[:MOST_FIELDS]
    matches = _best(record, fields)
    matched = {match.field for match in matches}
    heading = [f"record = {_text(record)}", f"vendor = {_text(vendor or record)}", "version = 1"]
    rows = [line for match in matches for line in _row(match)]
    notes = [_note(field) for field in fields if field not in matched and (field.required or field.custom)]
    return "\n".join(["# Drafted from the vendor's metadata: check each row.", *heading, *rows, *notes]) + "\n"


def _best(record: str, fields: Sequence[VendorField]) -> list[_Match]:
    """Each canonical and each vendor field at most once, the surest matches first."""
    leaves = leaf_paths(record)
    found = [match for path, kind in leaves.items() for field in fields for match in _matches(path, kind, field)]
    chosen: list[_Match] = []
    for match in sorted(found, key=lambda match: (-match.score, match.canonical, match.field.name)):
        if not any(match.canonical == other.canonical or match.field == other.field for other in chosen):
            chosen.append(match)
    order = list(leaves)
    return sorted(chosen, key=lambda match: order.index(match.canonical))


def _matches(path: str, kind: CanonicalField, field: VendorField) -> Iterator[_Match]:
    transform = _transform(kind, field.type)
    ours = _words(path)
    names = (_words(_SUFFIX.sub("", field.name)), _words(field.label))
    score = max(fuzz.token_sort_ratio(ours, name) for name in names)
    if transform and score >= ENOUGH:
        yield _Match(score, path, field, transform)


def _transform(kind: CanonicalField, vendor_type: str) -> str | None:
    name = _TRANSFORM_OF.get(vendor_type.lower(), "text")
    for candidate in (name, "decimal", "stamp") if name in ("money", "datetime") else (name,):
        if any(fit in kind.types or fit is object for fit in TRANSFORMS[candidate].canonical_types):
            return candidate
    return None


def _words(name: str) -> str:
    return " ".join(_WORD.sub(" ", name).lower().split())


def _row(match: _Match) -> list[str]:
    lines = ["", "[[field]]", f"canonical = {_text(match.canonical)}", f"vendor = {_text(match.field.name)}"]
    if match.transform != "text":
        lines.append(f"transform = {_text(match.transform)}")
    if match.transform == "code":
        lines.append(f"table = {_text(match.canonical.replace('.', '_'))}  # write this value table: ours,theirs")
    if match.transform == "list_of_text":
        lines.append('separator = ";"')
    if match.field.required:
        lines.append('required = "write"')
    return lines


def _note(field: VendorField) -> str:
    why = "Required by the vendor" if field.required else "Custom field"
    label = " ".join("".join(letter if letter.isprintable() else " " for letter in field.label).split())
    return f"\n# {why}, nothing of ours matches: {_text(field.name)} ({_text(field.type)}), {label}"


def _text(value: str) -> str:
    storable = value.encode("utf-8", "replace").decode()
    return json.dumps(storable, ensure_ascii=False).replace("\x7f", "\\u007f")
