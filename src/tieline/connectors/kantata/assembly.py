"""Puts a Kantata connection together: token, client, mappings, role and checks."""

from functools import partial
from pathlib import Path

from tieline.connectors.kantata import checks
from tieline.connectors.kantata.access_token import AccessToken
from tieline.connectors.kantata.client import Kantata
from tieline.connectors.kantata.directory import Directory
from tieline.connectors.kantata.psa import psa_of
from tieline.connectors.kantata.records import Account
from tieline.connectors.kantata.references import References
from tieline.connectors.kantata.refusal import refusal
from tieline.connectors.kantata.settings import read_options
from tieline.mapping import Mapping, ValueTables, load_mapping
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings, load_facts
from tieline.sdk.http import Gate, VendorHttp

HERE = Path(__file__).parent


def connect(settings: ConnectionSettings, gate: Gate) -> Connected:
    """One Kantata account in the role of the PSA; nothing is called yet. Raises ValueError or MappingFileError."""
    options, facts, mappings = read_options(settings), load_facts(HERE), load_mappings(settings)
    http = VendorHttp(
        connection=settings.name,
        base_url=settings.url,
        authorizer=AccessToken(settings, lambda: checks.account_of(account)),
        refusal=refusal,
        gate=gate,
    )
    kantata = Kantata(http, options.page_size)
    account = Account(
        kantata=kantata,
        options=options,
        facts=facts,
        mappings=mappings,
        references=References(kantata, options.service_name),
        directory=Directory(kantata),
        id=settings.account,
    )
    return Connected(
        facts=facts,
        settings=settings,
        psa=psa_of(account),
        account=partial(checks.account_of, account),
        check_live=partial(checks.check_live, account),
        describe=partial(checks.describe, account),
        read_raw=partial(checks.read_raw, account),
        mappings=mappings,
        close=http.close,
    )


def load_mappings(settings: ConnectionSettings) -> dict[str, Mapping]:
    """The shipped mappings by target, with the site's rows over them. Raises MappingFileError."""
    tables = ValueTables([settings.values] if settings.values else [])
    return {
        path.stem: load_mapping(
            path,
            overrides=settings.mappings / path.name if settings.mappings else None,
            tables=tables,
            owners=settings.owners,
            target_role="psa",
        )
        for path in sorted((HERE / "mappings").glob("*.toml"))
    }
