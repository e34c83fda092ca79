"""Rows compiled to closures: each moves one field of a record, one way."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tieline.mapping.paths import ABSENT, Setter, clearer, getter, setter
from tieline.mapping.problems import RefusalError
from tieline.mapping.rows import ConstantRow, FieldRow
from tieline.mapping.transforms import Codec

Values = Mapping[str, object]
WriteStep = Callable[[Values, Mapping[str, str], dict[str, object]], None]
ReadStep = Callable[[Values, dict[str, object]], None]
Convert = Callable[[object], object]


def write_step(row: FieldRow, codec: Codec, vendor: str) -> WriteStep:
    """One field, ours to the vendor's: absent is not sent, None is sent as the row's `empty` says."""
    get, put, convert = getter(row.canonical), setter(row.vendor), codec.write
    clear = None if row.empty == "omit" else clearer(row.vendor)
    missing = f"is missing, and {vendor}.{row.vendor} needs it" if row.requires("write") else None
    if row.transform == "link":
        return _link_step(row.canonical, put, convert, missing)
    beside = getter(codec.beside) if codec.beside else None

    def step(values: Values, _: Mapping[str, str], out: dict[str, object]) -> None:
        value = get(values)
        if value is not None and value is not ABSENT:
            converted = convert(value) if beside is None else convert((value, beside(values)))
            if converted is not None:
                put(out, converted)
                return
        if missing:
            raise RefusalError(missing)
        if value is not ABSENT and clear:
            clear(out, None)

    return step


def _link_step(name: str, put: Setter, convert: Convert, missing: str | None) -> WriteStep:
    def step(_: Values, links: Mapping[str, str], out: dict[str, object]) -> None:
        value = links.get(name)
        if value is not None:
            put(out, convert(value))
        elif missing:
            raise RefusalError(missing)

    return step


def read_step(row: FieldRow, codec: Codec, vendor: str) -> ReadStep:
    """One field, the vendor's to ours: what is missing, null or empty is left out, so the model's default applies."""
    get, put, convert = getter(row.vendor), setter(row.canonical), codec.read
    missing = f"is missing in {vendor}.{row.vendor}" if row.requires("read") else None
    beside = getter(codec.beside) if codec.beside else None

    def step(values: Values, out: dict[str, object]) -> None:
        value = get(values)
        if value is not None and value is not ABSENT:
            converted = convert(value) if beside is None else convert((value, beside(out)))
            if converted is not None:
                put(out, converted)
                return
        if missing:
            raise RefusalError(missing)

    return step


def constant_step(row: ConstantRow) -> Callable[[dict[str, object]], None]:
    """A fixed value; lists and records are copied, so that no caller changes the mapping."""
    put, value = setter(row.vendor), row.value
    if isinstance(value, list | dict):
        mutable: Any = value
        return lambda out: put(out, copy.deepcopy(mutable))
    return lambda out: put(out, value)
