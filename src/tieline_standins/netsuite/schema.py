"""Record types, their fields and sublists: read from `records/*.toml`, extended by an administrator's custom fields."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from tieline_standins.core.http import Json
from tieline_standins.core.vendor import ControlError

SCALARS = ("string", "text", "integer", "number", "currency", "boolean", "date", "datetime", "duration", "any")
_CUSTOM_PREFIXES = ("custentity", "custbody", "custcol", "custevent", "custitem", "custrecord", "cseg_")


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `targets` are the record types a reference may name, `choices` the ids of an enum and their labels."""

    name: str
    kind: str
    label: str
    targets: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, "Field"] = field(default_factory=dict)
    readonly: bool = False
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Sublist:
    """Lines of a record; PATCH merges them by the value of `key`."""

    name: str
    key: str
    fields: dict[str, Field]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordType:
    """`group` is the row of internal ids this type shares with others; `name_field` is shown as refName."""

    name: str
    label: str
    group: str
    name_field: str | None
    required: tuple[str, ...]
    fields: dict[str, Field]
    sublists: dict[str, Sublist]
    transaction_code: str | None = None
    number_prefix: str = ""


class Schema:
    """All record types of the account."""

    def __init__(self) -> None:
        self.records: dict[str, RecordType] = {}
        source = _definitions()
        groups: dict[str, list[str]] = {}
        for name, record in source.records.items():
            groups.setdefault(record["group"], []).append(name)
        self.groups = {group: tuple(names) for group, names in groups.items()}
        for name, record in source.records.items():
            self.records[name] = self._record(name, record, source)
        self._source = source

    def _record(self, name: str, data: dict[str, Any], source: "_Definitions") -> RecordType:
        return RecordType(
            name=name,
            label=data["label"],
            group=data["group"],
            name_field=data.get("name"),
            required=tuple(data.get("required", ())),
            fields=self._fields(data, source),
            sublists={
                key: Sublist(key, part["key"], self._fields(part, source), _required_cells(part))
                for key, part in data.get("sublists", {}).items()
            },
            transaction_code=data.get("type"),
            number_prefix=data.get("prefix", ""),
        )

    def _fields(self, data: dict[str, Any], source: "_Definitions") -> dict[str, Field]:
        kinds = dict(source.templates.get(data.get("template", ""), {})) | data.get("fields", {})
        return {name: self._field(name, kind, source) for name, kind in kinds.items()}

    def _field(
        self, name: str, kind: str, source: "_Definitions", label: str | None = None, *, custom: bool = False
    ) -> Field:
        word, *rest = kind.split()
        readonly = bool(rest) and rest[-1] == "ro"
        names = rest[:-1] if readonly else rest
        return Field(
            name=name,
            kind=word,
            label=label or label_of(name),
            targets=self._targets(names) if word == "ref" else (),
            choices=source.enums[names[0]] if word == "enum" else {},
            parts={n: self._field(n, k, source) for n, k in source.subrecords[names[0]].items()}
            if word == "sub"
            else {},
            readonly=readonly,
            custom=custom,
        )

    def _targets(self, names: Iterable[str]) -> tuple[str, ...]:
        """A name is a record type, or a group such as `item` that stands for all its types."""
        return tuple(target for name in names for target in self.groups.get(name, (name,)))

    def add_custom_field(self, data: Json) -> Field:
        """Add what `customize` describes: record, name, type, optional label, sublist and choices."""
        if not isinstance(data, dict) or not all(isinstance(data.get(key), str) for key in ("record", "name", "type")):
            raise ControlError("a field has record, name and type")
        record = self.records.get(data["record"])
        if record is None:
            raise ControlError(f"there is no record {data['record']}")
        if not data["name"].startswith(_CUSTOM_PREFIXES):
            raise ControlError(f"a custom field starts with one of {', '.join(_CUSTOM_PREFIXES)}, not {data['name']}")
        made = self._custom_field(data)
        home = record.fields
        if data.get("sublist"):
            if data["sublist"] not in record.sublists:
                raise ControlError(f"{record.name} has no sublist {data['sublist']}")
            home = record.sublists[data["sublist"]].fields
        home[made.name] = made
        return made

    def _custom_field(self, data: Json) -> Field:
        kind, label = data["type"], data.get("label")
        if kind == "enum":
            choices = data.get("choices")
            if not isinstance(choices, dict) or not choices:
                raise ControlError("an enum field has choices, an object of ids and labels")
            return Field(data["name"], "enum", label or data["name"], choices=choices, custom=True)
        words = kind.split()
        unknown = [word for word in words[1:] if word not in self.records and word not in self.groups]
        if kind not in SCALARS and (len(words) < 2 or words[0] != "ref" or unknown):
            raise ControlError(f"a custom field is one of {', '.join(SCALARS)}, enum, or ref RECORD; not {kind}")
        return self._field(data["name"], kind, self._source, label or data["name"], custom=True)


def _required_cells(sublist: dict[str, Any]) -> tuple[str, ...]:
    """A line needs its key, unless the account numbers the lines."""
    numbered = sublist["key"] in ("line", "id")
    return (*sublist.get("required", ()), *(() if numbered else (sublist["key"],)))


@dataclass(frozen=True)
class _Definitions:
    records: dict[str, dict[str, Any]]
    templates: dict[str, dict[str, str]]
    subrecords: dict[str, dict[str, str]]
    enums: dict[str, dict[str, str]]


@cache
def _definitions() -> _Definitions:
    found = _Definitions({}, {}, {}, {})
    homes = {"template": found.templates, "subrecord": found.subrecords, "enum": found.enums}
    for part in ("entities", "projects", "lists", "transactions"):
        text = files("tieline_standins.netsuite").joinpath("records", f"{part}.toml").read_text(encoding="utf-8")
        for name, table in tomllib.loads(text).items():
            if name in homes:
                homes[name].update(table)
            else:
                found.records[name] = table
    return found


def label_of(name: str) -> str:
    """`companyName` -> `Company Name`, as the field is called on the form."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return words[:1].upper() + words[1:]
