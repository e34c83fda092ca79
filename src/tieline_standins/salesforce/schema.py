"""The objects and fields of an org: standard ones from `schema/*.toml`, custom ones as an administrator adds them."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files

from tieline_standins.core.http import Json

TEXT_TYPES = frozenset(
    {"string", "textarea", "phone", "url", "email", "picklist", "multipicklist", "combobox", "id", "reference"}
)
NUMBER_TYPES = frozenset({"double", "currency", "percent"})
TYPES = TEXT_TYPES | NUMBER_TYPES | {"int", "boolean", "date", "datetime", "base64"}


@dataclass(frozen=True)
class Field:
    """One field. `required` = must be given on create and never null; `read_only` = Salesforce sets it."""

    name: str
    type: str
    label: str = ""
    length: int = 255
    precision: int = 18
    scale: int = 2
    required: bool = False
    read_only: bool = False
    create_only: bool = False
    default: Json = None
    defaulted: bool = False
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    refers_to: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None
    on_delete: str = "clear"

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def key(self) -> bool:
        """Whether upsert and read by key may use this field."""
        return self.external_id or self.id_lookup


@dataclass
class SObject:
    """One object (table) with its fields by name, in the order describe lists them."""

    name: str
    prefix: str
    label: str
    plural: str
    fields: dict[str, Field] = field(default_factory=dict)
    events: bool = True
    writable: bool = True
    deletable: bool = True

    def __post_init__(self) -> None:
        self._lower: dict[str, Field] = {}
        self._parents: dict[str, Field] = {}
        for each in self.fields.values():
            self._index(each)

    def add(self, added: Field) -> None:
        self.fields[added.name] = added
        self._index(added)

    def remove(self, name: str) -> None:
        if self.fields.pop(name, None):
            self._lower.pop(name.lower())

    def find(self, name: str) -> Field | None:
        """A field by its API name; Salesforce ignores case."""
        return self.fields.get(name) or self._lower.get(name.lower())

    def parent(self, relationship: str) -> Field | None:
        """The reference field behind a relationship name such as `Account` or `Region__r`."""
        return self._parents.get(relationship.lower())

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def _index(self, added: Field) -> None:
        self._lower[added.name.lower()] = added
        if added.relationship:
            self._parents[added.relationship.lower()] = added


class Schema:
    """All objects of the org."""

    def __init__(self, objects: Iterable[SObject]) -> None:
        self.objects: dict[str, SObject] = {}
        self._lower: dict[str, SObject] = {}
        self._prefixes: dict[str, SObject] = {}
        for each in objects:
            self.add(each)

    def add(self, added: SObject) -> None:
        self.objects[added.name] = added
        self._lower[added.name.lower()] = added
        self._prefixes[added.prefix] = added

    def find(self, name: str) -> SObject | None:
        return self.objects.get(name) or self._lower.get(name.lower())

    def of_id(self, record_id: str) -> SObject | None:
        """The object whose key prefix the id carries."""
        return self._prefixes.get(record_id[:3])

    def children(self, parent: str) -> Iterator[tuple[SObject, Field]]:
        """Every object and reference field that points to the parent object."""
        for each in self.objects.values():
            for reference in each.fields.values():
                if parent in reference.refers_to:
                    yield each, reference


def standard_schema() -> Schema:
    """The standard objects, read from the tables beside this module."""
    objects = []
    folder = files("tieline_standins.salesforce").joinpath("schema")
    for part in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if part.name.endswith(".toml"):
            for name, row in tomllib.loads(part.read_text(encoding="utf-8")).items():
                objects.append(_standard_object(name, row))
    return Schema(objects)


def _standard_object(name: str, row: dict[str, Json]) -> SObject:
    fields = [Field(name=key, **_tuples(value)) for key, value in row.get("fields", {}).items()]
    return SObject(
        name=name,
        prefix=row["prefix"],
        label=row.get("label", name),
        plural=row.get("plural", name + "s"),
        fields={each.name: each for each in [*system_fields(owned=row.get("owned", False)), *fields]},
        events=row.get("events", True),
        writable=row.get("writable", True),
        deletable=bool(row.get("deletable", row.get("writable", True))),
    )


def _tuples(value: dict[str, Json]) -> dict[str, Json]:
    return {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}


def system_fields(*, owned: bool) -> list[Field]:
    """What every object has; an owned one also has an owner, who is the caller unless said otherwise."""

    def user(name: str, relationship: str, **more: Json) -> Field:
        return Field(name, "reference", refers_to=("User",), relationship=relationship, defaulted=True, **more)

    stamps = [Field(name, "datetime", read_only=True, defaulted=True) for name in ("CreatedDate", "LastModifiedDate")]
    return [
        Field("Id", "id", length=18, read_only=True, defaulted=True, id_lookup=True),
        Field("IsDeleted", "boolean", read_only=True, defaulted=True),
        *([user("OwnerId", "Owner")] if owned else []),
        *stamps,
        user("CreatedById", "CreatedBy", read_only=True),
        user("LastModifiedById", "LastModifiedBy", read_only=True),
        Field("SystemModstamp", "datetime", read_only=True, defaulted=True),
    ]
