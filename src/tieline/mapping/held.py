"""What a vendor's record holds otherwise than a mapping writes it, field by field."""

from collections.abc import Container
from collections.abc import Mapping as Values
from dataclasses import dataclass

from tieline.mapping.mapping import Mapping
from tieline.mapping.paths import ABSENT, getter
from tieline.mapping.problems import RefusalError


@dataclass(frozen=True, slots=True)
class HeldOtherwise:
    """One field; both values in the vendor's form, None for nothing."""

    canonical: str
    vendor: str
    written: object
    held: object


def held_otherwise(
    mapping: Mapping, wanted: Container[str], written: Values[str, object], stored: Values[str, object]
) -> list[HeldOtherwise]:
    """Of the canonical fields wanted, those the stored record has otherwise than what we write.

    A field the mapping does not write, since the site removed its row or the system owns it, and a value we leave out
    say nothing.
    """
    paths, found = set(mapping.vendor_fields("write")), []
    for field in mapping.fields:
        row = field.row
        if row.canonical not in wanted or row.vendor not in paths:
            continue
        ours, theirs = _value(row.vendor, written), _value(row.vendor, stored)
        if ours is not None and str(ours) != str(theirs):
            found.append(HeldOtherwise(row.canonical, row.vendor, ours, theirs))
    return found


def _value(path: str, record: Values[str, object]) -> object:
    try:
        value = getter(path)(record)
    except RefusalError:
        return None
    return None if value is ABSENT else value
