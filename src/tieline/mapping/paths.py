"""Dotted paths into nested records (`billing.city`, `addressBook.items.0.city`), compiled to closures.

A dot that belongs to a name is written `\\.` (`customerid\\.name`); a part of digits only is a list index.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from tieline.mapping.problems import RefusalError

ABSENT: Final = object()
"""What a getter answers when there is no such key; None means the key is there and empty."""

LARGEST_INDEX = 99
_DOT = re.compile(r"(?<!\\)\.")

Part = str | int
Getter = Callable[[Mapping[str, object]], object]
Setter = Callable[[dict[str, object], object], None]


@lru_cache(4096)
def split(path: str) -> tuple[Part, ...]:
    """The parts of a path. Raises ValueError for an empty part, a leading index or an index above 99."""
    parts = tuple(_part(text) for text in _DOT.split(path))
    if "" in parts:
        raise ValueError(f"'{path}' has an empty part: write names with single dots between them")
    if isinstance(parts[0], int) or any(isinstance(part, int) and part > LARGEST_INDEX for part in parts):
        raise ValueError(f"'{path}' must start with a name, and a list index is at most {LARGEST_INDEX}")
    return parts


def _part(text: str) -> Part:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text.replace("\\.", ".").strip()


def getter(path: str) -> Getter:
    """A function that reads the path from a record; a path through something that is no record is refused."""
    parts = split(path)
    if len(parts) == 1:
        name = str(parts[0])
        return lambda record: record.get(name, ABSENT)
    if len(parts) == 2:
        name, part = str(parts[0]), parts[1]

        def get_inside(record: Mapping[str, object]) -> object:
            node = record.get(name, ABSENT)
            return node if node is None or node is ABSENT else _child(node, part)

        return get_inside

    def get(record: Mapping[str, object]) -> object:
        node: object = record
        for part in parts:
            node = _child(node, part)
            if node is None or node is ABSENT:
                return node
        return node

    return get


def _child(node: object, part: Part) -> object:
    if isinstance(part, int):
        if not isinstance(node, list | tuple):
            raise RefusalError("cannot be read: a list was expected on the way to it")
        return node[part] if part < len(node) else ABSENT
    if not isinstance(node, Mapping):
        raise RefusalError("cannot be read: a record was expected on the way to it")
    return node.get(part, ABSENT)


def setter(path: str) -> Setter:
    """A function that puts a value under the path, making the records and lists on the way."""
    parts = split(path)
    if len(parts) == 1:
        name = str(parts[0])

        def put_flat(record: dict[str, object], value: object) -> None:
            record[name] = value

        return put_flat
    ways = tuple((part, list if isinstance(follower, int) else dict) for part, follower in pairwise(parts))
    last = parts[-1]

    def put(record: dict[str, object], value: object) -> None:
        node: Any = record
        for part, make in ways:
            node = _made(node, part, make)
        _made(node, last, lambda: None)
        node[last] = value

    return put


def _made(node: Any, part: Part, make: Callable[[], object]) -> Any:
    if isinstance(part, int):
        while len(node) <= part:
            node.append(make())
        return node[part]
    child = node.get(part)
    if child is None:
        child = node[part] = make()
    return child


def clearer(path: str) -> Setter | None:
    """How an empty value is sent: null at the path; a reference (`currency.id`) becomes null as a whole.

    None for a path through a list: an empty value there would make an empty row at the vendor.
    """
    parts = split(path)
    if any(isinstance(part, int) for part in parts):
        return None
    if len(parts) == 1 or parts[-1] != "id":
        return setter(path)
    parent = path.removesuffix(".id")
    read, put = getter(parent), setter(parent)

    def clear(record: dict[str, object], value: object) -> None:
        if read(record) is ABSENT:
            put(record, value)

    return clear


def overlapping(one: str, other: str) -> bool:
    """Whether both paths cannot be written: equal, one inside the other, or a list for one and names for the other."""
    for first, second in zip(split(one), split(other), strict=False):
        if first != second:
            return type(first) is not type(second)
    return True
