"""Puts a Tryton connection together: client, master data, mappings, role and checks."""

from pathlib import Path

from tieline.connectors.tryton.catalog import Catalog
from tieline.connectors.tryton.checks import check_live, describe, raw
from tieline.connectors.tryton.client import Tryton
from tieline.connectors.tryton.erp import erp_of
from tieline.connectors.tryton.records import Site
from tieline.connectors.tryton.settings import read_options
from tieline.mapping import Mapping, ValueTables, load_mapping
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings, load_facts
from tieline.sdk.http import Gate

HERE = Path(__file__).parent


def connect(settings: ConnectionSettings, gate: Gate) -> Connected:
    """A connection in use; nothing is called yet. Raises ValueError (options) or MappingFileError."""
    options, facts = read_options(settings), load_facts(HERE)
    tables = ValueTables([*([settings.values] if settings.values else []), HERE / "values"])
    client = Tryton(settings, options, gate)
    site = Site(
        client=client,
        catalog=Catalog(client),
        options=options,
        facts=facts,
        mappings=load_mappings(settings, tables),
        tables=tables,
        account=settings.account,
    )
    return Connected(
        facts=facts,
        settings=settings,
        erp=erp_of(site, settings.url),
        account=client.account,
        check_live=lambda: check_live(site),
        describe=lambda record: describe(site, record),
        read_raw=lambda record, identifier: raw(site, record, identifier),
        mappings=site.mappings,
        close=client.close,
    )


def load_mappings(settings: ConnectionSettings, tables: ValueTables) -> dict[str, Mapping]:
    """The shipped mappings by name, with the site's rows over them."""
    return {
        shipped.stem: load_mapping(
            shipped,
            overrides=settings.mappings / shipped.name if settings.mappings else None,
            tables=tables,
            owners=settings.owners,
            target_role="erp",
        )
        for shipped in sorted((HERE / "mappings").glob("*.toml"))
    }
