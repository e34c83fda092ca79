"""The register of ownership: each field with its owner, class and steward, and which systems read and write it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tieline.app.site import Site
from tieline.app.site_mappings import SiteMappings
from tieline.app.site_master_data import DOMAINS
from tieline.mapping import Mapping
from tieline.mapping.canonical import leaf_paths, owner_of, records

TECHNICAL = frozenset({"id", "source_version"})
"""Fields of ours that no system has."""


@dataclass(frozen=True, kw_only=True)
class OwnedField:
    """One field."""

    record: str
    field: str
    owner: str
    """The role that decides its value; another system's change of it is a discrepancy, never a write back."""
    field_class: str
    steward: str | None
    read_from: tuple[str, ...]
    """Connections a value is read from."""
    written_to: tuple[str, ...]
    """Connections a value is written to; never the owner's."""


def register(site: Site, mappings: SiteMappings, record: str | None = None) -> list[OwnedField]:
    """The fields of a record, or of all records some mapping knows. Raises KeyError for a record there is not."""
    known = {mapping.record for _, mapping in mappings}
    wanted = [record] if record else sorted(known & set(records()))
    owners = site.connections[0].owners if site.connections else {}
    found = []
    for name in wanted:
        own = [(settings.name, mapping) for settings, mapping in mappings if mapping.record == name]
        for path, field in leaf_paths(name).items():
            if path.rpartition(".")[2] in TECHNICAL:
                continue
            found.append(
                OwnedField(
                    record=name,
                    field=path,
                    owner=owner_of(name, path, owners) or field.owned.owner,
                    field_class=field.owned.field_class,
                    steward=steward_of(site, name),
                    read_from=_users(own, path, "read"),
                    written_to=_users(own, path, "write"),
                )
            )
    return found


def steward_of(site: Site, record: str) -> str | None:
    """The steward of the master domain a record belongs to."""
    domain = next((domain for domain, names in DOMAINS.items() if record in names), None)
    return site.firm.stewards.get(domain or "")


def _users(mappings: Sequence[tuple[str, Mapping]], path: str, way: str) -> tuple[str, ...]:
    """Connections whose mapping uses the field (or a part of it) this way."""
    names = (
        name
        for name, mapping in mappings
        for field in mapping.fields
        if way in field.row.ways
        and field.row.vendor in mapping.vendor_fields(way)
        and (field.row.canonical == path or field.row.canonical.startswith(f"{path}."))
    )
    return tuple(dict.fromkeys(names))
