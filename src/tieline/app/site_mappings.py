"""The mappings of a site's connections as files, for what is told without connecting to any system."""

from collections.abc import Iterator, Sequence

from tieline.app.assembly import CONNECTORS, connector_folder
from tieline.app.site import Site
from tieline.mapping import Mapping, ValueTables, load_mapping
from tieline.mapping.problems import MappingFileError
from tieline.sdk.connector import ConnectionSettings, load_facts

SiteMappings = Sequence[tuple[ConnectionSettings, Mapping]]


def mappings_of(site: Site) -> Iterator[tuple[ConnectionSettings, Mapping]]:
    """Each connection with each of its mappings; what cannot be read is left out, `tieline check` tells it."""
    for settings in site.connections:
        if settings.connector not in CONNECTORS:
            continue
        folder = connector_folder(settings.connector)
        tables = ValueTables([path for path in (settings.values, folder / "values") if path is not None])
        role = next(iter(load_facts(folder).roles), None)
        for shipped in sorted((folder / "mappings").glob("*.toml")):
            overrides = settings.mappings / shipped.name if settings.mappings else None
            try:
                yield (
                    settings,
                    load_mapping(shipped, overrides=overrides, tables=tables, owners=settings.owners, target_role=role),
                )
            except MappingFileError:
                continue
