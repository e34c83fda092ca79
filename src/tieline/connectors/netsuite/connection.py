"""Connects NetSuite: reads options and mappings, picks the credentials, and wires the role together."""

from functools import partial
from pathlib import Path

from tieline.connectors.netsuite import check
from tieline.connectors.netsuite.client import STRICT, NetSuite
from tieline.connectors.netsuite.erp import erp_of
from tieline.connectors.netsuite.machine_token import MachineToken
from tieline.connectors.netsuite.records import Site
from tieline.connectors.netsuite.refusal import refusal
from tieline.connectors.netsuite.settings import Options, read_options
from tieline.connectors.netsuite.tba import TokenSigner
from tieline.mapping import Mapping, ValueTables, load_mapping
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings, load_facts
from tieline.sdk.http import Gate, VendorHttp

HERE = Path(__file__).parent
TIMEOUT = 120.0
"""Seconds we wait; NetSuite itself may work on a request for 15 minutes, which the quarantine covers."""


def connect(settings: ConnectionSettings, gate: Gate) -> Connected:
    """One NetSuite account in the role of the ERP. Raises ValueError or MappingFileError for a wrong site."""
    options = read_options(settings)
    facts = load_facts(HERE)
    mappings = load_mappings(settings)
    authorizer = _authorizer(settings, options, gate)
    http = VendorHttp(
        connection=settings.name,
        base_url=settings.url,
        authorizer=authorizer,
        refusal=refusal,
        gate=gate,
        headers=STRICT,
        timeout=TIMEOUT,
    )
    site = Site(NetSuite(http), options, facts, mappings)

    def close() -> None:
        http.close()
        if isinstance(authorizer, MachineToken):
            authorizer.close()

    return Connected(
        facts=facts,
        settings=settings,
        erp=erp_of(site, settings.account),
        account=partial(check.account, settings, site.client),
        check_live=partial(check.check_live, settings, site),
        describe=partial(check.describe, site),
        read_raw=partial(check.read_raw, site),
        mappings=mappings,
        close=close,
    )


def load_mappings(settings: ConnectionSettings) -> dict[str, Mapping]:
    """The shipped mappings with the site's changes over them. Raises MappingFileError."""
    tables = ValueTables([*([settings.values] if settings.values else []), HERE / "values"])
    return {
        path.stem: load_mapping(
            path,
            overrides=settings.mappings / path.name if settings.mappings else None,
            tables=tables,
            owners=settings.owners,
            target_role="erp",
        )
        for path in sorted((HERE / "mappings").glob("*.toml"))
    }


def _authorizer(settings: ConnectionSettings, options: Options, gate: Gate) -> MachineToken | TokenSigner:
    if options.auth == "oauth2":
        return MachineToken(settings, options, gate)
    return TokenSigner(
        realm=settings.account,
        consumer_key=settings.secret("consumer_key"),
        consumer_secret=settings.secret("consumer_secret"),
        token=settings.secret("token_id"),
        token_secret=settings.secret("token_secret"),
    )
