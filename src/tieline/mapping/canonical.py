"""What the model says of a canonical field: type, owner and class, looked up by record name and dotted path."""

import importlib
import pkgutil
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from pydantic import BaseModel

import tieline.model
from tieline.mapping.paths import split
from tieline.model.record import Owned, Record

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class CanonicalField:
    """One field of a record: Python types it may hold (`object` = anything), and the mark of who owns it."""

    types: frozenset[type]
    owned: Owned


@cache
def records() -> Mapping[str, type[Record]]:
    """All canonical records by name: `time_entry` -> TimeEntry."""
    names = [module.name for module in pkgutil.iter_modules(tieline.model.__path__)]
    modules = [importlib.import_module(f"tieline.model.{name}") for name in names]
    found = [item for module in modules for item in vars(module).values() if isinstance(item, type)]
    return {_snake(item.__name__): item for item in found if issubclass(item, Record) and item is not Record}


def _snake(name: str) -> str:
    return _CAPITAL.sub("_", name).lower()


def field_of(record: str, path: str) -> CanonicalField:
    """The field under a path. Raises KeyError with the part of the path that is no field."""
    kind: Any = records()[record]
    owned = Owned("tieline")
    for part in split(path):
        kind, mark = _step(kind, part)
        owned = mark or owned
    return CanonicalField(frozenset(_plain_types(kind)), owned)


def _step(kind: Any, part: str | int) -> tuple[Any, Owned | None]:
    for option in _options(kind):
        if isinstance(option, type) and issubclass(option, BaseModel) and isinstance(part, str):
            field = option.model_fields.get(part)
            if field is not None:
                return field.annotation, next((mark for mark in field.metadata if isinstance(mark, Owned)), None)
        elif get_origin(option) is dict and isinstance(part, str):
            return get_args(option)[1], None
        elif get_origin(option) in (tuple, list) and isinstance(part, int):
            return get_args(option)[0], None
    raise KeyError(part)


def _options(kind: Any) -> tuple[Any, ...]:
    """The members of a union (without None), with annotations and new types unwrapped."""
    if isinstance(kind, NewType):
        return _options(kind.__supertype__)
    if get_origin(kind) is Annotated:
        return _options(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(option for member in get_args(kind) for option in _options(member))
    return () if kind is type(None) else (kind,)


def _plain_types(kind: Any) -> set[type]:
    found: set[type] = set()
    for option in _options(kind):
        origin = get_origin(option)
        if origin is Literal:
            found |= {type(value) for value in get_args(option)}
        elif isinstance(origin, type):
            found.add(origin)
        elif isinstance(option, type):
            found |= {base for base in (str, int) if issubclass(option, base) and option is not bool} or {option}
        else:
            found.add(object)
    return found


def leaf_paths(record: str) -> dict[str, CanonicalField]:
    """Every field of a record that one vendor field can hold; records inside are opened, lists of records left out."""
    found: dict[str, CanonicalField] = {}
    for name, field in records()[record].model_fields.items():
        for path in _leaves(name, field.annotation):
            found[path] = field_of(record, path)
    return found


def _leaves(path: str, kind: Any) -> list[str]:
    found: list[str] = []
    for option in _options(kind):
        if isinstance(option, type) and issubclass(option, BaseModel):
            for name, field in option.model_fields.items():
                found += _leaves(f"{path}.{name}", field.annotation)
        elif not _holds_records(option):
            found.append(path)
    return list(dict.fromkeys(found))


def _holds_records(kind: Any) -> bool:
    members = [option for argument in get_args(kind) if argument is not Ellipsis for option in _options(argument)]
    return any(isinstance(member, type) and issubclass(member, BaseModel) for member in members)


def owner_of(record: str, path: str, owners: Mapping[str, str]) -> str | None:
    """The role that owns a field: the site's word for the path or what holds it, else the model's; None if unknown."""
    prefix = path
    while prefix:
        if prefix in owners:
            return owners[prefix]
        prefix = prefix.rpartition(".")[0]
    try:
        return field_of(record, path).owned.owner
    except KeyError:
        return None


def owners_of(record: str) -> dict[str, str]:
    """The model's owners of all fields of a record, by path, for display and for a site to change."""
    return {path: field.owned.owner for path, field in leaf_paths(record).items()}
